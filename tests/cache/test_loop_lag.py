"""Speech from the cache keeps nobody waiting: neither other clients, nor whoever hangs up in the middle of it."""

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.support.core import running_core
from tests.support.served import LIMITS, ask_meter, cached_synthesizer, served
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.listening import listen
from tts_server.transports.wyoming.door import WyomingDoor, WyomingLimits

SENTENCE = "今天的天气真的很好很好很好很好，我们一起去公园里面散步吧。"
MINUTES = 5  # for each of four readers
TEXT = SENTENCE * (MINUTES * 60 * 10 // (len(SENTENCE) - 2) + 1)  # the test engine takes 0.1 s a syllable
PCM_BYTES = 16_000 * 2 * 60 * MINUTES
ATTEMPTS = 3  # a machine that other things happen on


def http_request(path: str, **body: object) -> bytes:
    sent = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(sent)}\r\n\r\n".encode() + sent


def read_http(port: int, text: str, form: str) -> int:
    """Bytes of the answer."""
    with socket.create_connection(("127.0.0.1", port), 30) as peer:
        peer.sendall(http_request("/api/tts", text=text, format=form))
        count = 0
        while received := peer.recv(2**18):
            count += len(received)
        return count


def read_wyoming(port: int, text: str) -> int:
    data = json.dumps({"text": text}, ensure_ascii=False).encode()
    with socket.create_connection(("127.0.0.1", port), 30) as peer:
        peer.sendall(json.dumps({"type": "synthesize", "data_length": len(data)}).encode() + b"\n" + data)
        count, tail = 0, b""
        while b'"audio-stop"' not in tail:
            received = peer.recv(2**18)
            assert received, tail
            count += len(received)
            tail = (tail + received)[-4096:]
        return count


def read_websocket(port: int, text: str) -> int:
    count = 0
    with connect(f"ws://127.0.0.1:{port}/ws/v1", compression=None) as peer:
        opened = {"type": "open", "ctx": "main", "flow": "none", "audio": {"frame_ms": 100}}
        peer.send(json.dumps(opened))
        for start in range(0, len(text), 1000):
            piece = text[start : start + 1000]
            peer.send(json.dumps({"type": "text", "text": piece, "end": start + 1000 >= len(text)}))
        for message in peer:
            if isinstance(message, bytes):
                count += len(message)
            elif json.loads(message)["type"] == "done":
                return count
    raise AssertionError("the connection ended before the speech")


READERS: list[Callable[[int, int], int]] = [
    lambda http, wyoming: read_http(http, TEXT, "pcm"),
    lambda http, wyoming: read_wyoming(wyoming, TEXT),
    lambda http, wyoming: read_websocket(http, TEXT),
    lambda http, wyoming: 4 * read_http(http, TEXT, "mp3"),  # 64 kbit/s
]


async def test_twenty_minutes_of_cached_speech_to_four_readers_leave_the_loop_free() -> None:
    idle = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.loop_meter"), stdout=asyncio.subprocess.PIPE
    )
    assert idle.stdout is not None
    await idle.stdout.readline()
    try:
        async with served(metered=True, cache_bytes=2**24) as doors:
            await asyncio.to_thread(read_http, doors.port, SENTENCE, "pcm")
            for _ in range(ATTEMPTS):
                await asyncio.gather(ask_meter(idle), doors.loop_figures())
                readers = [asyncio.to_thread(read, doors.port, doors.wyoming_port) for read in READERS]
                counts = await asyncio.gather(*readers)
                quiet, busy = await asyncio.gather(ask_meter(idle), doors.loop_figures())
                assert all(count >= PCM_BYTES for count in counts)
                if _is_free(quiet, busy):
                    return
        raise AssertionError(f"beside an idle loop {quiet}: {busy}")
    finally:
        idle.kill()
        await idle.wait()


def _is_free(quiet: dict[str, Any], busy: dict[str, Any]) -> bool:
    """Others on the machine lengthen the lag of a busy process more than that of an idle one: its own part counts."""
    is_small = busy["own_p99_ms"] <= 5 and busy["own_worst_ms"] <= 20 and busy["callback_ms"] <= 10
    return is_small and busy["lag_p50_ms"] <= quiet["lag_p50_ms"] + 5


@pytest.mark.parametrize("form", ["pcm", "mp3", "sse", "wyoming", "websocket"])
async def test_who_hangs_up_in_the_middle_of_cached_speech_is_noticed_at_once(
    form: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is written to a dead socket again and again: each such write is a line in the log."""
    caplog.set_level(logging.INFO)
    async with running_core(LIMITS) as core:
        synthesizer = cached_synthesizer(core, 2**24)
        doors = HttpDoor(synthesizer, HttpSettings(max_body_bytes=2**20)), WyomingDoor(synthesizer, WyomingLimits())
        sockets = listen("127.0.0.1", 0), listen("127.0.0.1", 0)
        for door, listening in zip(doors, sockets, strict=True):
            await door.start(listening)
        http, wyoming = (listening[0].getsockname()[1] for listening in sockets)
        await asyncio.to_thread(read_http, http, SENTENCE, "pcm")
        told = len(ours(caplog))
        for _ in range(3):
            await asyncio.to_thread(hang_up, form, http, wyoming)
            async with asyncio.timeout(15):
                await synthesizer.wait_idle()
        for door in doors:
            await door.close()
    assert [record for record in caplog.records if "socket.send" in record.message] == []
    lines = [line for line in ours(caplog)[told:] if not line.startswith("WebSocket /ws/v1 ended")]
    assert [line.rpartition(" ")[2] for line in lines] == ["end=cancelled"] * 3, lines
    ends = [record.message for record in caplog.records if record.message.startswith("spoke")]
    assert [end for end in ends[1:] if "end=end" in end] == []


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the daemon's owner reads."""
    return [record.message for record in caplog.records if record.name.startswith("tts_server")]


def hang_up(form: str, http: int, wyoming: int) -> None:
    """Ask for minutes of it, hear a little, and leave with a reset."""
    if form == "websocket":
        with connect(f"ws://127.0.0.1:{http}/ws/v1", compression=None) as peer:
            peer.send(json.dumps({"type": "open", "ctx": "main", "flow": "none"}))
            peer.send(json.dumps({"type": "text", "text": TEXT, "end": True}, ensure_ascii=False))
            while not isinstance(peer.recv(), bytes):
                pass
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            peer.socket.close()
            return
    data = json.dumps({"text": TEXT}, ensure_ascii=False).encode()
    request = {
        "wyoming": json.dumps({"type": "synthesize", "data_length": len(data)}).encode() + b"\n" + data,
        "sse": http_request("/api/tts/sse", text=TEXT),
    }.get(form) or http_request("/api/tts", text=TEXT, format=form)
    with socket.create_connection(("127.0.0.1", wyoming if form == "wyoming" else http), 30) as peer:
        peer.sendall(request)
        peer.recv(2000)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
