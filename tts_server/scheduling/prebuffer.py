"""What listeners have in hand before a voice slower than real time is played to them: late, but without a gap. Pure.

Once it plays, a second of audio takes `cost` seconds to come. With R seconds still to be computed, R * (cost - 1) in
hand last to the end, and a short chunk more, as chunks come whole. How long a segment is, engines tell with its first
chunk: in its timings. In a crowd, the first words wait as well until there are enough of them: `Scheduler.lasting_s`.
"""

from collections.abc import Callable, Sequence

from tts_server.engine import AudioChunk
from tts_server.scheduling.scheduler import CHUNKS_S


class Prebuffer:
    """Holds back the first chunks of one segment for as long as they are too few."""

    def __init__(
        self,
        cost: float = 0.0,
        released: Callable[[float], None] | None = None,
        lasting_s: Callable[[], float] | None = None,
    ) -> None:
        """cost: the voice's real-time factor to reckon with; up to 1 nothing is held back for it.

        released: told how many seconds of audio the listener gets when they begin to. lasting_s: tells how many a
        newcomer has to have at least.
        """
        self._cost = cost
        self._released = released
        self._lasting_s = lasting_s
        self._held: list[AudioChunk] = []
        self.is_holding = cost > 1 or lasting_s is not None

    @property
    def held_s(self) -> float:
        """Seconds of audio held back."""
        return sum(len(chunk.samples) / chunk.sample_rate for chunk in self._held)

    def feed(self, chunk: AudioChunk, in_hand_s: float) -> Sequence[AudioChunk]:
        """What may be given out now. in_hand_s: of earlier audio, that the listener still has to hear."""
        if not self.is_holding:
            return [chunk]
        self._held.append(chunk)
        to_come_s = max(0.0, self._length_s() - self.held_s)
        needed_s = self._lasting_s() if self._lasting_s else 0.0
        if self._cost > 1:
            needed_s = max(needed_s, to_come_s * (self._cost - 1) + min(to_come_s, CHUNKS_S[0]) * self._cost)
        return self.flush() if in_hand_s + self.held_s >= needed_s else ()

    def flush(self) -> Sequence[AudioChunk]:
        """All that is held back: nothing is, from now on."""
        if self.is_holding and self._released is not None:
            self._released(self.held_s)
        held, self._held, self.is_holding = self._held, [], False
        return held

    def _length_s(self) -> float:
        """Of the segment, as far as it is known; 0 for an engine that does not tell."""
        ends_s = (timing.last_sample / chunk.sample_rate for chunk in self._held for timing in chunk.timings)
        return max(ends_s, default=0.0)
