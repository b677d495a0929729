"""One speech of a client: what is sent for it, what has come, and what it takes to go on after a lost connection."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from protocol import answers, messages
from protocol.answers import ServerMessage
from protocol.errors import ErrorCode
from protocol.frames import AUDIO, Frame


class TtsError(Exception):
    """The server cannot do what was asked, or cannot be reached."""

    def __init__(self, message: str, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next piece of speech: 16-bit little-endian PCM, mono; with the codec opus, one packet."""

    pcm: bytes
    sample_rate: int  # Hz
    position: int  # of its first sample in the speech
    segment: int


SpeechEvent = (
    Chunk
    | answers.Segment
    | answers.Marks
    | answers.SegmentEnd
    | answers.Applied
    | answers.Flushed
    | (answers.Cancelled | answers.Notice | answers.Done)
)
InBand = messages.Text | messages.Emotion | messages.Set | messages.Flush | messages.End
# What keeps its place among the frames, and so comes again when they do.
_PLACED: Final = (
    *(answers.Segment, answers.Marks, answers.SegmentEnd, answers.Applied, answers.Flushed),
    answers.Done,
)


class Speech:
    """One text on its way out, and its audio on its way back. Iterate it to the end: Done comes last."""

    def __init__(
        self,
        opened: answers.Opened,
        max_text_chars: int,
        send: Callable[[messages.ClientMessage], Awaitable[None]],
        next_for: Callable[["Speech"], Awaitable[SpeechEvent]],
    ) -> None:
        """Made by `TtsClient.open`."""
        self.opened = opened
        self.arrived: deque[SpeechEvent] = deque()
        self._max_text_chars = max_text_chars
        self._send = send
        self._next_for = next_for
        self._is_over = False
        self._cancel: messages.Cancel | None = None
        self._said: list[tuple[int, InBand]] = []  # with the place in the text where each stands
        self._chars = 0
        self._next_seq = 0
        self._placed_since = 0  # messages that came behind the last frame
        self._known = 0  # of those that come again after a lost connection

    @property
    def ctx(self) -> str:
        """The name of its context."""
        return self.opened.ctx

    @property
    def next_seq(self) -> int:
        """Of the frame that is wanted next."""
        return self._next_seq

    @property
    def sample_rate(self) -> int:
        """Of the audio, in Hz."""
        return self.opened.audio.rate

    async def text(self, text: str, *, flush: bool = False, end: bool = False) -> None:
        """Say this next."""
        await self._say(messages.Text(ctx=self.ctx, text=text, flush=flush, end=end))

    async def say_all(self, text: str) -> None:
        """Say a whole text of any length, and nothing after it."""
        limit = self._max_text_chars
        for start in range(0, len(text), limit):
            await self.text(text[start : start + limit])
        await self.end()

    async def emotion(
        self, emotion: str, intensity: float = 1.0, *, scope: Literal["from", "segment"] = "from"
    ) -> None:
        """Say what follows with this emotion."""
        await self._say(messages.Emotion(ctx=self.ctx, emotion=emotion, intensity=intensity, scope=scope))

    async def set(self, **controls: Any) -> None:
        """Say what follows with another voice, speed, pitch or volume."""
        await self._say(messages.Set(ctx=self.ctx, **controls))

    async def flush(self) -> None:
        """Say what has been sent, even without a sentence end."""
        await self._say(messages.Flush(ctx=self.ctx))

    async def end(self) -> None:
        """No more text follows."""
        await self._say(messages.End(ctx=self.ctx))

    async def played(self, samples: int) -> None:
        """Tell how far has been played."""
        await self._send(messages.Ack(ctx=self.ctx, played_samples=samples))

    async def cancel(self, played_samples: int | None = None) -> None:
        """Stop at once. What comes then is Cancelled, with the text that was heard, and Done; no more audio."""
        self._cancel = messages.Cancel(ctx=self.ctx, played_samples=played_samples)
        self.arrived = deque(event for event in self.arrived if not isinstance(event, Chunk))
        await self._send(self._cancel)

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Everything that comes, in order. Raises TtsError when the speech fails or the connection is lost for good."""
        while not self._is_over:
            event = await self._next_for(self)
            if isinstance(event, answers.Done):
                self._is_over = True
                if event.error is not None:
                    raise TtsError(event.error.message, event.error.code)
            yield event

    def take(self, message: ServerMessage | Frame) -> None:
        """The connection hands over what has come for this speech."""
        match message:
            case Frame():
                if message.kind == AUDIO:
                    self._take_frame(message)
            case answers.Error() if self._cancel is not None:
                pass  # what was asked for before the cancel and was not reached
            case answers.Error():
                # The server has refused a part; what is said without it would not be what was meant.
                self.fail(message.message, message.code)
            case _ if isinstance(message, _PLACED) and self._known:
                self._known -= 1
            case _:
                self._placed_since += isinstance(message, _PLACED)
                self.arrived.append(message)  # type: ignore[arg-type]  # the others carry no ctx

    def fail(self, message: str, code: ErrorCode) -> None:
        """Nothing more comes; who iterates learns why."""
        error = answers.DoneError(code=code, message=message)
        self.arrived.append(
            answers.Done(ctx=self.ctx, reason="error", segments=0, chars=0, samples=0, synth_ms=0, error=error)
        )

    def rejoin(self, resumed: answers.ResumedContext) -> list[messages.ClientMessage]:
        """The connection is there again. Returns what the server does not have yet."""
        self._known = self._placed_since if resumed.next_seq == self._next_seq else 0
        if self._cancel is not None:
            return [self._cancel]
        if resumed.state in ("ENDING", "DONE"):
            return []
        return [
            said.model_copy(update={"at": place}) if isinstance(said, messages.Text) else said
            for place, said in self._said
            if place >= resumed.received
        ]

    async def _say(self, said: InBand) -> None:
        self._said.append((self._chars, said))
        if isinstance(said, messages.Text):
            self._chars += len(said.text)
        await self._send(said)

    def _take_frame(self, frame: Frame) -> None:
        self._next_seq = frame.seq + 1
        self._placed_since = self._known = 0
        if self._cancel is None:
            self.arrived.append(Chunk(frame.payload, self.sample_rate, frame.pts, frame.segment))
