"""The WebSocket door under clients that are fast, slow, broken or hostile."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from protocol.frames import Frame
from tests.support.core import Core, running_core
from tests.support.http_door import Door, leave, open_door
from tests.support.websocket_peer import Peer, peer_of
from tts_server.transports.http_settings import HttpSettings
from tts_server.transports.websocket_settings import WebSocketSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "很长的一段话，" * 60
UPGRADE = (
    b"GET /ws/v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def core() -> AsyncGenerator[Core]:
    async with running_core() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def door(core: Core) -> AsyncGenerator[Door]:
    async with open_door(core) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def peer(door: Door) -> AsyncGenerator[Peer]:
    async with peer_of(door) as connected:
        yield connected


def frame_of(opcode: int, payload: bytes, is_final: bool = True, mask: bytes = b"\0\0\0\0") -> bytes:
    """One frame as a client sends it; the mask of zeros leaves the payload as it is."""
    size = len(payload)
    head = bytes([128 * is_final | opcode])
    if size < 126:
        head += bytes([128 | size])
    elif size < 65536:
        head += struct.pack("!BH", 128 | 126, size)
    else:
        head += struct.pack("!BQ", 128 | 127, size)
    return head + mask + payload


async def close_code(door: Door, *frames: bytes) -> int | None:
    """Send frames on a bare socket; the code of the close frame that comes, if one does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    code = None
    try:
        for frame in frames:
            writer.write(frame)
        await writer.drain()
        async with asyncio.timeout(5):
            while head := await reader.readexactly(2):
                size = head[1]
                if size == 126:
                    (size,) = struct.unpack("!H", await reader.readexactly(2))
                payload = await reader.readexactly(size)
                if head[0] & 15 == CLOSE:
                    (code,) = struct.unpack("!H", payload[:2])
                    break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
    return code


async def is_well(door: Door) -> bool:
    async with peer_of(door) as peer:
        await peer.send("text", text="好。", end=True)
        return bool((await peer.wait_for("done"))["reason"] == "end")


def resident_kib() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4


async def wait_until_silent(core: Core) -> None:
    """Wait until no context is alive."""
    async with asyncio.timeout(5):
        await core.synthesizer._idle.wait()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame_of(BINARY, b"audio")], 1003),
        ([frame_of(TEXT, b"\xff\xfe")], 1007),
        ([frame_of(TEXT, b'{"type":"ping"}' + b" " * 65536)], 1009),
        ([frame_of(TEXT, b"[" * 65000)] * 21, 4400),
        ([frame_of(TEXT, b'{"type":"sing"}')] * 21, 4400),
        ([frame_of(TEXT, b'{"type":"ping"}')] * 500, 4429),
        ([frame_of(3, b"")], 1002),
        ([b"\x81\x05hello"], 1002),
        ([frame_of(CLOSE, struct.pack("!H", 1000))], 1000),
    ],
    ids=["binary", "not utf-8", "too long", "deep", "unknown", "too fast", "reserved opcode", "unmasked", "close"],
)
async def test_what_is_not_the_protocol_ends_with_its_close_code(door: Door, frames: list[bytes], code: int) -> None:
    assert await close_code(door, *frames) == code
    assert await is_well(door)


async def test_an_error_precedes_the_close_for_bad_messages(door: Door) -> None:
    async with peer_of(door) as peer:
        for _ in range(21):
            await peer.websocket.send("nonsense")
        assert await peer.wait_closed() == (4400, "bad_json")
        assert [error["fatal"] for error in peer.messages("error")] == [False] * 19 + [True]
        assert peer.messages()[-1] == {"type": "bye", "reason": "bad_json"}


async def test_a_message_in_one_byte_fragments_is_understood(door: Door) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", proxy=None) as websocket:
        await websocket.send(list('{"type":"ping","t":7}' + " " * 3000))
        assert json.loads(await websocket.recv())["type"] == "ready"
        assert json.loads(await websocket.recv())["t"] == 7


