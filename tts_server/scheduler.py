"""Who is next, and for how long a chunk. Pure: time comes in as an argument, so tests simulate it.

Earliest playback deadline first, over all doors. A stream's deadline is the moment its listener runs out of audio, if
they began to play with the first chunk; one that heard nothing yet is due soon after it asked, sooner with a higher
priority. Chunks are short at first and grow as far as the slack of all others allows. No more streams are let in than
the threads can keep playing, by the real-time factor that each voice shows (`admission`); the rest wait in line.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tts_server.admission import Line, Place, Stay, Waiting

CHUNKS_S: Final = (0.125, 0.25, 0.5, 1.0)  # of audio: 10 to 80 mel frames of 12.5 ms
FIRST_AUDIO_S: Final = (0.15, 0.0, 0.5)  # by priority (normal, high, low): in which a stream should begin to be heard
CHEAP_S: Final = 0.01  # of computing
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
    admitted_at: float | None = None  # None: it is not let in
    asked_at: float | None = None  # waiting for a turn since
    in_line_since: float | None = None  # waiting to be let in since
    is_in_time: bool = False  # it asked before its listener ran dry
    has_spoken: str | None = None  # the voice of the last chunk it computed

    def is_active(self, now: float, is_running: bool) -> bool:
        """Whether it uses what was reserved for it; one that waits for its client's text does not."""
        return self.admitted_at is not None and (is_running or self.asked_at is not None or self.deadline > now)

    def rank(self, now: float) -> tuple[int, int, float, float]:
        """Lower goes first: by when its turn has to begin, as nobody who has a thread can be interrupted.

        However long a newcomer has waited, it is due now and not before: it does not make others stutter. Priority
        decides among those that are due.
        """
        asked_at = self.asked_at or 0.0
        begin = self.deadline - GUARD_S if self.has_audio else max(asked_at + FIRST_AUDIO_S[_sign(self.priority)], now)
        return (0, -self.priority, begin, asked_at) if begin <= now else (1, 0, begin, asked_at)


@dataclass(slots=True)
class _Speed:
    """What a voice costs, with the past fading."""

    busy_s: float = 0.0
    audio_s: float = 0.0
    squares: float = 0.0  # of the chunks' real-time factors, weighted with their audio
    first_s: float = 0.0  # the first chunk takes, the text and the acoustic model included

    @property
    def rtf(self) -> float:
        return self.busy_s / self.audio_s if self.audio_s else UNMEASURED_RTF

    @property
    def cost(self) -> float:
        """The real-time factor to reckon with: a standard deviation above the mean, as other programs come and go."""
        variance = self.squares / self.audio_s - self.rtf**2 if self.audio_s else 0.0
        return self.rtf + math.sqrt(max(0.0, variance))

    def learn(self, busy_s: float, audio_s: float) -> None:
        self.busy_s = _MEMORY * self.busy_s + busy_s
        self.audio_s = _MEMORY * self.audio_s + audio_s
        self.squares = _MEMORY * self.squares + busy_s**2 / audio_s


