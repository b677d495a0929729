"""Who is next, and for how long a chunk. Pure: time comes in as an argument, so tests simulate it.

Earliest playback deadline first. A stream's deadline is the moment its listener runs out of audio, if they began to
play with the first chunk; a stream that has none yet is due at once. Chunks are short at first, so that all get their
start, and longer once a listener has audio in hand.
"""

from dataclasses import dataclass, field

FIRST_CHUNK_S = 0.25
LATER_CHUNK_S = 0.5


@dataclass(frozen=True, slots=True)
class Turn:
    """Permission to compute one chunk."""

    stream: int
    wanted_s: float  # seconds of audio


@dataclass(slots=True)
class _Stream:
    priority: int
    deadline: float  # seconds on the caller's clock
    has_audio: bool = False
    asked_at: float | None = None  # waiting for a turn since

    def rank(self) -> tuple[int, float, float]:
        return (-self.priority, self.deadline, self.asked_at or 0.0)


@dataclass(slots=True)
class Scheduler:
    """Gives `slots` turns at a time to the streams that ask. Not thread-safe."""

    slots: int
    _streams: dict[int, _Stream] = field(default_factory=dict)
    _running: set[int] = field(default_factory=set)

    def open(self, stream: int, now: float, priority: int = 0) -> None:
        """Add a stream; a higher priority goes first."""
        self._streams[stream] = _Stream(priority, deadline=now)

    def close(self, stream: int) -> None:
        """Forget a stream, whatever it was doing. A slot it holds is free at once."""
        self._streams.pop(stream, None)
        self._running.discard(stream)

    def ask(self, stream: int, now: float) -> None:
        """The stream wants its next chunk."""
        self._streams[stream].asked_at = now

    def withdraw(self, stream: int) -> None:
        """The stream no longer wants its next chunk, or its turn came to nothing."""
        self._running.discard(stream)
        if (state := self._streams.get(stream)) is not None:
            state.asked_at = None

    def pick(self, now: float) -> Turn | None:
        """The next turn to give, if a slot is free and somebody waits."""
        waiting = [(state.rank(), stream) for stream, state in self._streams.items() if state.asked_at is not None]
        if not waiting or len(self._running) >= self.slots:
            return None
        _, stream = min(waiting)
        state = self._streams[stream]
        state.asked_at = None
        self._running.add(stream)
        return Turn(stream, LATER_CHUNK_S if state.has_audio and state.deadline > now else FIRST_CHUNK_S)

    def finish(self, stream: int, audio_s: float, now: float) -> None:
        """The stream's turn is over and brought this much audio."""
        self._running.discard(stream)
        if (state := self._streams.get(stream)) is not None and audio_s > 0:
            # Who has run dry starts to play again with this chunk.
            state.deadline = max(state.deadline, now) + audio_s
            state.has_audio = True

    @property
    def active(self) -> int:
        """Streams that wait for a turn or have one."""
        return len(self._running) + sum(state.asked_at is not None for state in self._streams.values())