async def test_a_message_that_comes_with_the_handshake_is_heard(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(UPGRADE + frame_of(TEXT, b'{"type":"text","text":"hi.","end":true}'))
    async with asyncio.timeout(5):
        assert b'"opened"' in await reader.readuntil(b'"opened"')
    leave(writer)


async def test_random_bytes_do_nothing(door: Door) -> None:
    for seed in range(40):
        chance = random.Random(seed)
        code = await close_code(door, chance.randbytes(20_000))
        assert code is None or code in (1002, 1003, 1007, 1009, 4400)
    assert await is_well(door)


async def test_random_messages_are_answered_and_the_connection_lives(core: Core) -> None:
    chance = random.Random(3)
    types = ["hello", "open", "text", "emotion", "set", "flush", "end", "cancel", "ack", "describe", "ping", "x"]
    values: list[Any] = [
        "a",
        "",
        "*",
        "你好。",
        0,
        -1,
        1e308,
        2**70,
        True,
        None,
        [],
        {},
        "happy",
        {"rate": 8000},
        "none",
    ]
    names = ["ctx", "text", "emotion", "voice", "audio", "seq", "at", "speed", "flow", "ref", "end", "preempt", "what"]
    settings = WebSocketSettings(messages_burst=10_000, bad_messages=10_000)
    async with open_door(core, HttpSettings(websocket=settings)) as door, peer_of(door, max_queue=None) as peer:
        for _ in range(1500):
            fields = {chance.choice(names): chance.choice(values) for _ in range(chance.randrange(4))}
            await peer.send(chance.choice(types), **fields)
        await peer.send("cancel", ctx="*")
        await peer.send("ping", ref="last")
        await peer.wait_for("pong", ref="last")
        assert not [error for error in peer.messages("error") if error["code"] == "internal"]
    await wait_until_silent(core)


async def test_floods_of_pings_that_nobody_reads_the_answers_of_cost_nothing(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1)
    writer.write(UPGRADE)
    flood = frame_of(PING, b"p" * 125) * 1000
    before_kib = resident_kib()
    try:
        async with asyncio.timeout(5):
            for _ in range(400):  # 52 MB
                writer.write(flood)
                await writer.drain()
    except (ConnectionError, TimeoutError):
        pass  # it was cut off, or the kernel's buffers are full of what nobody reads
    assert resident_kib() - before_kib < 8 * 1024
    writer.transport.abort()
    assert reader is not None
    assert await is_well(door)


async def test_cancel_is_felt_at_once_while_eight_contexts_speak(core: Core) -> None:
    async with open_door(core) as door, peer_of(door, max_queue=None) as peer:
        loop = asyncio.get_running_loop()
        waits_s = []
        for attempt in range(6):
            contexts = [f"{attempt}.{number}" for number in range(8)]
            for ctx in contexts:
                await peer.send("text", ctx=ctx, text=LONG, end=True)
            for ctx in contexts:
                if not peer.messages("segment", ctx):
                    await peer.wait_for("segment", ctx=ctx)
            for ctx in contexts:
                sent_at = loop.time()
                await peer.send("cancel", ctx=ctx)
                await peer.wait_for("cancelled", ctx=ctx)
                waits_s.append(loop.time() - sent_at)
            for ctx in contexts:
                if not peer.messages("done", ctx):
                    await peer.wait_for("done", ctx=ctx)
        assert sorted(waits_s)[-1] < 0.05
        for ctx in contexts:
            (opened,), (cancelled,) = peer.messages("opened", ctx), peer.messages("cancelled", ctx)
            behind = peer.received[peer.received.index(cancelled) :]
            assert not [item for item in behind if isinstance(item, Frame) and item.ch == opened["ch"]]
    await wait_until_silent(core)


async def test_a_reader_at_playing_speed_waits_no_longer_than_the_lead(door: Door) -> None:
    loop = asyncio.get_running_loop()
    async with peer_of(door, max_queue=1, close_timeout=0.1) as peer:
        await peer.send("open", max_lead_ms=300)
        await peer.send("text", text=LONG, end=True)
        first = await peer.wait_for_frame()
        started_at = loop.time()
        played = len(first.payload) // 2
        while played < 16000:
            received = await peer.receive()
            if isinstance(received, Frame):
                played += len(received.payload) // 2
                await asyncio.sleep(max(0.0, started_at + received.pts / 16000 - loop.time()))
        sent_at = loop.time()
        await peer.send("cancel")
        while not peer.messages("cancelled"):
            received = await peer.receive()
            if isinstance(received, Frame):
                await asyncio.sleep(0.04)
        assert loop.time() - sent_at < 0.4


async def test_a_reader_that_stops_costs_little_and_is_given_up(core: Core) -> None:
    settings = WebSocketSettings(write_stall_s=1.0, messages_burst=10_000)
    async with open_door(core, HttpSettings(websocket=settings)) as door, peer_of(door) as well:
        # The first one also pays for what stays loaded. Both clients live in this process and count too.
        grown_kib = [await stop_reading(core, door, well) for _ in range(3)]
        assert min(grown_kib[1:]) < 4 * 1024


async def stop_reading(core: Core, door: Door, well: Peer) -> int:
    """A client asks for eight long texts and reads nothing, until it is given up. Returns what it took, in KiB."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    connected: socket.socket = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    writer.write(UPGRADE)
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    before_kib = resident_kib()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    for number in range(8):
        opened = {"type": "open", "ctx": str(number), "flow": "none", "audio": {"rate": 24000}}
        writer.write(frame_of(TEXT, json.dumps(opened).encode()))
        text = {"type": "text", "ctx": str(number), "text": LONG * 4, "end": True}
        writer.write(frame_of(TEXT, json.dumps(text, ensure_ascii=False).encode()))
    grown_kib = 0
    async with asyncio.timeout(4):
        while True:
            await well.send("text", text="你好。", end=True)
            assert (await well.wait_for("done"))["first_ms"] < 500  # others are not kept waiting
            grown_kib = max(grown_kib, resident_kib() - before_kib)
            if not core.synthesizer.active:
                break
    leave(writer)
    return grown_kib


async def test_a_client_that_vanishes_takes_its_contexts_with_it(core: Core) -> None:
    async with open_door(core) as door:
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(UPGRADE)
            writer.write(frame_of(TEXT, json.dumps({"type": "text", "text": LONG}, ensure_ascii=False).encode()))
            await reader.readuntil(b'"segment"')
            leave(writer)
        await wait_until_silent(core)
        assert await is_well(door)


async def test_connections_beyond_the_limit_of_the_port_are_refused(core: Core) -> None:
    settings = HttpSettings(max_connections=2)
    async with open_door(core, settings) as door, peer_of(door) as first, peer_of(door) as second:
        for peer in (first, second):
            await peer.send("ping")
            await peer.wait_for("pong")
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        assert (await reader.read()).startswith(b"HTTP/1.1 503")
        writer.close()


async def test_a_door_stops_without_waiting_for_a_client_that_has_said_nothing(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        door.door.stop_accepting()
        assert (await peer.wait_closed())[0] == 1001
