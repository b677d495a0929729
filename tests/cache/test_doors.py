"""A running daemon with a cache: whichever door asks, and whoever spoke it, the same bytes are heard."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from protocol.client import Chunk, TtsClient
from tests.support.daemon import Daemon, running_daemon
from tests.support.figures import figures_of

TEXTS = ("主人，欢迎回家。", "今天有三封邮件。", "记得带伞。")  # each is fresh at another door
WAV_HEADER = 44
LISTENERS = 20


async def over_wyoming(daemon: Daemon, text: str) -> bytes:
    pcm = b""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Synthesize(text=text).event())
        while (event := await client.read_event()) is not None and not AudioStop.is_type(event.type):
            if AudioChunk.is_type(event.type):
                pcm += AudioChunk.from_event(event).audio
    return pcm


async def over_http(daemon: Daemon, text: str) -> bytes:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=30) as client:
        return (await client.post("/api/tts", json={"text": text})).content[WAV_HEADER:]


async def over_websocket(daemon: Daemon, text: str) -> bytes:
    async with TtsClient(f"ws://127.0.0.1:{daemon.http_port}") as tts, tts.open(flow="none") as speech:
        await speech.say_all(text)
        return b"".join([event.pcm async for event in speech if isinstance(event, Chunk)])


def recordings(folder: Path) -> int:
    return len(list(folder.rglob("*.segment")))


async def test_cached_audio_equals_fresh_audio_at_every_door(tmp_path: Path) -> None:
    doors = (over_wyoming, over_http, over_websocket)
    kept = {"TTS_SERVER__CACHE__MODE": "disk", "TTS_SERVER__CACHE__FOLDER": str(tmp_path)}
    async with running_daemon(environment=kept) as daemon:
        for number, text in enumerate(TEXTS):
            fresh = await doors[number](daemon, text)
            assert len(fresh) > 10_000
            assert [await door(daemon, text) for door in doors] == [fresh] * len(doors)
        assert await daemon.stop() == 0
    assert recordings(tmp_path) == len(TEXTS)  # each was spoken once


async def test_an_announcement_to_twenty_clients_is_spoken_once_and_heard_by_all() -> None:
    """They ask together, over all doors. The same bytes come to all, in the cache's memory only."""
    doors = (over_wyoming, over_http, over_websocket)
    announcement = "晚饭已经准备好了请大家到餐厅来吃饭。"
    async with running_daemon(environment={"TTS_SERVER__CACHE__MODE": "memory"}) as daemon:
        async with asyncio.TaskGroup() as tasks:
            asking = [tasks.create_task(doors[number % 3](daemon, announcement)) for number in range(LISTENERS)]
        heard = [task.result() for task in asking]
        assert len(heard[0]) > 100_000
        assert heard == heard[:1] * LISTENERS
        figures = await figures_of(daemon.http_port)
        segments = {key[1]: count for key, count in figures.items() if key[0] == "tts_segments_total"}
        assert segments["engine"] == 1
        assert sum(segments.values()) == LISTENERS
        assert await daemon.stop() == 0


async def test_the_warm_list_is_spoken_before_anybody_asks(tmp_path: Path) -> None:
    kept = {
        "TTS_SERVER__CACHE__MODE": "disk",
        "TTS_SERVER__CACHE__FOLDER": str(tmp_path),
        "TTS_SERVER__CACHE__WARM": '["主人，欢迎回家。"]',
    }
    async with running_daemon(environment=kept) as daemon:
        await daemon.wait_for_line("spoke voice=baker .*chars=8")
        assert len(await over_http(daemon, TEXTS[0])) > 10_000
        assert await daemon.stop() == 0
    assert recordings(tmp_path) == 1


def test_a_killed_daemon_leaves_a_cache_that_the_next_one_uses(tmp_path: Path) -> None:
    """Killed while it writes: whatever is left is whole, or is not believed."""
    script = f"""
import asyncio, os, pathlib
from tts_server.cache.disk import DiskStore
async def main():
    store = DiskStore(pathlib.Path({str(tmp_path)!r}), 10**9, 1000.0)
    await store.open()
    for number in range(100_000):
        if number == 20:
            print("go", flush=True)
        await store.put(f"{{number % 7:02}}aa", os.urandom(200_000))
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"go\n"
        writer.kill()
    whole = [path.stat().st_size for path in tmp_path.rglob("*.segment")]
    assert set(whole) == {200_000}
