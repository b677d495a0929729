"""What the WebSocket door costs and keeps: `python -m tests.load.websocket_door`. Prints figures of one run.

1. First audio through the door against first audio from the engine link, by turns.
2. Cancel while eight contexts speak, for a reader that drains.
3. What a reader that stops costs the door's process.
4. Paced streams of ready audio from a door on one core: frames that come after they should be heard.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import struct
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import connect

from protocol.frames import HEADER
from tests.support.core import Core, running_core
from tests.support.http_door import Door, open_door
from tests.support.served import Served, served
from tests.support.websocket_peer import peer_of
from tts_server.text.linguistic.segment import Segment
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

SENTENCE = "今天天气很好我们去玩。"  # 1 s of the test engine
LONG = "很长的一段话，" * 60
FRAME_S = 0.020
CONTEXTS = 8  # of a connection
UPGRADE = (
    b"GET /ws/v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def first_audio(rounds: int) -> None:
    """Print medians of both ways, and of their difference."""
    async with running_core() as core, open_door(core) as door, peer_of(door) as peer:
        through_link, through_door = [], []
        for _ in range(rounds):
            through_link.append(await _from_link(core))
            started_at = time.perf_counter()
            await peer.send("text", text=SENTENCE, end=True)
            await peer.wait_for_frame()
            through_door.append(time.perf_counter() - started_at)
            await peer.wait_for("done")
        link_ms, door_ms = (1000 * statistics.median(times) for times in (through_link, through_door))
        print(
            f"first audio: link {link_ms:.1f} ms, door {door_ms:.1f} ms, overhead {door_ms - link_ms:.1f} ms (median)"
        )


async def _from_link(core: Core) -> float:
    segment = Segment(SENTENCE, tuple(range(len(SENTENCE) + 1)))
    started_at = time.perf_counter()
    with core.link.open(segment, "tone") as utterance:
        await utterance.next_chunk(0.125)
        return time.perf_counter() - started_at


async def cancels(rounds: int) -> None:
    """Print how soon `cancelled` comes."""
    wide = HttpSettings(websocket=WebSocketSettings(messages_burst=100_000, messages_per_s=10_000))
    async with running_core() as core, open_door(core, wide) as door:
        waits_ms = [wait for number in range(rounds) for wait in await _cancel_all(door, number)]
    waits_ms.sort()
    p99 = waits_ms[int(0.99 * len(waits_ms))]
    print(
        f"cancel with {CONTEXTS} contexts: {len(waits_ms)} times, median {statistics.median(waits_ms):.1f} ms, "
        f"p99 {p99:.1f} ms, longest {waits_ms[-1]:.1f} ms"
    )


async def _cancel_all(door: Door, number: int) -> list[float]:
    waits_ms = []
    async with peer_of(door, max_queue=None) as peer:
        names = [f"{number}.{index}" for index in range(CONTEXTS)]
        for ctx in names:
            await peer.send("text", ctx=ctx, text=LONG, end=True)
        for ctx in names:
            if not peer.messages("segment", ctx):
                await peer.wait_for("segment", ctx=ctx)
        for ctx in names:
            sent_at = time.perf_counter()
            await peer.send("cancel", ctx=ctx)
            await peer.wait_for("cancelled", ctx=ctx)
            waits_ms.append(1000 * (time.perf_counter() - sent_at))
    return waits_ms


@dataclass(slots=True)
class _Stream:
    started_at: float = 0.0
    frames: int = 0
    late: int = 0
    behind_s: list[float] = field(default_factory=list)  # the due time of sending


class _Listener(asyncio.Protocol):
    """Notes when frames come. Reads the wire itself: a client library would need the core that it shares."""

    def __init__(self, lead_s: float) -> None:
        self.streams: dict[int, _Stream] = {}
        self.done = asyncio.get_running_loop().create_future()
        self._lead_s = lead_s
        self._buffer = bytearray()
        self._is_open = False
        self._over = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(UPGRADE)
        for number in range(CONTEXTS):
            opened: dict[str, object] = {
                "type": "open",
                "ctx": str(number),
                "audio": {"frame_ms": round(1000 * FRAME_S)},
            }
            text: dict[str, object] = {"type": "text", "ctx": str(number), "text": SENTENCE * 10, "end": True}
            transport.write(_frame({**opened, "max_lead_ms": round(1000 * self._lead_s)}) + _frame(text))

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        if not self._is_open:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            del self._buffer[: end + 4]
            self._is_open = True
        start = 0
        while (end := self._end_of_frame(start)) is not None:
            first, body = end
            self._take(self._buffer[start] & 15, first, body, now)
            start = body
        del self._buffer[:start]

    def _end_of_frame(self, start: int) -> tuple[int, int] | None:
        """Where the payload of the frame begins and ends, if it is here whole."""
        if len(self._buffer) < start + 4:
            return None
        size, first = self._buffer[start + 1], start + 2
        if size == 126:
            (size,), first = struct.unpack_from("!H", self._buffer, start + 2), start + 4
        return (first, first + size) if len(self._buffer) >= first + size else None

    def _take(self, opcode: int, first: int, end: int, now: float) -> None:
        if opcode == 2:
            _, _, ch, _, _, pts = HEADER.unpack_from(self._buffer, first)
            stream = self.streams.setdefault(ch, _Stream(now))
            heard_at = stream.started_at + pts / 16000
            stream.frames += 1
            stream.late += now > heard_at + 1e-4 and pts > 0
            if pts / 16000 > self._lead_s:
                stream.behind_s.append(now - (heard_at - self._lead_s))
        elif self._buffer.find(b'"type":"done"', first, end) >= 0:
            self._over += 1
            if self._over == CONTEXTS and not self.done.done():
                self.done.set_result(None)


async def slow_reader(rounds: int) -> None:
    """Print by how much the door's process grows while a client takes nothing of eight long texts."""
    grown_kib = []
    async with served(websocket={"write_stall_s": 1.0, "messages_burst": 10_000}) as door:
        await _fill_cache(door)  # everything that is loaded on first use is loaded
        for _ in range(rounds):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            writer.write(UPGRADE)
            await reader.readuntil(b"\r\n\r\n")
            before_kib = highest_kib = door.resident_kib()
            writer.transport.pause_reading()
            for number in range(CONTEXTS):
                writer.write(_frame({"type": "open", "ctx": str(number), "flow": "none"}))
                writer.write(_frame({"type": "text", "ctx": str(number), "text": LONG * 4, "end": True}))
            for _ in range(15):
                await asyncio.sleep(0.1)
                highest_kib = max(highest_kib, door.resident_kib())
            grown_kib.append(highest_kib - before_kib)
            writer.transport.abort()
    print(f"a reader that stops, {CONTEXTS} contexts: the process grows by {', '.join(map(str, grown_kib))} KiB")


