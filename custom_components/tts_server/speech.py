"""One speech over a box's WebSocket: text goes out while it is being written, sound comes in while it is made."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType

ANSWER_S: Final = 10.0
PIECE_CHARS: Final = 1000  # of one message, at most
MAX_WAIT_S: Final = 30.0  # for a box that has more text than it takes
IDLE_MS: Final = 600_000  # how long a model may think before its reply counts as ended
# Players that hear nothing for some seconds give up: silence comes before that while text is being waited for.
BEHIND_S: Final = 0.3
SILENCE_S: Final = 0.5
SAMPLE_BYTES: Final = 2


class BoxError(Exception):
    """The box cannot do what was asked. The message is one sentence."""


class BoxAway(BoxError):
    """It cannot be reached."""


class TokenRefused(BoxError):
    """It wants a token, or another one."""


class SpeechStopped(BoxError):
    """Somebody stopped the speech."""


class Speech:
    """A text on its way out and its sound on its way back. Iterate `sound` to the end."""

    def __init__(self, websocket: ClientWebSocketResponse, text: AsyncIterator[str]) -> None:
        self.sample_rate = 0  # Hz; known once it has begun
        self._websocket = websocket
        self._text = text
        self._piece_chars = PIECE_CHARS
        self._said = ""  # what was written so far
        self._place = 0  # up to where it was sent
        self._round = 0  # of sending; told in `ref`, so that late refusals of an earlier one are known
        self._refused: tuple[float, int] | None = None  # seconds to wait, and from where to send again
        self._is_refused = asyncio.Event()
        self._is_written = False
        self._failure: Exception | None = None

    async def begin(self, options: dict[str, Any]) -> None:
        """Open the conversation. Raises BoxError."""
        await self._send(
            {"type": "hello", "client": {"name": "home-assistant"}, "accept": {"framing": ["raw"]}},
            # Home Assistant keeps what is ahead of the player, and wants files as fast as they can be made.
            {"type": "open", "flow": "none", "ctx_idle_ms": IDLE_MS, **options},
        )
        async with _answering():
            while (message := await self._receive()).get("type") != "opened":
                if message.get("type") == "ready":
                    self._piece_chars = min(PIECE_CHARS, int(message["limits"]["max_text_chars"]))
                if message.get("type") == "error":
                    raise BoxError(str(message["message"]))
        self.sample_rate = int(message["audio"]["rate"])

    async def stop(self) -> None:
        """Say no more; whoever iterates `sound` gets SpeechStopped."""
        self._failure = SpeechStopped("the speech was stopped")
        with contextlib.suppress(BoxError):
            await self._send({"type": "cancel"})
        await self._websocket.close()

    async def sound(self) -> AsyncGenerator[bytes]:
        """16-bit little-endian mono, with silence where the text makes the player wait. Raises BoxError."""
        writing = asyncio.create_task(self._write())
        clock = _PlayerClock(self.sample_rate)
        try:
            while True:
                waits_s = clock.ahead_s() + BEHIND_S if clock.is_running and not self._is_written else None
                try:
                    message = await self._receive(waits_s)
                except TimeoutError:
                    message = {"type": "sound", "pcm": bytes(int(SILENCE_S * self.sample_rate) * SAMPLE_BYTES)}
                match message.get("type"):
                    case "sound":
                        clock.add(len(message["pcm"]))
                        yield message["pcm"]
                    case "done":
                        self._check(message.get("error"))
                        return
                    case "error":
                        self._take_error(message)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(self) -> None:
        """Send the text as it comes, and again what the box had no room for."""
        try:
            async for piece in self._text:
                self._said += piece
                await self._send_said()
            self._is_written = True
            while True:
                await self._send_said()
                await self._send({"type": "end", "ref": str(self._round)})
                await self._is_refused.wait()
        except Exception as error:
            # Whoever writes the text has failed, or the box is away: the reader tells it.
            self._failure = self._failure or error
            await self._websocket.close()

    async def _send_said(self) -> None:
        while self._place < len(self._said) or self._refused is not None:
            if self._refused is not None:
                (delay_s, self._place), self._refused = self._refused, None
                self._is_refused.clear()
                self._round += 1
                await asyncio.sleep(delay_s)
            piece = self._said[self._place : self._place + self._piece_chars]
            if piece:
                await self._send({"type": "text", "text": piece, "at": self._place, "ref": str(self._round)})
                self._place += len(piece)

    def _take_error(self, error: dict[str, Any]) -> None:
        """Text that found no room is sent again; everything else ends the speech. Raises BoxError."""
        wait_s = float(error.get("retry_after_ms") or 0) / 1000
        if "received" not in error or wait_s > MAX_WAIT_S:
            raise BoxError(str(error.get("message")))
        if error.get("ref") == str(self._round):
            self._refused = (wait_s, int(error["received"]))
            self._is_refused.set()

    def _check(self, error: dict[str, Any] | None) -> None:
        if self._failure is not None:
            raise self._failure
        if error:
            raise BoxError(str(error["message"]))

    async def _send(self, *messages: dict[str, Any]) -> None:
        try:
            for message in messages:
                await self._websocket.send_str(json.dumps(message, ensure_ascii=False))
        except (ClientError, OSError) as error:
            raise BoxAway(f"the box is away: {error}") from error

    async def _receive(self, timeout_s: float | None = None) -> dict[str, Any]:
        """The next message; sound as one of the type "sound". Raises BoxError, TimeoutError."""
        message = await self._websocket.receive(timeout=timeout_s)
        if message.type is WSMsgType.BINARY:
            return {"type": "sound", "pcm": message.data}
        if message.type is WSMsgType.TEXT:
            return dict(json.loads(message.data))
        raise self._failure or BoxAway("the box closed the connection in the middle of a speech")


class _PlayerClock:
    """How far what was sent is ahead of a player that began with the first of it."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._began_at = 0.0
        self._samples = 0
        self.is_running = False

    def add(self, size: int) -> None:
        """More bytes of sound."""
        if not self.is_running:
            self.is_running, self._began_at = True, asyncio.get_running_loop().time()
        self._samples += size // SAMPLE_BYTES

    def ahead_s(self) -> float:
        """In seconds; 0 where the player waits."""
        played_s = asyncio.get_running_loop().time() - self._began_at
        return max(0.0, self._samples / self._sample_rate - played_s)


@contextlib.asynccontextmanager
async def _answering() -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(ANSWER_S):
            yield
    except TimeoutError as error:
        raise BoxAway("the box did not answer in time") from error
