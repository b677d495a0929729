"""One client for each door. Each tells how its text ended, and how much audio it had by when."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.tts import Synthesize

from protocol.frames import Frame
from tests.support.daemon import Daemon

RATE: Final = 16_000
WHOLE, ERROR, CUT, HANGS = "whole", "error", "cut", "HANGS"
PATIENCE_S: Final = 40.0


@dataclass
class Listener:
    """What one client heard."""

    door: str
    text: str
    audio_s: float = 0.0
    ended_at: float = 0.0
    end: str = HANGS
    told: str = ""
    _grown: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, audio: bytes, rate: int = RATE) -> None:
        """So much more audio."""
        self.audio_s += len(audio) / 2 / rate
        self._grown.set()

    async def until(self, audio_s: float) -> None:
        """Until so much was heard, or it is over."""
        while self.audio_s < audio_s and not self.ended_at:
            self._grown.clear()
            await self._grown.wait()

    async def listen(self, daemon: Daemon) -> None:
        """Ask, and take everything."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                self.end, self.told = await DOORS[self.door](daemon, self)
        except TimeoutError:
            self.end, self.told = HANGS, f"for {PATIENCE_S:g} s"
        except (OSError, httpx.HTTPError, ConnectionClosed, EOFError) as error:
            self.end, self.told = CUT, repr(error)
        self.ended_at = time.monotonic()
        self._grown.set()


async def _wyoming(daemon: Daemon, listener: Listener) -> tuple[str, str]:
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Synthesize(listener.text).event())
        while (event := await client.read_event()) is not None:
            if Error.is_type(event.type):
                return ERROR, str(event.data)
            if AudioChunk.is_type(event.type):
                listener.heard(AudioChunk.from_event(event).audio)
            if AudioStop.is_type(event.type):
                return WHOLE, ""
    return CUT, "the daemon hung up"


async def _websocket(daemon: Daemon, listener: Listener) -> tuple[str, str]:
    async with connect(f"ws://127.0.0.1:{daemon.http_port}/ws/v1", proxy=None, close_timeout=1) as websocket:
        await websocket.send(json.dumps({"type": "open", "ctx": "a", "flow": "none"}))
        await websocket.send(json.dumps({"type": "text", "ctx": "a", "text": listener.text, "end": True}))
        async for message in websocket:
            if isinstance(message, bytes):
                listener.heard(Frame.parse(message).payload)
                continue
            told = json.loads(message)
            if told["type"] == "error":
                return ERROR, message
            if told["type"] == "done":
                return (ERROR, message) if told.get("error") else (WHOLE, "")
    return CUT, "the daemon hung up"


async def _post(daemon: Daemon, listener: Listener, path: str, body: dict[str, str]) -> tuple[str, str]:
    url = f"http://127.0.0.1:{daemon.http_port}{path}"
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("POST", url, json=body) as answer,
    ):
        if answer.status_code != 200:
            return ERROR, (await answer.aread()).decode()
        async for audio in answer.aiter_bytes():
            listener.heard(audio, 24_000 if path.startswith("/v1") else RATE)
    return WHOLE, ""


async def _http(daemon: Daemon, listener: Listener) -> tuple[str, str]:
    return await _post(daemon, listener, "/api/tts", {"text": listener.text, "format": "pcm"})


async def _openai(daemon: Daemon, listener: Listener) -> tuple[str, str]:
    body = {"model": "tts-1", "input": listener.text, "voice": "alloy", "response_format": "pcm"}
    return await _post(daemon, listener, "/v1/audio/speech", body)


DOORS: Final[dict[str, Callable[[Daemon, Listener], Awaitable[tuple[str, str]]]]] = {
    "Wyoming": _wyoming,
    "WebSocket": _websocket,
    "HTTP": _http,
    "OpenAI": _openai,
}
