"""The Wyoming door on a loopback port, and clients that talk to it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wyoming.client import AsyncTcpClient
from wyoming.event import Event, async_read_event, async_write_event

from tests.support.core import Core
from tts_server.transports.listening import listen, listen_unix
from tts_server.transports.wyoming.door import WyomingDoor, WyomingLimits

TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Served:
    """A door that is open."""

    door: WyomingDoor
    core: Core
    port: int

    def client(self) -> AsyncTcpClient:
        """A client of the wyoming package; enter it to connect."""
        return AsyncTcpClient("127.0.0.1", self.port, connect_timeout=TIMEOUT_S, read_timeout=TIMEOUT_S)


@asynccontextmanager
async def serving(core: Core, limits: WyomingLimits | None = None, unix: str = "") -> AsyncGenerator[Served]:
    """An open door in front of a core; nothing of it is left afterwards. unix: the path of a socket besides."""
    door = WyomingDoor(core.synthesizer, limits or WyomingLimits())
    sockets = listen("127.0.0.1", 0)
    port = sockets[0].getsockname()[1]
    await door.start([*sockets, listen_unix(unix)] if unix else sockets)
    try:
        yield Served(door, core, port)
    finally:
        async with asyncio.timeout(TIMEOUT_S):
            await door.close()


@asynccontextmanager
async def connected(port: int | str) -> AsyncGenerator["Peer"]:
    """A client on a bare socket: of a port, or of the path of a Unix socket."""
    opening = (
        asyncio.open_unix_connection(port) if isinstance(port, str) else asyncio.open_connection("127.0.0.1", port)
    )
    reader, writer = await opening
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


@dataclass(frozen=True)
class Peer:
    """A client that can do what no library would."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, kind: str, **data: object) -> None:
        await async_write_event(Event(kind, data), self.writer)

    async def send_raw(self, sent: bytes) -> None:
        self.writer.write(sent)
        await self.writer.drain()

    async def read(self) -> Event | None:
        """The next event; None when the server closed."""
        async with asyncio.timeout(TIMEOUT_S):
            return await async_read_event(self.reader)

    async def read_until(self, kind: str) -> list[Event]:
        """Events up to and with the first of a kind."""
        events: list[Event] = []
        while not events or events[-1].type != kind:
            event = await self.read()
            assert event is not None, f"closed before {kind}, after {kinds(events)}"
            events.append(event)
        return events

    async def read_all(self) -> list[Event]:
        """Events until the server closes."""
        events: list[Event] = []
        while (event := await self.read()) is not None:
            events.append(event)
        return events


def kinds(events: list[Event]) -> list[str]:
    """The types of events, with a run of audio-chunks as one."""
    found: list[str] = []
    for event in events:
        if not (event.type == "audio-chunk" and found and found[-1] == "audio-chunk"):
            found.append(event.type)
    return found


def audio_s(events: list[Event]) -> float:
    """Seconds of audio in events."""
    chunks = [event for event in events if event.type == "audio-chunk"]
    return sum(len(chunk.payload or b"") / chunk.data["rate"] / chunk.data["width"] for chunk in chunks)
