"""A real HTTP door on loopback, and ways to talk to it: httpx, and bare sockets for what no client would send."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.support.core import SETTINGS, Core, CoreLimits
from tts_server.access.access import Access
from tts_server.engine_host.link import EngineLink
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.listening import listen
from tts_server.user_data.user_data import UserData


@dataclass(frozen=True)
class Door:
    """A listening door and a client for it."""

    door: HttpDoor
    port: int
    client: httpx.AsyncClient


def core_without_engines() -> Core:
    """A core whose engine host has not been started: quick, for tests in which nothing is spoken."""
    link = EngineLink(SETTINGS)
    return Core(Synthesizer(link, Turns(Scheduler(1)), CoreLimits()), link)


@asynccontextmanager
async def open_door(
    core: Core, settings: HttpSettings | None = None, access: Access | None = None, user_data: UserData | None = None
) -> AsyncGenerator[Door]:
    """An HTTP door for a core, closed at the end."""
    door = HttpDoor(core.synthesizer, settings or HttpSettings(), access, user_data=user_data)
    await door.start(listen("127.0.0.1", 0))
    (port,) = door.ports
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield Door(door, port, client)
    finally:
        await door.close()


async def send_raw(port: int, sent: bytes) -> bytes:
    """Send bytes on a new connection; everything that comes back until the server closes or resets it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""
    try:
        writer.write(sent)
        await writer.drain()
        while part := await reader.read(65536):
            received += part
    except ConnectionError:
        pass
    finally:
        writer.close()
    return received


def leave(writer: asyncio.StreamWriter) -> None:
    """Go away as a client does whose device loses power: with a reset, nothing more is read."""
    connected: socket.socket = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


def speech_request(text: str, voice: str = "tone") -> bytes:
    """`POST /api/tts` as bytes on the wire."""
    body = b'{"text": "%s", "voice": "%s"}' % (text.encode(), voice.encode())
    head = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body
