"""What each emotion must change, at intensity 1 against neutral, on average over the sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Quantity = Literal["f0", "f0_range", "rate", "level", "tilt", "final"]

LOWEST_QUALITY = -0.4  # DistillMOS against neutral
# A step of the intensity must move what an emotion moves by this much at least, in the right direction.
LEAST_STEP: Mapping[str, float] = {"f0": 0.1, "f0_range": 0.01, "rate": 0.01, "level": 0.3, "tilt": 0.0, "final": 0.1}


@dataclass(frozen=True)
class Bar:
    """A quantity must be at least, or at most, this: semitones, factors, dB."""

    quantity: Quantity
    at_least: float | None = None
    at_most: float | None = None

    @property
    def rises(self) -> bool:
        """Whether more intensity means more of it."""
        return self.at_least is not None

    def is_met(self, value: float) -> bool:
        """Whether a value is on the right side."""
        return value >= self.at_least if self.at_least is not None else value <= (self.at_most or 0.0)

    def __str__(self) -> str:
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"


# Of voices whose model is moved: baker.
MODEL_BARS: Mapping[str, tuple[Bar, ...]] = {
    "happy": (Bar("f0", at_least=1.5), Bar("rate", at_least=1.06), Bar("f0_range", at_least=1.10)),
    "sad": (Bar("f0", at_most=-1.5), Bar("rate", at_most=0.88), Bar("level", at_most=-3.0)),
    "angry": (Bar("level", at_least=3.0), Bar("rate", at_least=1.10)),
    "fear": (Bar("f0", at_least=2.0), Bar("rate", at_least=1.10)),
    "surprise": (Bar("f0", at_least=2.0), Bar("final", at_least=2.0)),
    "serious": (Bar("f0", at_most=-1.0),),
    "affectionate": (Bar("level", at_most=-1.0), Bar("rate", at_most=0.95)),
    "calm": (Bar("rate", at_most=0.95),),
}
# Of voices whose samples are changed: the same directions, in what a signal can do.
SIGNAL_BARS: Mapping[str, tuple[Bar, ...]] = {
    "happy": (Bar("f0", at_least=0.5), Bar("rate", at_least=1.03)),
    "sad": (Bar("f0", at_most=-0.5), Bar("rate", at_most=0.88), Bar("level", at_most=-3.0)),
    "angry": (Bar("level", at_least=2.0), Bar("rate", at_least=1.04)),
    "fear": (Bar("f0", at_least=0.7), Bar("rate", at_least=1.04)),
    "surprise": (Bar("f0", at_least=0.4),),
    "serious": (Bar("f0", at_most=-0.4),),
    "affectionate": (Bar("level", at_most=-1.0), Bar("rate", at_most=0.95)),
    "calm": (Bar("rate", at_most=0.95),),
}
BARS: Mapping[str, Mapping[str, tuple[Bar, ...]]] = {"baker": MODEL_BARS, "heart": SIGNAL_BARS}
