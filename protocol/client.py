"""A client of tts-stream.v1 in asyncio.

    async with TtsClient("ws://tts.local:8080") as tts:
        async for chunk in tts.say("太好了，你回来了！", emotion="happy"):
            play(chunk.pcm, chunk.sample_rate)

Text that is still being written, changes of emotion, marks and barge-in go through `TtsClient.open`. Any number of
speeches may run at once, each iterated by its own task; whoever waits for audio reads for all of them.
"""

import asyncio
import contextlib
import itertools
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from protocol import answers, messages
from protocol.answers import SERVER_MESSAGE, ServerMessage
from protocol.errors import ErrorCode
from protocol.frames import AUDIO, Frame
from protocol.messages import PATH, SUBPROTOCOL

DEFAULT_PORT: Final = 8080
CONNECT_S: Final = 10.0
ANSWER_S: Final = 10.0  # for what is answered at once


class TtsError(Exception):
    """The server cannot do what was asked, or cannot be reached."""

    def __init__(self, message: str, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next piece of speech: 16-bit little-endian PCM, mono."""

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


class Speech:
    """One text on its way out, and its audio on its way back. Iterate it to the end: Done comes last."""

    def __init__(self, client: "TtsClient", opened: answers.Opened) -> None:
        self._client = client
        self.arrived: deque[SpeechEvent] = deque()
        self._samples = 0
        self._is_over = self._is_cancelled = False
        self.opened = opened

    @property
    def sample_rate(self) -> int:
        """Of the audio, in Hz."""
        return self.opened.audio.rate

    async def text(self, text: str, *, flush: bool = False, end: bool = False) -> None:
        """Say this next."""
        await self._client.send(messages.Text(ctx=self.opened.ctx, text=text, flush=flush, end=end))

    async def say_all(self, text: str) -> None:
        """Say a whole text of any length, and nothing after it."""
        limit = self._client.ready.limits.max_text_chars
        for start in range(0, len(text), limit):
            await self.text(text[start : start + limit])
        await self.end()

    async def emotion(
        self, emotion: str, intensity: float = 1.0, *, scope: Literal["from", "segment"] = "from"
    ) -> None:
        """Say what follows with this emotion."""
        wanted = messages.Emotion(ctx=self.opened.ctx, emotion=emotion, intensity=intensity, scope=scope)
        await self._client.send(wanted)

    async def set(self, **controls: Any) -> None:
        """Say what follows with another voice, speed, pitch or volume."""
        await self._client.send(messages.Set(ctx=self.opened.ctx, **controls))

    async def flush(self) -> None:
        """Say what has been sent, even without a sentence end."""
        await self._client.send(messages.Flush(ctx=self.opened.ctx))

    async def end(self) -> None:
        """No more text follows."""
        await self._client.send(messages.End(ctx=self.opened.ctx))

    async def played(self, samples: int) -> None:
        """Tell how far has been played."""
        await self._client.send(messages.Ack(ctx=self.opened.ctx, played_samples=samples))

    async def cancel(self, played_samples: int | None = None) -> None:
        """Stop at once. What comes then is Cancelled, with the text that was heard, and Done; no more audio."""
        self._is_cancelled = True
        self.arrived = deque(event for event in self.arrived if not isinstance(event, Chunk))
        await self._client.send(messages.Cancel(ctx=self.opened.ctx, played_samples=played_samples))

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Everything that comes, in order. Raises TtsError when the speech fails or the connection is lost."""
        while not self._is_over:
            event = await self._client.next_for(self)
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
                    chunk = Chunk(message.payload, self.sample_rate, self._samples, message.segment)
                    self.arrived.append(chunk)
                    self._samples += len(message.payload) // 2
            case answers.Error() if self._is_cancelled:
                pass  # what was asked for before the cancel and was not reached
            case answers.Error():
                error = answers.DoneError(code=message.code, message=message.message)
                # The server has refused a part; what is said without it would not be what was meant.
                self.arrived.append(_failed(self.opened.ctx, error))
            case _:
                self.arrived.append(message)  # type: ignore[arg-type]  # the others carry no ctx


class TtsClient:
    """A connection to a tts-server. Enter it before use; leaving it closes the connection."""

    def __init__(self, url: str) -> None:
        """url: ws://HOST:PORT; the port may be left out."""
        self._url = _full_url(url)
        self._names = itertools.count(1)
        self._speeches: dict[str, Speech] = {}
        self._by_channel: dict[int, Speech] = {}
        self._answers: dict[str, ServerMessage] = {}
        self._reading = asyncio.Lock()
        self._websocket: ClientConnection
        self.ready: answers.Ready  # what the server has: voices, limits, defaults

    async def __aenter__(self) -> Self:
        """Connect and agree. Raises TtsError."""
        try:
            # A house's server is not reached through a proxy of the environment.
            self._websocket = await connect(
                self._url, subprotocols=[_SUBPROTOCOL], compression=None, proxy=None, open_timeout=CONNECT_S
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            raise TtsError(f"cannot connect to {self._url}: {error or 'no answer'}") from error
        try:
            ready = await self._ask(messages.Hello(ref="hello"))
            assert isinstance(ready, answers.Ready)
            self.ready = ready
        except BaseException:
            await self._websocket.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._websocket.close()

    async def say(self, text: str, **options: Any) -> AsyncGenerator[Chunk]:
        """Say a whole text. options: those of `open`. Leaving the loop early cancels. Raises TtsError."""
        async with self.open(**options) as speech:
            await speech.say_all(text)
            async for event in speech:
                if isinstance(event, Chunk):
                    yield event

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncGenerator[Speech]:
        """A speech whose text is sent piece by piece. Leaving it before it is over cancels it. Raises TtsError.

        options: voice, language, emotion, intensity, speed, pitch, volume, audio, marks, flow, … as in messages.Open.
        """
        ctx = f"c{next(self._names)}"
        opened = await self._ask(_open_message(ctx, options))
        assert isinstance(opened, answers.Opened)
        speech = self._speeches[ctx] = self._by_channel[opened.ch] = Speech(self, opened)
        try:
            yield speech
        finally:
            if self._speeches.pop(ctx, None) is not None:
                with contextlib.suppress(TtsError):
                    await speech.cancel()
            self._by_channel.pop(opened.ch, None)

    async def send(self, message: messages.ClientMessage) -> None:
        """Send a message. Raises TtsError."""
        try:
            await self._websocket.send(message.model_dump_json(exclude_none=True))
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def next_for(self, speech: Speech) -> SpeechEvent:
        """The next thing that has arrived for a speech, reading for all until something has. Raises TtsError."""
        while not speech.arrived:
            async with self._reading:
                if not speech.arrived:
                    await self._read()
        return speech.arrived.popleft()

    async def _ask(self, message: messages.Hello | messages.Open) -> ServerMessage:
        """The direct answer to a message."""
        ref = message.ref or ""
        await self.send(message)
        try:
            async with asyncio.timeout(ANSWER_S):
                while ref not in self._answers:
                    async with self._reading:
                        if ref not in self._answers:
                            await self._read()
        except TimeoutError:
            raise TtsError(f"the server did not answer within {ANSWER_S:g} s") from None
        answer = self._answers.pop(ref)
        if isinstance(answer, answers.Error):
            raise TtsError(answer.message, answer.code)
        return answer

    async def _read(self) -> None:
        """Hand the next message to whom it is for."""
        try:
            received = await self._websocket.recv()
        except ConnectionClosed as error:
            raise _lost(error) from error
        if isinstance(received, bytes):
            frame = Frame.parse(received)
            if (speech := self._by_channel.get(frame.ch)) is not None:
                speech.take(frame)
            return
        try:
            message = SERVER_MESSAGE.validate_json(received)
        except ValidationError:
            return  # a newer server may say what we do not know
        self._hand_over(message)

    def _hand_over(self, message: ServerMessage) -> None:
        ref, ctx = getattr(message, "ref", None), getattr(message, "ctx", None)
        speech = self._speeches.get(ctx or "")
        if speech is not None:
            if isinstance(message, answers.Done):
                del self._speeches[speech.opened.ctx]
            speech.take(message)
        elif isinstance(message, answers.Ready | answers.Opened | answers.Error) and ref is not None:
            self._answers[ref] = message
        elif isinstance(message, answers.Error) and ctx is None:
            raise TtsError(message.message, message.code)


_SUBPROTOCOL: Final[Any] = SUBPROTOCOL  # websockets has a type of its own for these names


def _full_url(url: str) -> str:
    parts = urlsplit(url if "//" in url else f"ws://{url}")
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise TtsError(f"server is {url!r}; write ws://HOST:PORT")
    has_port = parts.port is not None or parts.scheme == "wss"
    authority = parts.netloc if has_port else f"{parts.netloc}:{DEFAULT_PORT}"
    return f"{parts.scheme}://{authority}{parts.path if parts.path.strip('/') else PATH}"


def _open_message(ctx: str, options: dict[str, Any]) -> messages.Open:
    try:
        return messages.Open.model_validate({**options, "ref": ctx, "ctx": ctx})
    except ValidationError as error:
        problem = error.errors()[0]
        param = ".".join(str(part) for part in problem["loc"])
        raise TtsError(f"{param}: {problem['msg']}", ErrorCode.BAD_FIELD) from None


def _failed(ctx: str, error: answers.DoneError) -> answers.Done:
    return answers.Done(ctx=ctx, reason="error", segments=0, chars=0, samples=0, synth_ms=0, error=error)


def _lost(error: ConnectionClosed) -> TtsError:
    reason = error.rcvd.reason if error.rcvd is not None else ""
    return TtsError(f"the server closed the connection{': ' + reason if reason else ''}")
