"""One stream as the scheduler sees it: until when its listener has audio, and how urgent its next turn is. Pure."""

from dataclasses import dataclass
from typing import Final

# One that has run dry keeps its place for so long: the rest of its sentence is on its way, and whoever took the place
# meanwhile would have it for seconds.
KEEPS_PLACE_S: Final = 0.5
LOW_WAITS_S: Final = 0.5  # after it asked, a newcomer of low priority is due; any other is at once


@dataclass(slots=True)
class Stream:
    """What a listener hears, and what it is waiting for."""

    client: str
    priority: int
    deadline: float  # seconds on the caller's clock
    voice: str = ""
    is_beginning: bool = False  # with the next chunk a segment begins, which has costs of its own
    has_audio: bool = False
    admitted_at: float | None = None  # None: it is not let in
    asked_at: float | None = None  # waiting for a turn since
    in_line_since: float | None = None  # waiting to be let in since
    is_in_time: bool = False  # it asked before its listener ran dry
    returns_by: float = 0.0  # it has just got a chunk, and will ask for another
    is_held: bool = False  # its listener gets nothing of what is computed now: they will get it together, later

    def is_active(self, now: float, is_running: bool) -> bool:
        """Whether it uses what was reserved for it; one that waits for its client's text does not for long."""
        is_at_work = is_running or self.asked_at is not None or self.is_held
        keeps_until = self.deadline + (KEEPS_PLACE_S if self.has_audio else 0.0)
        return self.admitted_at is not None and (is_at_work or keeps_until > now)

    def give(self, audio_s: float, now: float) -> None:
        """The listener gets audio. Who had run dry plays on with it."""
        if not self.is_held:
            self.deadline = max(self.deadline, now) + audio_s
            self.has_audio = True

    def rank(self, now: float, guard_s: float) -> tuple[int, int, float, float]:
        """Lower goes first: by when its turn has to begin, as nobody who has a thread can be interrupted.

        However long a newcomer has waited, it is due now and not before: it does not make others stutter, but those who
        have enough in hand let it go first. Priority decides among those that are due.
        """
        asked_at = now if self.asked_at is None else self.asked_at
        waits_s = LOW_WAITS_S if self.priority < 0 else 0.0
        begin = self.deadline - guard_s if self.has_audio else max(asked_at + waits_s, now)
        return (0, -self.priority, begin, asked_at) if begin <= now else (1, 0, begin, asked_at)
