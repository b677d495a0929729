"""A client of tts-stream.v1 in asyncio.

    async with TtsClient("ws://tts.local:8080") as tts:
        async for chunk in tts.say("太好了，你回来了！", emotion="happy"):
            play(chunk.pcm, chunk.sample_rate)

Text that is still being written, changes of emotion, marks and barge-in go through `TtsClient.open`. Any number of
speeches may run at once, each iterated by its own task; whoever waits for audio reads for all of them. A connection
that is lost is made again, and every speech goes on where it was.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from protocol import answers, messages
from protocol.answers import SERVER_MESSAGE, ServerMessage
from protocol.client_speech import Chunk, Speech, SpeechEvent, TtsError
from protocol.errors import ErrorCode
from protocol.frames import Frame
from protocol.http_api import ErrorBody
from protocol.messages import PATH, SUBPROTOCOL

__all__ = ["Chunk", "Speech", "SpeechEvent", "TtsClient", "TtsError"]

DEFAULT_PORT: Final = 8080
CONNECT_S: Final = 10.0
ANSWER_S: Final = 10.0  # for what is answered at once
_BACK_OFF_S: Final = (0.25, 15.0)  # before the first attempt to connect again, and at most


class TtsClient:
    """A connection to a tts-server. Enter it before use; leaving it closes the connection."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """url: ws://HOST:PORT; the port may be left out. token: where the server asks for one."""
        self._url = _full_url(url)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._names = itertools.count(1)
        self._speeches: dict[str, Speech] = {}
        self._by_channel: dict[int, Speech] = {}
        self._asked: dict[str, messages.Open] = {}  # not answered yet
        self._answers: dict[str, ServerMessage] = {}
        self._reading = asyncio.Lock()
        self._websocket: ClientConnection
        self.ready: answers.Ready  # what the server has: voices, limits, defaults

    async def __aenter__(self) -> Self:
        """Connect and agree. Raises TtsError."""
        await self._connect(messages.Hello(ref="hello"))
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
        opened = await self._open(_open_message(ctx, options))
        speech = Speech(opened, self.ready.limits.max_text_chars, self._send, self._next_for)
        self._speeches[ctx] = self._by_channel[opened.ch] = speech
        try:
            yield speech
        finally:
            if self._speeches.pop(ctx, None) is not None:
                with contextlib.suppress(TtsError):
                    await speech.cancel()
            self._by_channel.pop(opened.ch, None)

    async def _connect(self, hello: messages.Hello) -> None:
        """Connect and say hello. Raises TtsError."""
        try:
            # A house's server is not reached through a proxy of the environment.
            self._websocket = await connect(
                self._url if hello.resume is None else _for_session(self._url, hello.resume.session),
                subprotocols=[_SUBPROTOCOL],
                additional_headers=self._headers,
                compression=None,
                proxy=None,
                open_timeout=CONNECT_S,
            )
        except InvalidStatus as error:
            raise _refused(self._url, error) from error
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            raise TtsError(f"cannot connect to {self._url}: {error or 'no answer'}") from error
        try:
            async with asyncio.timeout(ANSWER_S):
                self.ready = await self._agree(hello)
        except BaseException as error:
            await self._websocket.close()
            if isinstance(error, TimeoutError):
                raise TtsError(f"the server did not answer within {ANSWER_S:g} s") from None
            raise

    async def _agree(self, hello: messages.Hello) -> answers.Ready:
        try:
            await self._websocket.send(hello.model_dump_json(exclude_none=True))
            while True:
                message = SERVER_MESSAGE.validate_json(await self._websocket.recv())
                if isinstance(message, answers.Ready):
                    return message
                if isinstance(message, answers.Error) and message.code is not ErrorCode.RESUME_GONE:
                    raise TtsError(message.message, message.code)
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def _open(self, message: messages.Open) -> answers.Opened:
        """The answer to an `open`. Raises TtsError."""
        ref = message.ref or ""
        self._asked[ref] = message
        try:
            await self._send(message)
            async with asyncio.timeout(ANSWER_S):
                while ref not in self._answers:
                    async with self._reading:
                        if ref not in self._answers:
                            await self._read()
        except TimeoutError:
            raise TtsError(f"the server did not answer within {ANSWER_S:g} s") from None
        finally:
            del self._asked[ref]
        answer = self._answers.pop(ref)
        if isinstance(answer, answers.Error):
            raise TtsError(answer.message, answer.code)
        assert isinstance(answer, answers.Opened)
        return answer

    async def _send(self, message: messages.ClientMessage) -> None:
        """Send a message. Raises TtsError when the server has closed; a lost connection is who reads to make again."""
        try:
            await self._websocket.send(message.model_dump_json(exclude_none=True))
        except ConnectionClosed as error:
            if not self._may_come_back(error):
                raise _lost(error) from error

    async def _next_for(self, speech: Speech) -> SpeechEvent:
        """The next thing that has arrived for a speech, reading for all until something has. Raises TtsError."""
        while not speech.arrived:
            async with self._reading:
                if not speech.arrived:
                    await self._read()
        return speech.arrived.popleft()

    async def _read(self) -> None:
        """Hand the next message to whom it is for."""
        try:
            received = await self._websocket.recv()
        except ConnectionClosed as error:
            if not self._may_come_back(error):
                raise _lost(error) from error
            await self._come_back(_lost(error))
            return
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
                del self._speeches[speech.ctx]
            speech.take(message)
        elif isinstance(message, answers.Opened | answers.Error) and ref in self._asked:
            self._answers[ref] = message
        elif isinstance(message, answers.Error) and ctx is None:
            raise TtsError(message.message, message.code)

    def _may_come_back(self, error: ConnectionClosed) -> bool:
        """A server that closes means it; a connection that just ends may be made again."""
        return error.rcvd is None and self.ready.resume is not None

    async def _come_back(self, lost: TtsError) -> None:
        """Connect again and go on with every speech, for as long as the server keeps the session. Raises TtsError."""
        assert self.ready.resume is not None
        resume, delay_s = self.ready.resume, _BACK_OFF_S[0]
        wanted = messages.Resume(
            session=self.ready.session,
            token=resume.token,
            have={ctx: speech.next_seq for ctx, speech in self._speeches.items()},
        )
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + resume.ttl_ms / 1000
        while loop.time() + delay_s < ends_at:
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.0))
            delay_s = min(2 * delay_s, _BACK_OFF_S[1])
            try:
                await self._connect(messages.Hello(ref="hello", resume=wanted))
            except TtsError as error:
                if error.code is ErrorCode.UNAUTHORIZED:
                    raise
                lost = error
            else:
                await self._go_on()
                return
        raise lost

    async def _go_on(self) -> None:
        resumed = {context.ctx: context for context in self.ready.contexts or ()}
        for ctx, speech in list(self._speeches.items()):
            if ctx not in resumed:
                del self._speeches[ctx]
                speech.fail("the connection was lost, and the speech with it", ErrorCode.RESUME_GONE)
            else:
                for message in speech.rejoin(resumed[ctx]):
                    await self._send(message)
        for asked in self._asked.values():
            await self._send(asked)


_SUBPROTOCOL: Final[Any] = SUBPROTOCOL  # websockets has a type of its own for these names


def _for_session(url: str, session: str) -> str:
    """Where a session is gone on with: a balancer reads from it to which box that is."""
    return f"{url}{'&' if '?' in url else '?'}session={quote(session)}"


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


def _refused(url: str, error: InvalidStatus) -> TtsError:
    """An answer before the upgrade; ours tell why."""
    try:
        detail = ErrorBody.model_validate_json(error.response.body or b"").error
    except ValidationError:
        return TtsError(f"cannot connect to {url}: {error}")
    return TtsError(f"cannot connect to {url}: {detail.message}", detail.code)


def _lost(error: ConnectionClosed) -> TtsError:
    reason = error.rcvd.reason if error.rcvd is not None else ""
    return TtsError(f"the server closed the connection{': ' + reason if reason else ''}")
