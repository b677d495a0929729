"""A full house: who makes room, who is refused, and that a probe is answered all the same."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.core import Core
from tests.support.http_door import Door, core_without_engines, open_door, send_raw
from tts_server.transports.http.settings import HttpSettings

SMALL = HttpSettings(max_connections_per_address=4, head_timeout_s=5.0)


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode()


def upgrade(*fields: str) -> bytes:
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    return get("/ws/v1", "Connection: Upgrade", "Upgrade: websocket", key, "Sec-WebSocket-Version: 13", *fields)


async def hold(stack: AsyncExitStack, door: Door, sent: bytes, wanted: bytes = b"") -> asyncio.StreamReader:
    """A connection that stays; what was sent is answered first, if an answer is wanted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    stack.callback(writer.close)
    writer.write(sent)
    if wanted:
        await reader.readuntil(wanted)
    return reader


UNFINISHED = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"


@pytest.mark.parametrize("begun", [b"", b"GET / HTT", UNFINISHED], ids=["nothing", "half a head", "half a body"])
async def test_connections_that_never_asked_make_room(begun: bytes) -> None:
    async with open_door(core_without_engines(), SMALL) as door, AsyncExitStack() as stack:
        for _ in range(40):
            await hold(stack, door, begun)
        assert b" 200 " in (await send_raw(door.port, get("/api/voices", "Connection: close"))).splitlines()[0]


async def test_probes_are_answered_when_every_place_is_taken(core: Core) -> None:
    async with open_door(core, SMALL) as door, AsyncExitStack() as stack:
        for _ in range(4):
            await hold(stack, door, upgrade(), b"\r\n\r\n")
        for path in ("/healthz", "/readyz") * 10:
            assert (await send_raw(door.port, get(path))).startswith(b"HTTP/1.1 200")  # and it is closed
        assert (await send_raw(door.port, get("/api/voices"))).startswith(b"HTTP/1.1 429")
        assert (await send_raw(door.port, upgrade())).startswith(b"HTTP/1.1 429")


async def test_a_full_house_that_is_besieged_answers_probes(core: Core) -> None:
    async with open_door(core, SMALL) as door, AsyncExitStack() as stack:
        for _ in range(4):
            await hold(stack, door, upgrade(), b"\r\n\r\n")
        for _ in range(40):
            await hold(stack, door, b"")
        assert (await send_raw(door.port, get("/readyz"))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "fields", [(f"Cookie: {'x' * 9000}",), tuple(f"X-{number}: y" for number in range(140))], ids=["long", "many"]
)
async def test_an_upgrade_with_too_large_a_head_is_told_so_at_once(fields: tuple[str, ...]) -> None:
    async with open_door(core_without_engines(), SMALL) as door:
        for _ in range(2 * SMALL.max_connections_per_address):
            async with asyncio.timeout(SMALL.head_timeout_s / 2):
                answer = await send_raw(door.port, upgrade(*fields))
            assert answer.startswith(b"HTTP/1.1 431 ")
            assert b"may have 128 fields of 8192 bytes" in answer
        assert (await send_raw(door.port, get("/healthz", "Connection: close"))).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("began", [get("/api/voices"), upgrade()], ids=["plain", "upgrade"])
async def test_a_head_that_grows_too_long_is_told_so_before_its_end(began: bytes) -> None:
    async with open_door(core_without_engines(), SMALL) as door, asyncio.timeout(SMALL.head_timeout_s / 2):
        answer = await send_raw(door.port, began.removesuffix(b"\r\n") + b"Cookie: " + b"x" * 30_000)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"the head of a request may have 16384 bytes" in answer
