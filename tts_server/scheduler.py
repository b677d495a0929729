"""Who is next, and for how long a chunk. Pure: time comes in as an argument, so tests simulate it.

Earliest playback deadline first, over all doors. A stream's deadline is the moment its listener runs out of audio, if
they began to play with the first chunk; one that heard nothing yet is due soon after it asked. Chunks are short at
first and grow as far as the slack of all others allows. No more streams are let in than the threads can keep playing,
by the real-time factor that each voice shows; the rest wait, first come first served within their priority.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

CHUNKS_S: Final = (0.125, 0.25, 0.5, 1.0)  # of audio: 10 to 80 mel frames of 12.5 ms
FIRST_AUDIO_S: Final = 0.15  # in which a stream that has heard nothing should begin
LONGEST_TURN_S: Final = 0.1  # of computing: nobody who arrives meanwhile waits longer for a thread
GUARD_S: Final = 1.5 * LONGEST_TURN_S  # before a listener runs dry, as turns cannot be interrupted and some take longer
USABLE_LOAD: Final = 0.6  # of the threads' time; the rest is for jitter, first chunks and other programs
UNMEASURED_RTF: Final = 0.2  # of a voice that has not spoken yet
_MEMORY: Final = 0.9  # weight of what was measured before, at each new chunk


@dataclass(frozen=True, slots=True)
class Turn:
    """Permission to compute one chunk."""

    stream: int
    wanted_s: float  # seconds of audio


@dataclass(slots=True)
class _Stream:
    client: str
    priority: int
    deadline: float  # seconds on the caller's clock
    voice: str = ""
    has_audio: bool = False
    is_admitted: bool = False
    asked_at: float | None = None  # waiting for a turn since

    def is_active(self, now: float, is_running: bool) -> bool:
        """Whether it uses what was reserved for it; one that waits for its client's text does not."""
        return self.is_admitted and (is_running or self.asked_at is not None or self.deadline > now)

    def rank(self, now: float) -> tuple[int, float, float]:
        """Lower goes first: by when its turn has to begin, as nobody who has a thread can be interrupted.

        However long a newcomer has waited, it is due now and not before: it does not make others stutter.
        """
        asked_at = self.asked_at or 0.0
        begin = self.deadline - GUARD_S if self.has_audio else max(asked_at + FIRST_AUDIO_S, now)
        return (-self.priority, begin, asked_at)


@dataclass(slots=True)
class _Speed:
    """What a voice costs, with the past fading."""

    busy_s: float = 0.0
    audio_s: float = 0.0

    @property
    def rtf(self) -> float:
        return self.busy_s / self.audio_s if self.audio_s else UNMEASURED_RTF

    def learn(self, busy_s: float, audio_s: float) -> None:
        self.busy_s = _MEMORY * self.busy_s + busy_s
        self.audio_s = _MEMORY * self.audio_s + audio_s


@dataclass(slots=True)
class Scheduler:
    """Gives `slots` turns at a time to the streams that ask. Not thread-safe."""

    slots: int
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _running: dict[int, float] = field(default_factory=dict)  # stream -> since when
    _speeds: dict[str, _Speed] = field(default_factory=dict)

    def open(self, stream: int, now: float, priority: int = 0, client: str = "") -> None:
        """Add a stream. A higher priority goes first; among equals, the client with the fewest streams."""
        self._streams[stream] = _Stream(client, priority, deadline=now)

    def close(self, stream: int) -> None:
        """Forget a stream, whatever it was doing. What it held is free at once."""
        self._streams.pop(stream, None)
        self._running.pop(stream, None)

    def ask(self, stream: int, now: float, voice: str = "") -> None:
        """The stream wants its next chunk, in this voice."""
        state = self._streams[stream]
        state.asked_at, state.voice = now, voice

    def withdraw(self, stream: int) -> None:
        """The stream no longer wants its next chunk, or its turn came to nothing."""
        self._running.pop(stream, None)
        if (state := self._streams.get(stream)) is not None:
            state.asked_at = None

    def pick(self, now: float) -> Turn | None:
        """The next turn to give, if a slot is free and somebody waits who may be let in."""
        if len(self._running) >= self.slots:
            return None
        waiting = {stream: state for stream, state in self._streams.items() if state.asked_at is not None}
        candidates = [stream for stream, state in waiting.items() if state.is_admitted]
        if (newcomer := self._admissible(waiting, now)) is not None:
            candidates.append(newcomer)
        if not candidates:
            return None
        stream = min(candidates, key=lambda candidate: waiting[candidate].rank(now))
        state = waiting[stream]
        others = [waiting[candidate] for candidate in candidates if candidate != stream]
        turn = Turn(stream, self._chunk_s(state, others, now))
        state.is_admitted, state.asked_at = True, None
        self._running[stream] = now
        return turn

    def finish(self, stream: int, audio_s: float, now: float) -> None:
        """The stream's turn is over and brought this much audio."""
        started = self._running.pop(stream, None)
        state = self._streams.get(stream)
        if state is None or started is None or audio_s <= 0:
            return
        if state.has_audio:  # a stream's first chunk has other costs: the text, at times the voice's loading
            self._speeds.setdefault(state.voice, _Speed()).learn(now - started, audio_s)
        state.deadline = max(state.deadline, now) + audio_s  # who had run dry plays on with this chunk
        state.has_audio = True

    def rtf(self, voice: str) -> float:
        """Seconds of computing for a second of audio, as the voice showed lately, other programs' time included."""
        return self._speeds.get(voice, _Speed()).rtf

    @property
    def active(self) -> int:
        """Streams that wait for a turn or have one."""
        return len(self._running) + sum(state.asked_at is not None for state in self._streams.values())

    def _admissible(self, waiting: dict[int, _Stream], now: float) -> int | None:
        """Who is let in next, if there is room for its voice. There always is as long as a thread has no stream."""
        outside = [stream for stream, state in waiting.items() if not state.is_admitted]
        if not outside:
            return None
        inside = [s for n, s in self._streams.items() if s.is_active(now, n in self._running)]
        of_client = Counter(state.client for state in inside)

        def order(stream: int) -> tuple[int, int, float]:
            state = waiting[stream]
            return (-state.priority, of_client[state.client], state.asked_at or 0.0)

        chosen = min(outside, key=order)
        load = sum(self.rtf(state.voice) for state in inside) + self.rtf(waiting[chosen].voice)
        return chosen if len(inside) < self.slots or load <= USABLE_LOAD * self.slots else None

    def _chunk_s(self, state: _Stream, others: Iterable[_Stream], now: float) -> float:
        """The longest chunk that makes nobody run dry: neither its own listener nor those who wait."""
        in_hand_s = state.deadline - now
        if not state.has_audio or in_hand_s <= 0:
            return CHUNKS_S[0]
        slack_s = [other.deadline - now - GUARD_S if other.has_audio else 0.0 for other in others]
        affordable_s = max(0.0, min(in_hand_s / 2, LONGEST_TURN_S, *slack_s)) / max(self.rtf(state.voice), 1e-3)
        return max((chunk for chunk in CHUNKS_S if chunk <= affordable_s), default=CHUNKS_S[0])
