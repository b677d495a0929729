"""A client of the WebSocket door that keeps everything it is sent, in order."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from protocol.frames import Frame
from tests.support.http_door import Door

Received = dict[str, Any] | Frame


class Peer:
    """One connection. Messages are dicts, frames are Frames."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.received: list[Received] = []

    async def send(self, type_: str, **fields: Any) -> None:
        """Send a message."""
        await self.websocket.send(json.dumps({"type": type_, **fields}))

    async def receive(self) -> Received:
        """The next message or frame."""
        message = await self.websocket.recv()
        received = json.loads(message) if isinstance(message, str) else Frame.parse(message)
        self.received.append(received)
        return received

    async def wait_for(self, type_: str, **fields: Any) -> dict[str, Any]:
        """The next message of this type with these fields; everything before it is kept in `received`."""
        async with asyncio.timeout(10):
            while True:
                received = await self.receive()
                if isinstance(received, dict) and received["type"] == type_ and fields.items() <= received.items():
                    return received

    async def wait_for_frame(self) -> Frame:
        """The next frame."""
        async with asyncio.timeout(10):
            while not isinstance(received := await self.receive(), Frame):
                pass
        return received

    async def wait_closed(self) -> tuple[int | None, str]:
        """Receive to the end; the close code and reason of the server."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await self.receive()
        return self.websocket.close_code, self.websocket.close_reason or ""

    def messages(self, type_: str | None = None, ctx: str | None = None) -> list[dict[str, Any]]:
        """The messages received so far, of one type or context."""
        return [
            message
            for message in self.received
            if isinstance(message, dict)
            and (type_ is None or message["type"] == type_)
            and (ctx is None or message.get("ctx") == ctx)
        ]

    def frames(self, ch: int | None = None) -> list[Frame]:
        """The frames received so far, of one channel."""
        return [frame for frame in self.received if isinstance(frame, Frame) and ch in (None, frame.ch)]


@asynccontextmanager
async def peer_of(door: Door, query: str = "", **options: Any) -> AsyncGenerator[Peer]:
    """A connected client; `options` are those of websockets.connect."""
    async with connect(
        f"ws://127.0.0.1:{door.port}/ws/v1{query}", compression=None, proxy=None, **options
    ) as websocket:
        yield Peer(websocket)
