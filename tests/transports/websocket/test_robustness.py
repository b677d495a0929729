"""The WebSocket door under clients that are fast, slow, broken or hostile."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from protocol.frames import Frame
from tests.support import fixtures
from tests.support.core import ENGINES, Core, running_core
from tests.support.http_door import Door, leave, open_door
from tests.support.served import Served, served
from tests.support.websocket_peer import Peer, peer_of
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "很长的一段话，" * 60
UPGRADE = (
    b"GET /ws/v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


core, door = fixtures.core, fixtures.door


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
        async with asyncio.timeout(15):
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


async def wait_until_silent(core: Core) -> None:
    """Wait until no context is alive."""
    async with asyncio.timeout(15):
        await core.synthesizer._idle.wait()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame_of(BINARY, b"audio")], 1003),
        ([frame_of(TEXT, b"\xff\xfe")], 1007),
        ([frame_of(TEXT, b'{"type":"ping"}' + b" " * 65536)], 1009),
        ([frame_of(TEXT, b"[" * 65000)] * 21, 4400),
        ([frame_of(TEXT, b'{"type":"sing"}')] * 21, 4400),
        ([frame_of(3, b"")], 1002),
        ([b"\x81\x05hello"], 1002),
        ([frame_of(CLOSE, struct.pack("!H", 1000))], 1000),
    ],
    ids=["binary", "not utf-8", "too long", "deep", "unknown", "reserved opcode", "unmasked", "close"],
)
async def test_what_is_not_the_protocol_ends_with_its_close_code(door: Door, frames: list[bytes], code: int) -> None:
    assert await close_code(door, *frames) == code
    assert await is_well(door)


async def test_who_keeps_sending_too_fast_is_sent_away(core: Core) -> None:
    slow = WebSocketSettings(messages_per_s=1, messages_burst=20)  # a busy box reads so slowly that 200/s would do
    async with open_door(core, HttpSettings(websocket=slow)) as door:
        assert await close_code(door, *[frame_of(TEXT, b'{"type":"ping"}')] * 100) == 4429
        assert await is_well(door)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (r'{"type":"text","text":"\udc00\ud800"}', "bad_json"),
        ('{"type":"ack","seq":' + "9" * 5000 + "}", "bad_json"),
        ('{"type":"ack","played_samples":1e400}', "bad_field"),
        ('{"type":"text","text":"a","at":-1}', "bad_field"),
        ('{"type":"open","speed":1e308}', "bad_field"),
        ('{"type":"ping","t":NaN}', "bad_field"),
        ("[" * 500 + "]" * 500, "bad_json"),
        ('{"type":' * 5000 + "1" + "}" * 5000, "bad_json"),
        ("null", "bad_message"),
        ('["type"]', "bad_message"),
        ('{"type":null}', "unknown_type"),
        ("", "bad_json"),
    ],
    ids=lambda value: value[:40],
)
async def test_a_message_that_makes_no_sense_is_answered_and_the_connection_lives(
    peer: Peer, sent: str, code: str
) -> None:
    await peer.websocket.send(sent)
    error = await peer.wait_for("error")
    assert (error["code"], error["fatal"]) == (code, False)
    await peer.send("text", text="好。", end=True)
    assert (await peer.wait_for("done"))["reason"] == "end"


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
    async with asyncio.timeout(15):
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


async def test_floods_of_pings_that_nobody_reads_the_answers_of_cost_nothing() -> None:
    flood = frame_of(PING, b"p" * 125) * 1000
    async with served() as door:
        await hear_one(door)
        growths_kib = []
        for _ in range(3):
            before_kib = door.resident_kib()
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1)
            writer.write(UPGRADE)
            try:
                async with asyncio.timeout(3):
                    for _ in range(200):  # 26 MB
                        writer.write(flood)
                        await writer.drain()
            except (ConnectionError, TimeoutError):
                pass  # it was cut off, or the kernel's buffers are full of what nobody reads
            growths_kib.append(door.resident_kib() - before_kib)
            writer.transport.abort()
            assert reader is not None
            await hear_one(door)
        assert max(growths_kib) < 4 * 1024
        assert sum(growths_kib[1:]) < 1536


async def test_many_broken_clients_leave_nothing_behind() -> None:
    nonsense = [
        *(random.Random(1).randbytes(20_000), frame_of(TEXT, b"[" * 65000), frame_of(TEXT, b'{"a":' * 12_000)),
        *(frame_of(TEXT, b'{"type":"ack","seq":1' + b"0" * 60_000 + b"}"), frame_of(TEXT, b"x" * 65_537)),
        frame_of(TEXT, b'{"type":"text","text":"\\ud800"}'),
        b"".join(frame_of(TEXT if number == 0 else 0, b"x", is_final=False) for number in range(5000)),
    ]
    async with served(websocket={"write_stall_s": 1.0}) as door:
        growths_kib = []
        for _ in range(6):
            before_kib = door.resident_kib()
            for sent in nonsense:
                reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
                writer.write(UPGRADE + sent)
                await reader.readuntil(b"\r\n\r\n")
                leave(writer)
            await hear_one(door)
            growths_kib.append(door.resident_kib() - before_kib)
        assert sum(growths_kib[2:]) < 1536


async def test_cancel_is_felt_at_once_while_eight_contexts_speak(core: Core) -> None:
    """How soon is measured by tests/load/websocket_door.py; here, that nothing comes after it."""
    async with open_door(core) as door, peer_of(door, max_queue=None) as peer:
        contexts = [str(number) for number in range(8)]
        for ctx in contexts:
            await peer.send("text", ctx=ctx, text=LONG, end=True)
        for ctx in contexts:
            if not peer.messages("segment", ctx):
                await peer.wait_for("segment", ctx=ctx)
        for ctx in contexts:
            await peer.send("cancel", ctx=ctx)
            cancelled = await peer.wait_for("cancelled", ctx=ctx)
            # The socket holds less than a second of it: what was made ahead is not sent.
            assert cancelled["sent_samples"] <= 1.2 * 16000
        for ctx in contexts:
            if not peer.messages("done", ctx):
                await peer.wait_for("done", ctx=ctx)
        for ctx in contexts:
            (opened,), (cancelled,) = peer.messages("opened", ctx), peer.messages("cancelled", ctx)
            behind = peer.received[peer.received.index(cancelled) :]
            assert not [item for item in behind if isinstance(item, Frame) and item.ch == opened["ch"]]
    await wait_until_silent(core)


async def test_the_engine_stops_within_a_chunk_after_a_cancel(tmp_path: Path) -> None:
    chunks = tmp_path / "chunks"
    engines = {**ENGINES, "counting": "tests.support.chaos:CountingEngine"}
    async with (
        running_core(engines=engines, engine_settings={"counting": {"path": str(chunks)}}, threads=1) as core,
        open_door(core) as door,
        peer_of(door) as peer,
    ):
        for attempt in range(5):
            await peer.send("open", ctx=str(attempt), voice="counting", flow="none")
            await peer.send("text", ctx=str(attempt), text=LONG, end=True)
            await peer.wait_for_frame()
            await peer.send("cancel", ctx=str(attempt))
            await peer.wait_for("cancelled", ctx=str(attempt))
            begun = chunks.stat().st_size
            # The engine's only thread is free for this one when it has stopped.
            await peer.send("text", ctx="next", text="好。", end=True)
            await peer.wait_for("done", ctx="next")
            assert chunks.stat().st_size - begun <= 1


async def test_a_reader_at_playing_speed_hears_no_more_than_the_lead_after_a_cancel(door: Door) -> None:
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
        await peer.send("cancel")
        await peer.wait_for("cancelled")
        assert sum(len(frame.payload) // 2 for frame in peer.frames()) - played < 0.5 * 16000


async def test_a_reader_that_stops_costs_little_and_is_given_up() -> None:
    async with served(websocket={"write_stall_s": 1.0, "messages_burst": 10_000}) as door:
        await hear_one(door)
        # The first one also pays for what stays loaded, as the change of rate.
        grown_kib = [await stop_reading(door) for _ in range(4)]
        assert max(grown_kib[1:]) < 2 * 1024


async def stop_reading(door: Served) -> int:
    """A client asks for eight long texts and reads nothing, until it is given up. Returns what it took, in KiB."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    connected: socket.socket = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    writer.write(UPGRADE)
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    before_kib = door.resident_kib()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    for number in range(8):
        opened = {"type": "open", "ctx": str(number), "flow": "none", "audio": {"rate": 24000}}
        writer.write(frame_of(TEXT, json.dumps(opened).encode()))
        text = {"type": "text", "ctx": str(number), "text": LONG * 4, "end": True}
        writer.write(frame_of(TEXT, json.dumps(text, ensure_ascii=False).encode()))
    grown_kib = 0
    async with asyncio.timeout(15):
        while (await hear_one(door))["contexts"] > 1:
            grown_kib = max(grown_kib, door.resident_kib() - before_kib)
    leave(writer)
    return grown_kib