def _frame(message: dict[str, object]) -> bytes:
    """A text message as a client sends it."""
    payload = json.dumps(message, ensure_ascii=False).encode()
    return bytes([0x81, 128 | 126]) + struct.pack("!H", len(payload)) + bytes(4) + payload


async def streams(count: int, lead_ms: int) -> None:
    """Print how many of the frames came too late to be heard in time."""
    os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
    async with served("taskset", "-c", "0", cache_bytes=64 * 2**20) as door:
        await _fill_cache(door)
        loop = asyncio.get_running_loop()
        listeners = []
        cpu_s, started_at = door.cpu_s(), time.perf_counter()
        for _ in range(count // CONTEXTS):
            _, listener = await loop.create_connection(lambda: _Listener(lead_ms / 1000), "127.0.0.1", door.port)
            listeners.append(listener)
            await asyncio.sleep(0.02)  # people do not all begin in the same millisecond
        await asyncio.gather(*(listener.done for listener in listeners))
        took_s = time.perf_counter() - started_at
        cpu_s = door.cpu_s() - cpu_s
    heard = [stream for listener in listeners for stream in listener.streams.values()]
    behind_ms = sorted(1000 * late for stream in heard for late in stream.behind_s)
    p99 = behind_ms[int(0.99 * len(behind_ms))]
    print(
        f"{len(heard)} streams of {1000 * FRAME_S:.0f} ms frames, lead {lead_ms} ms, one core: "
        f"{sum(stream.frames for stream in heard)} frames, {sum(stream.late for stream in heard)} late; sent behind "
        f"their time: median {statistics.median(behind_ms):.1f} ms, p99 {p99:.1f} ms, "
        f"longest {behind_ms[-1]:.1f} ms; CPU {100 * cpu_s / took_s:.0f} %"
    )


async def _fill_cache(door: Served) -> None:
    async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", proxy=None) as websocket:
        await websocket.send(json.dumps({"type": "open", "flow": "none"}))
        await websocket.send(json.dumps({"type": "text", "text": SENTENCE * 10, "end": True}))
        async for message in websocket:
            if isinstance(message, str) and json.loads(message)["type"] == "done":
                return


async def main() -> None:
    """Measure all, or what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--lead-ms", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    await first_audio(options.rounds)
    await cancels(options.rounds)
    await slow_reader(4)
    await streams(options.streams, options.lead_ms)


if __name__ == "__main__":
    asyncio.run(main())
