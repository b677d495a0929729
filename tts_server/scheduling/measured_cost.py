"""What a voice costs, as it showed lately: other programs on the box come and go, and their time counts. Pure."""

import math
from dataclasses import dataclass, field
from typing import Final

UNMEASURED_RTF: Final = 0.2  # of a voice that has not spoken yet
UNMEASURED_SLOWEST: Final = 0.7
MAX_FIRST_S: Final = 0.5  # what is above it was the voice's loading
SHORT_S: Final = 0.125  # of audio; a last chunk that is shorter takes a turn like any other, and is not slow for that
SILENT: Final = 0.25  # of the mean: what costs less is a pause between sentences, and says little of what speech costs
_MEMORY: Final = 0.9  # weight of what was measured before, at each new chunk
_FIRST_MEMORY: Final = 0.5  # the same for first chunks, which are rare
_CALM: Final = 0.01  # by how much of the way to the mean a slow chunk is forgotten, at each new chunk
_FIRST_CALM: Final = 0.1  # the same for first chunks


@dataclass(slots=True)
class MeasuredCost:
    """Of one voice."""

    first_s: float = 0.0  # computing that a first chunk takes, the text and the acoustic model included
    longest_first_s: float = 0.0  # that of the longest sentence lately, forgotten slowly
    _busy_s: float = 0.0
    _audio_s: float = 0.0
    _squares: float = 0.0  # of the chunks' real-time factors, weighted with their audio
    _slowest: float = UNMEASURED_SLOWEST

    @property
    def is_measured(self) -> bool:
        """Whether anything has been learnt."""
        return self._audio_s > 0

    @property
    def rtf(self) -> float:
        """The real-time factor: seconds of computing for a second of audio."""
        return self._busy_s / self._audio_s if self._audio_s else UNMEASURED_RTF

    @property
    def cost(self) -> float:
        """The real-time factor to reckon with for long: a standard deviation above the mean."""
        variance = self._squares / self._audio_s - self.rtf**2 if self._audio_s else 0.0
        return self.rtf + math.sqrt(max(0.0, variance))

    @property
    def slowest(self) -> float:
        """The real-time factor to reckon with for the next chunk: that of the slowest one, forgotten slowly."""
        return max(self.rtf, self._slowest)

    def learn(self, busy_s: float, audio_s: float) -> None:
        """It took so long for so much audio."""
        if self._audio_s:
            audio_s = min(audio_s, busy_s / max(SILENT * self.rtf, 1e-6))
        rtf = busy_s / max(audio_s, SHORT_S)
        self._slowest = max(rtf, self.slowest - _CALM * (self.slowest - self.rtf)) if self._audio_s else rtf
        self._busy_s = _MEMORY * self._busy_s + busy_s
        self._audio_s = _MEMORY * self._audio_s + audio_s
        self._squares = _MEMORY * self._squares + busy_s * rtf

    def learn_first(self, busy_s: float) -> None:
        """A first chunk took so long."""
        if busy_s < MAX_FIRST_S:
            calmed_s = self.longest_first_s - _FIRST_CALM * (self.longest_first_s - self.first_s)
            self.longest_first_s = max(busy_s, calmed_s)
        busy_s = min(busy_s, MAX_FIRST_S)
        self.first_s = _FIRST_MEMORY * self.first_s + (1 - _FIRST_MEMORY) * busy_s if self.first_s else busy_s


@dataclass(slots=True)
class MeasuredCosts:
    """Of all voices that have spoken."""

    _costs: dict[str, MeasuredCost] = field(default_factory=dict)

    def of(self, voice: str) -> MeasuredCost:
        """What is known of a voice; to be read only."""
        return self._costs.get(voice, _UNKNOWN)

    def learn(self, voice: str, busy_s: float, audio_s: float) -> None:
        """A chunk that was not the first of its stream."""
        self._costs.setdefault(voice, MeasuredCost()).learn(busy_s, audio_s)

    def learn_first(self, voice: str, busy_s: float) -> None:
        """A first chunk: it has other costs, the text and at times the voice's loading."""
        self._costs.setdefault(voice, MeasuredCost()).learn_first(busy_s)

    @property
    def measured(self) -> list[str]:
        """The voices whose real-time factor is known."""
        return [voice for voice, cost in self._costs.items() if cost.is_measured]


_UNKNOWN: Final = MeasuredCost()
