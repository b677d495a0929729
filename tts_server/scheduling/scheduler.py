"""Who is next, and for how long a chunk. Pure: time comes in as an argument, so tests simulate it.

Earliest playback deadline first, over all doors. A stream's deadline is the moment its listener runs out of audio, if
they began to play with the first chunk; one that heard nothing yet is due at once, before those who have enough. Chunks
are short at first and grow as far as the slack of all others allows. No more streams are let in than the threads can
keep playing (`admission`), by what each voice has cost lately (`measured_cost`); the rest wait in line.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tts_server.scheduling.admission import QueuePosition, ServiceTime, Waiting, WaitingLine, capacity
from tts_server.scheduling.measured_cost import SHORT_S, MeasuredCosts
from tts_server.scheduling.stream import Stream

# Of audio: 10 to 80 mel frames of 12.5 ms. 5 are heard 10 ms sooner, but do not last a newcomer's first turn.
CHUNKS_S: Final = (SHORT_S, 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0)
FIRST_CHUNKS_S: Final = (SHORT_S, 0.25, 0.5)
CHEAP_S: Final = 0.01  # of computing: nobody notices
HICCUP_S: Final = 0.03  # for which the whole box may stand still
LONGEST_TURN_S: Final = 0.1  # of computing: nobody who arrives meanwhile waits longer for a thread
GUARD: Final = 1.5  # longest turns before a listener runs dry, as they cannot be interrupted and some take longer
RETURN_S: Final = 0.005  # within which a stream that got a chunk asks for its next one
MOST_LASTING_S: Final = 1.5  # that a newcomer waits for, in audio
USABLE_LOAD: Final = 0.6  # of the threads' time; the rest is for jitter, first chunks and other programs


@dataclass(frozen=True, slots=True)
class Turn:
    """Permission to compute one chunk."""

    stream: int
    wanted_s: float  # seconds of audio


@dataclass(slots=True)
class Scheduler:
    """Gives `slots` turns at a time to the streams that ask. Not thread-safe."""

    slots: int
    late: int = 0  # chunks that came after their listener had run dry
    held_until: float | None = None  # nobody was picked, as somebody more urgent is about to ask: pick again then
    costs: MeasuredCosts = field(default_factory=MeasuredCosts)
    _streams: dict[int, Stream] = field(default_factory=dict)
    _running: dict[int, float] = field(default_factory=dict)  # stream -> since when
    _service_time: ServiceTime = field(default_factory=ServiceTime)

    def __contains__(self, stream: int) -> bool:
        return stream in self._streams

    def open(self, stream: int, now: float, priority: int = 0, client: str = "") -> None:
        """Add a stream. A higher priority goes first; among equals, the client with the fewest streams."""
        self._streams[stream] = Stream(client, priority, deadline=now)

    def close(self, stream: int, now: float) -> None:
        """Forget a stream, whatever it was doing. What it held is free at once."""
        self._running.pop(stream, None)
        state = self._streams.pop(stream, None)
        if state is not None and state.admitted_at is not None:
            self._service_time.learn(now - state.admitted_at)

    def ask(self, stream: int, now: float, voice: str = "", *, begins: bool = False) -> None:
        """The stream wants its next chunk, in this voice. One that went quiet meanwhile has to be let in again.

        begins: with this chunk a segment begins.
        """
        state = self._streams[stream]
        if not state.is_active(now, stream in self._running):
            state.admitted_at = None
        if state.admitted_at is None and state.in_line_since is None:
            state.in_line_since = now
        state.asked_at, state.voice, state.is_beginning = now, voice, begins
        state.is_in_time = state.has_audio and now <= state.deadline

    def withdraw(self, stream: int) -> None:
        """The stream does not wait any longer, or its turn came to nothing. A place in the line it keeps."""
        self._running.pop(stream, None)
        if (state := self._streams.get(stream)) is not None:
            state.asked_at = None

    def credit_audio(self, stream: int, audio_s: float, now: float) -> None:
        """The stream's listener got audio that cost nothing: it was there already, or made for another."""
        self._streams[stream].give(audio_s, now)

    def hold(self, stream: int) -> None:
        """From now on the stream's audio is held back, as its voice is too slow to be played while it speaks."""
        self._streams[stream].is_held = True

    def release(self, stream: int, audio_s: float, now: float) -> None:
        """The stream's listener gets what was held back, and all that comes from now on."""
        self._streams[stream].is_held = False
        self._streams[stream].give(audio_s, now)

    def in_hand_s(self, stream: int, now: float) -> float:
        """Seconds of audio that the stream's listener has and has not heard yet."""
        return max(0.0, self._streams[stream].deadline - now)

    def lasting_s(self, now: float) -> float:
        """Seconds of audio that a newcomer of several sentences should have in hand before it is heard.

        All who are inside may begin a sentence at once, and what of it cannot be cut into chunks takes a turn each: a
        longer one than was measured, as all threads are at work then.
        """
        there = self._voices(now)
        if there.total() <= self.slots:
            return 0.0
        uncut_s = [
            self.costs.of(voice).longest_first_s * min(count, self.capacity(voice)) for voice, count in there.items()
        ]
        return min(MOST_LASTING_S, GUARD * sum(uncut_s) / self.slots)

    def hasten(self, stream: int, waiting: int) -> None:
        """Somebody else waits for what this stream computes: it becomes as urgent as that one, and gets its place.

        Who waits needs none; keeping it, the two might wait for each other.
        """
        if stream in self._streams and stream != waiting:
            state, other = self._streams[stream], self._streams[waiting]
            state.priority = max(state.priority, other.priority)
            state.deadline = min(state.deadline, other.deadline)
            if state.in_line_since is not None and other.admitted_at is not None:
                state.admitted_at, state.in_line_since, other.admitted_at = other.admitted_at, None, None

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
        self.held_until = None
        if len(self._running) >= self.slots:
            return None
        candidates = self._candidates(now)
        if not candidates:
            return None
        guard_s = self._guard_s(candidates.values())
        stream = min(candidates, key=lambda candidate: candidates[candidate].rank(now, guard_s))
        state = candidates.pop(stream)
        returning = self._returning(now)
        if state.is_beginning and self._is_held_for(returning, state, guard_s, now):
            return None
        turn = Turn(stream, self._chunk_s(state, [*candidates.values(), *returning], guard_s, now))
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
        if state.is_beginning:
            self.costs.learn_first(state.voice, now - started)
        else:
            self.costs.learn(state.voice, now - started, audio_s)
        self.late += state.is_in_time and not state.is_held and now > state.deadline
        state.give(audio_s, now)
        state.returns_by = now + RETURN_S

    @property
    def active(self) -> int:
        """Streams that wait for a turn or have one."""
        return len(self._running) + sum(state.asked_at is not None for state in self._streams.values())

    def places(self, now: float) -> list[QueuePosition]:
        """Who has to wait until others leave, in order, with an estimate of how long."""
        outside = [stream for stream, state in self._streams.items() if state.in_line_since is not None]
        return self._line(now).places(outside, now) if outside else []

    def has_heard(self, stream: int) -> bool:
        """Whether the stream's listener got any audio yet."""
        return stream in self._streams and self._streams[stream].has_audio

    def is_patient(self, stream: int) -> bool:
        """Whether it speaks after all others, however long that takes."""
        return stream in self._streams and self._streams[stream].priority < 0

    def load(self, now: float) -> float:
        """How much of the room is taken: 1 when all is, more when a line forms."""
        return sum(count / self.capacity(voice) for voice, count in self._voices(now).items())

    def _voices(self, now: float) -> Counter[str]:
        """By how many each voice is spoken now, or waited for."""
        return Counter(
            state.voice
            for stream, state in self._streams.items()
            if state.in_line_since is not None or state.is_active(now, stream in self._running)
        )

    def capacity(self, voice: str) -> int:
        """How many streams of this voice can be inside at the same time."""
        return capacity(self.costs.of(voice).cost, self.slots, USABLE_LOAD * self.slots)

    def _candidates(self, now: float) -> dict[int, Stream]:
        """Who waits for a turn: those inside, and the first in line if there is room."""
        waiting = {stream: state for stream, state in self._streams.items() if state.asked_at is not None}
        outside = [stream for stream, state in waiting.items() if state.admitted_at is None]
        first = self._line(now).first(outside) if outside else None
        return {n: state for n, state in waiting.items() if state.admitted_at is not None or n == first}

    def _line(self, now: float) -> WaitingLine:
        inside = {n: s for n, s in self._streams.items() if s.is_active(now, n in self._running)}
        waiting = {
            stream: Waiting(
                *(stream, state.client, state.priority, state.in_line_since),
                *(self.costs.of(state.voice).cost, state.has_audio),
            )
            for stream, state in self._streams.items()
            if state.in_line_since is not None
        }
        return WaitingLine(
            waiting,
            clients=[state.client for state in inside.values()],
            load=sum(self.costs.of(state.voice).cost for state in inside.values()),
            admitted_at=[state.admitted_at or now for state in inside.values()],
            slots=self.slots,
            usable_load=USABLE_LOAD * self.slots,
            service_s=self._service_time.mean_s,
        )

    def _guard_s(self, waiting: Iterable[Stream]) -> float:
        """How long before it runs dry a listener's next turn should begin: all threads may just have been taken."""
        firsts_s = (self.costs.of(state.voice).first_s for state in waiting if state.is_beginning)
        return GUARD * max(LONGEST_TURN_S, *firsts_s, 0.0)

    def _returning(self, now: float) -> list[Stream]:
        """Those that have just got a chunk and will ask for the next one at once."""
        return [
            state
            for stream, state in self._streams.items()
            if state.returns_by > now and state.asked_at is None and stream not in self._running
        ]

    def _is_held_for(self, returning: Sequence[Stream], state: Stream, guard_s: float, now: float) -> bool:
        """Whether a long turn has to wait a moment, as there are streams that will need the free threads more."""
        rank = state.rank(now, guard_s)
        returns = [other.returns_by for other in returning if other.rank(now, guard_s) < rank]
        if len(returns) < self.slots - len(self._running):
            return False
        self.held_until = min(returns)
        return True

    def _chunk_s(self, state: Stream, others: Iterable[Stream], guard_s: float, now: float) -> float:
        """The longest chunk that makes nobody run dry: neither its own listener nor those who wait."""
        in_hand_s = state.deadline - now
        if not state.has_audio or in_hand_s <= 0:
            return self._first_chunk_s(state, guard_s)
        slack_s = [other.deadline - now - guard_s if other.has_audio else 0.0 for other in others]
        cost = self.costs.of(state.voice)
        uncut_s = cost.longest_first_s if state.is_beginning else 0.0
        in_time_s = (min([in_hand_s / 2, *slack_s]) - uncut_s) / max(cost.cost, 1e-3)
        affordable_s = min(in_time_s, (LONGEST_TURN_S - uncut_s) / max(cost.rtf, 1e-3))
        return max((chunk for chunk in CHUNKS_S if chunk <= affordable_s), default=CHUNKS_S[0])

    def _first_chunk_s(self, state: Stream, guard_s: float) -> float:
        """The shortest that plays until the next one is there, be it slow.

        Where it costs little and others wait, one after which the stream is not at once more urgent than they.
        """
        cost = self.costs.of(state.voice)
        needed_s = cost.slowest * CHUNKS_S[0] + HICCUP_S
        others_s = guard_s if self.active > 1 else HICCUP_S
        enough, safe = _at_least(needed_s), _at_least(needed_s + others_s)
        return safe if cost.rtf * (safe - enough) <= CHEAP_S else enough


def _at_least(seconds: float) -> float:
    """The shortest first chunk that is so long, or the longest there is."""
    return next((length for length in FIRST_CHUNKS_S if length >= seconds), FIRST_CHUNKS_S[-1])
