"""Where an utterance ends: what is heard of its last sound is kept, as its mel tells before it is vocoded. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Samples

# The mel is dB / 100, normalised by each band's own deviation, which the published voices do not tell. Speech with its
# pauses deviates by about 16 dB.
DB_PER_UNIT: Final = 16.0
LOUDEST_BANDS: Final = 8  # whose mean follows the level best
QUIET_DB: Final = -50.0  # below the utterance's loudest frame
QUIET_FRAMES: Final = 2  # kept of what follows: the vocoder looks a little ahead
FADE_S: Final = 0.05
RISE_S: Final = 0.005
QUIET_SAMPLE: Final = 0.001  # a step of this size is no click

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Closing:
    """Between which frames an utterance may end."""

    earliest: int  # at least so much is kept, though it be silent
    latest: int  # and no more, though it be loud

    def end(self, levels: Doubles) -> "End":
        """Where it ends. levels: of `latest` frames or more."""
        below = levels[: self.latest] - levels[: self.latest].max(initial=-np.inf)
        loud = np.flatnonzero(below > QUIET_DB)
        heard = int(loud[-1]) + 1 if len(loud) else 0
        end = min(self.latest, max(self.earliest, heard + QUIET_FRAMES))
        return End(end, max(0, end - heard))


@dataclass(frozen=True, slots=True)
class End:
    """The end of an utterance. In frames."""

    length: int
    silent: int = 0  # of them, those behind the last one that is heard

    @property
    def is_loud(self) -> bool:
        """Whether the sound would stop rather than end."""
        return self.length > 0 and not self.silent


def levels_of(mel: NDArray[np.float32]) -> Doubles:
    """How loud each frame will be, in dB with an offset. mel: (T, bands) to (T,)."""
    loudest: Doubles = np.sort(mel, axis=1)[:, -LOUDEST_BANDS:].mean(axis=1, dtype=np.float64)
    return loudest * DB_PER_UNIT


def faded(samples: Samples, first: int, end: int, sample_rate: int) -> Samples:
    """Samples [first, first + N) of an utterance that ends at `end`, dying away before it."""
    left = end - np.arange(first, first + len(samples)) - 1
    share = np.clip(left / (FADE_S * sample_rate), 0, 1)
    return (samples * (0.5 - 0.5 * np.cos(np.pi * share)) ** 2).astype(np.float32)


def risen(samples: Samples, sample_rate: int) -> Samples:
    """The first samples of an utterance; what begins with a step rises out of silence."""
    if not len(samples) or abs(float(samples[0])) <= QUIET_SAMPLE:
        return samples
    count = min(len(samples), round(RISE_S * sample_rate))
    rise = np.sin((np.arange(count) + 0.5) / count * (np.pi / 2)).astype(np.float32)
    return np.concatenate([samples[:count] * rise, samples[count:]])
