"""A player that begins as soon as it has a tenth of a second: does it run dry?"""

import time
from dataclasses import dataclass, field
from typing import Final

HOLDS_S: Final = 0.1  # before it begins
LONGEST_HOLD_S: Final = 4.0  # from text to its sound, where the text itself came with pauses


@dataclass
class Player:
    """What one listener hears. `heard` takes audio as it comes."""

    asked_at: float = field(default_factory=time.monotonic)
    first_s: float | None = None
    audio_s: float = 0.0
    gaps_s: list[float] = field(default_factory=list)  # that are ours
    waits_s: list[float] = field(default_factory=list)  # for text
    text_paused_at: float = 0.0  # when text last came after a pause; 0: all was there from the start
    _plays_until: float = 0.0

    def heard(self, seconds: float) -> None:
        """So much audio has come."""
        now = time.monotonic()
        if self.first_s is None:
            self.first_s, self._plays_until = now - self.asked_at, now + HOLDS_S
        if now > self._plays_until:
            for_text = self.text_paused_at and now - self.text_paused_at < LONGEST_HOLD_S
            (self.waits_s if for_text else self.gaps_s).append(now - self._plays_until)
        self._plays_until = max(now, self._plays_until) + seconds
        self.audio_s += seconds
