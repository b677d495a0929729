"""How this box reads and speaks when a request does not say: markup, likeness of emotions, and the night. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Final

from protocol.emotions import DISTANCES, Distances
from tts_server.events import Pauses
from tts_server.markup.markup import Markup
from tts_server.text.linguistic.utterance import Prosody

NIGHT_EMOTION: Final = "calm"  # in place of neutral


@dataclass(frozen=True, slots=True)
class Night:
    """From `begin` to `end`, local time, everything is said more quietly, slower and with less emotion."""

    begin: time
    end: time
    volume: float = -8.0  # dB added
    speed: float = 0.93  # factor
    intensity: float = 0.5  # factor on emotions; neutral becomes as much calm

    def is_at(self, now: time) -> bool:
        """Whether it is night. Begin and end at the same time: never."""
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end

    def hushed(self, prosody: Prosody) -> Prosody:
        """The way something is said at night."""
        is_neutral = prosody.emotion == "neutral"
        return replace(
            prosody,
            emotion=NIGHT_EMOTION if is_neutral else prosody.emotion,
            intensity=self.intensity if is_neutral else prosody.intensity * self.intensity,
            speed=prosody.speed * self.speed,
            volume=prosody.volume + self.volume,
        )


def _local_time() -> time:
    return datetime.now().time()


@dataclass(frozen=True, slots=True)
class SpeakingStyle:
    """The settings of this box."""

    markup: Markup = field(default_factory=Markup)
    distances: Distances = field(default_factory=lambda: DISTANCES)
    night: Night | None = None
    pauses: Pauses = Pauses()  # noqa: RUF009 - frozen
    now: Callable[[], time] = _local_time
    is_clock_set: Callable[[], bool] = lambda: True  # a box without a clock of its own wakes up at any time

    def night_now(self) -> Night | None:
        """The night, if it is night as far as this box can know."""
        is_night = self.night is not None and self.night.is_at(self.now()) and self.is_clock_set()
        return self.night if is_night else None