@dataclass(slots=True)
class Scheduler:
    """Gives `slots` turns at a time to the streams that ask. Not thread-safe."""

    slots: int
    late: int = 0  # chunks that came after their listener had run dry
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _running: dict[int, float] = field(default_factory=dict)  # stream -> since when
    _speeds: dict[str, _Speed] = field(default_factory=dict)
    _stay: Stay = field(default_factory=Stay)

    def __contains__(self, stream: int) -> bool:
        return stream in self._streams

    def open(self, stream: int, now: float, priority: int = 0, client: str = "") -> None:
        """Add a stream. A higher priority goes first; among equals, the client with the fewest streams."""
        self._streams[stream] = _Stream(client, priority, deadline=now)

    def close(self, stream: int, now: float) -> None:
        """Forget a stream, whatever it was doing. What it held is free at once."""
        self._running.pop(stream, None)
        state = self._streams.pop(stream, None)
        if state is not None and state.admitted_at is not None:
            self._stay.learn(now - state.admitted_at)

    def ask(self, stream: int, now: float, voice: str = "") -> None:
        """The stream wants its next chunk, in this voice. One that went quiet meanwhile has to be let in again."""
        state = self._streams[stream]
        if not state.is_active(now, stream in self._running):
            state.admitted_at = None
        if state.admitted_at is None and state.in_line_since is None:
            state.in_line_since = now
        state.asked_at, state.voice = now, voice
        state.is_in_time = state.has_audio and now <= state.deadline

    def withdraw(self, stream: int) -> None:
        """The stream does not wait any longer, or its turn came to nothing. A place in the line it keeps."""
        self._running.pop(stream, None)
        if (state := self._streams.get(stream)) is not None:
            state.asked_at = None

    def hear(self, stream: int, audio_s: float, now: float) -> None:
        """The stream's listener got audio that cost nothing: it was there already, or made for another."""
        state = self._streams[stream]
        state.deadline = max(state.deadline, now) + audio_s
        state.has_audio = True

    def hasten(self, stream: int, waiting: int) -> None:
        """Somebody else waits for what this stream computes: it becomes as urgent as that one."""
        if stream in self._streams and stream != waiting:
            state, other = self._streams[stream], self._streams[waiting]
            state.priority = max(state.priority, other.priority)
            state.deadline = min(state.deadline, other.deadline)

    def hand_over(self, stream: int, heir: int) -> None:
        """The stream ends, and another goes on with what it was computing: in its place, or in its place in line."""
        if (state := self._streams.get(stream)) is not None:
            other = self._streams[heir]
            other.admitted_at = other.admitted_at or state.admitted_at
            if state.in_line_since is not None:
                other.in_line_since = min(other.in_line_since or state.in_line_since, state.in_line_since)
            state.admitted_at = None

    def pick(self, now: float) -> Turn | None:
        """The next turn to give, if a slot is free and somebody waits who may be let in."""
        if len(self._running) >= self.slots:
            return None
        waiting = {stream: state for stream, state in self._streams.items() if state.asked_at is not None}
        candidates = [stream for stream, state in waiting.items() if state.admitted_at is not None]
        if len(candidates) < len(waiting):
            first = self._line(now).first(stream for stream, state in waiting.items() if state.admitted_at is None)
            candidates += [] if first is None else [first]
        if not candidates:
            return None
        stream = min(candidates, key=lambda candidate: waiting[candidate].rank(now))
        state = waiting[stream]
        others = [waiting[candidate] for candidate in candidates if candidate != stream]
        turn = Turn(stream, self._chunk_s(state, others, now))
        if state.admitted_at is None:
            state.admitted_at = now
        state.asked_at = state.in_line_since = None
        self._running[stream] = now
        return turn

    def finish(self, stream: int, audio_s: float, now: float) -> None:
        """The stream's turn is over and brought this much audio."""
        started = self._running.pop(stream, None)
        state = self._streams.get(stream)
        if state is None or started is None or audio_s <= 0:
            return
        if state.has_spoken != state.voice:
            self._speeds.setdefault(state.voice, _Speed()).first_s = now - started
        else:  # the first chunk has other costs: the text, at times the voice's loading
            self.learn(state.voice, now - started, audio_s)
        state.has_spoken = state.voice
        self.late += state.is_in_time and now > state.deadline
        state.deadline = max(state.deadline, now) + audio_s  # who had run dry plays on with this chunk
        state.has_audio = True

    def learn(self, voice: str, busy_s: float, audio_s: float) -> None:
        """A voice took so long for so much audio."""
        self._speeds.setdefault(voice, _Speed()).learn(busy_s, audio_s)

    def rtf(self, voice: str) -> float:
        """Seconds of computing for a second of audio, as the voice showed lately, other programs' time included."""
        return self._speeds.get(voice, _Speed()).rtf

    def _cost(self, voice: str) -> float:
        return self._speeds.get(voice, _Speed()).cost

    @property
    def voices(self) -> list[str]:
        """The voices whose real-time factor has been measured."""
        return [voice for voice, speed in self._speeds.items() if speed.audio_s]

    @property
    def active(self) -> int:
        """Streams that wait for a turn or have one."""
        return len(self._running) + sum(state.asked_at is not None for state in self._streams.values())

    def places(self, now: float) -> list[Place]:
        """Who has to wait until others leave, in order, with an estimate of how long."""
        outside = [stream for stream, state in self._streams.items() if state.in_line_since is not None]
        return self._line(now).places(outside, now) if outside else []

    def _line(self, now: float) -> Line:
        inside = {n: s for n, s in self._streams.items() if s.is_active(now, n in self._running)}
        waiting = {
            stream: Waiting(stream, state.client, state.priority, state.in_line_since, self._cost(state.voice))
            for stream, state in self._streams.items()
            if state.in_line_since is not None
        }
        return Line(
            waiting,
            clients=[state.client for state in inside.values()],
            load=sum(self._cost(state.voice) for state in inside.values()),
            admitted_at=[state.admitted_at or now for state in inside.values()],
            slots=self.slots,
            usable_load=USABLE_LOAD * self.slots,
            stay_s=self._stay.mean_s,
        )

    def _chunk_s(self, state: _Stream, others: Iterable[_Stream], now: float) -> float:
        """The longest chunk that makes nobody run dry: neither its own listener nor those who wait."""
        in_hand_s = state.deadline - now
        if not state.has_audio or in_hand_s <= 0:
            return self._first_chunk_s(state)
        slack_s = [other.deadline - now - GUARD_S if other.has_audio else 0.0 for other in others]
        affordable_s = max(0.0, min(in_hand_s / 2, LONGEST_TURN_S, *slack_s)) / max(self._cost(state.voice), 1e-3)
        return max((chunk for chunk in CHUNKS_S if chunk <= affordable_s), default=CHUNKS_S[0])

    def _first_chunk_s(self, state: _Stream) -> float:
        """The shortest; twice as long if that costs next to nothing and others may hold the threads for that time."""
        speed = self._speeds.get(state.voice, _Speed())
        is_cheap = speed.rtf * (CHUNKS_S[1] - CHUNKS_S[0]) <= CHEAP_S
        return CHUNKS_S[1 if is_cheap and self.active > 1 and speed.first_s > CHUNKS_S[0] / 2 else 0]


def _sign(priority: int) -> int:
    return (priority > 0) - (priority < 0)