async def hear_one(door: Served) -> dict[str, int]:
    """Another client is served well meanwhile. Returns what the server then tells of its engine."""
    async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", proxy=None) as websocket:
        peer = Peer(websocket)
        await peer.send("text", text="你好。", end=True)
        assert (await peer.wait_for("done"))["reason"] == "end"
        await peer.send("open", ctx="asking")
        await peer.send("describe", what=["engine"])
        engine: dict[str, int] = (await peer.wait_for("info"))["engine"]
        return engine


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


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        (HttpSettings(max_connections=2), b"HTTP/1.1 503"),
        (HttpSettings(max_connections_per_address=2), b"HTTP/1.1 429"),
    ],
)
async def test_connections_beyond_a_limit_are_refused(core: Core, settings: HttpSettings, status: bytes) -> None:
    async with open_door(core, settings) as door, peer_of(door) as first, peer_of(door) as second:
        for peer in (first, second):
            await peer.send("ping")
            await peer.wait_for("pong")
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(UPGRADE)
        answer = await reader.read()
        assert answer.startswith(status)
        assert b"retry-after" in answer
        writer.close()


async def test_a_door_stops_without_waiting_for_a_client_that_has_said_nothing(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        door.door.stop_accepting()
        assert (await peer.wait_closed())[0] == 1001
