"""The whole daemon as a process: starts, speaks through every door, stays small, stops in order."""

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

from protocol.answers import Done
from protocol.client import Chunk, TtsClient
from tests.support.daemon import Daemon, running_daemon
from tests.support.decoding import decoded
from tts_server.audio.pcm import from_s16le

FORBIDDEN = (
    "onnxruntime",
    "torch",
    "wetext",
    "rjieba",
    "pypinyin",
    "hibari",
    "scipy",
    "tflite",
    "kaldifst",
    "jwt",
    "limits",
    "av",
)


async def spoken(daemon: Daemon, text: str) -> np.ndarray:
    """The samples a Wyoming client hears; an error event fails the test."""
    pcm = b""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Synthesize(text=text).event())
        while (event := await client.read_event()) is not None and not AudioStop.is_type(event.type):
            assert not Error.is_type(event.type), event.data
            if AudioChunk.is_type(event.type):
                pcm += AudioChunk.from_event(event).audio
    return from_s16le(pcm)


async def test_mandarin_and_english_are_spoken_through_wyoming_and_http() -> None:
    async with running_daemon() as daemon:
        mandarin = await spoken(daemon, "今天天气很好。")
        assert 0.8 * 24000 < len(mandarin) < 3 * 24000
        assert 0.02 < np.sqrt(np.mean(mandarin**2)) < 0.3
        mixed = await spoken(daemon, "请打开WiFi，然后连接Bluetooth。")
        assert len(mixed) > len(mandarin)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}") as client:
            response = await client.post("/api/tts", json={"text": "今天天气很好。"})
        np.testing.assert_array_equal(from_s16le(response.content[44:]), mandarin)
        assert await daemon.stop() == 0


async def test_the_doors_answer_while_the_voices_are_still_loading() -> None:
    async with running_daemon(wait_ready=False) as daemon:
        async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
        assert event is not None
        voices = {voice.name for program in Info.from_event(event).tts for voice in program.voices}
        assert {"baker", "heart"} <= voices
        assert len(await spoken(daemon, "你好。")) > 0


async def test_sigterm_while_clients_speak_lets_them_hear_the_end() -> None:
    async with running_daemon() as daemon:
        client = AsyncTcpClient("127.0.0.1", daemon.wyoming_port)
        await client.connect()
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk(text="今天天气很好，我们去公园。").event())
        await client.write_event(SynthesizeStop().event())
        event = await client.read_event()
        assert event is not None
        assert AudioStart.is_type(event.type)
        daemon.process.send_signal(signal.SIGTERM)
        kinds = []
        while (event := await client.read_event()) is not None:
            kinds.append(event.type)
            if SynthesizeStopped.is_type(event.type):
                break
        await client.disconnect()
        assert kinds[-2:] == ["audio-stop", "synthesize-stopped"]
        assert "error" not in kinds
        assert await daemon.stop() == 0


async def test_sigterm_while_a_websocket_is_spoken_to_lets_it_hear_the_end() -> None:
    async with running_daemon() as daemon:
        async with TtsClient(f"ws://127.0.0.1:{daemon.http_port}") as tts, tts.open() as speech:
            await speech.say_all("今天天气很好，我们去公园。记得带水。")
            events = []
            async for event in speech:
                if isinstance(event, Chunk) and not any(isinstance(before, Chunk) for before in events):
                    daemon.process.send_signal(signal.SIGTERM)
                events.append(event)
            done = events[-1]
            assert isinstance(done, Done)
            assert (done.reason, done.segments) == ("end", 3)
            heard = sum(len(event.pcm) // 2 for event in events if isinstance(event, Chunk))
            assert heard == done.samples > 2 * 24000
        assert await daemon.end() == 0


async def test_sigterm_beyond_the_grace_time_ends_with_an_error_and_end_events() -> None:
    async with running_daemon(environment={"TTS_SERVER__LIMITS__GRACE_S": "0.1"}) as daemon:
        async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
            await client.write_event(SynthesizeStart().event())  # its text never ends
            await client.write_event(SynthesizeChunk(text="你好。").event())
            event = await client.read_event()
            daemon.process.send_signal(signal.SIGTERM)
            kinds = []
            while (event := await client.read_event()) is not None:
                kinds.append(event.type)
        assert kinds[-3:] == ["error", "audio-stop", "synthesize-stopped"]
        assert await daemon.stop() == 0


async def test_a_killed_engine_host_costs_no_client_its_end_and_not_the_next_request() -> None:
    async with running_daemon() as daemon, asyncio.TaskGroup() as tasks:
        hearing = asyncio.Barrier(5)
        clients = [tasks.create_task(kinds_heard(daemon, hearing)) for _ in range(4)]
        await hearing.wait()  # all four have their first audio
        os.kill(daemon.engine_host_pid(), signal.SIGKILL)
        for kinds in [await client for client in clients]:
            assert kinds[-2:] == ["audio-stop", "synthesize-stopped"]
            assert kinds.count("audio-start") == 1
        assert len(await spoken(daemon, "你好。")) > 0
        assert daemon.process.returncode is None


@pytest.mark.timeout(60)
async def test_sigterm_while_speech_is_streamed_over_http_lets_codecs_end_it() -> None:
    """Speech is made long before it is heard; what a codec holds back comes behind it all."""
    text = "今天天气很好，我们一起去公园散步，然后回家吃晚饭。"
    hearing = asyncio.Barrier(3)
    async with (
        running_daemon() as daemon,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=None) as client,
    ):

        async def heard(form: str) -> bytes:
            async with client.stream("POST", "/api/tts", json={"text": text, "format": form}) as answer:
                audio = answer.aiter_raw()  # raises if the end is missing
                first = await anext(audio)
                if await hearing.wait() == 0:
                    daemon.process.send_signal(signal.SIGTERM)
                return first + b"".join([piece async for piece in audio])

        async with asyncio.TaskGroup() as tasks:
            files = [tasks.create_task(heard(form)) for form in ("mp3", "opus", "flac")]
        assert all(len(decoded(file.result(), 24000)) > 4 * 24000 for file in files)
        assert await daemon.end() == 0


async def kinds_heard(daemon: Daemon, hearing: asyncio.Barrier) -> list[str]:
    """The kinds of event of one streamed long text, to its end."""
    kinds: list[str] = []
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(SynthesizeStart().event())
        await client.write_event(SynthesizeChunk(text="今天天气很好，我们一起去公园散步吧。" * 40).event())
        await client.write_event(SynthesizeStop().event())
        while (event := await client.read_event()) is not None:
            kinds.append(event.type)
            if kinds.count("audio-chunk") == 1 and event.type == "audio-chunk":
                await hearing.wait()
            if event.type == "synthesize-stopped":
                break
    return kinds


async def test_a_port_that_is_taken_is_told_and_the_exit_code_is_2() -> None:
    async with running_daemon(wait_ready=False) as daemon:
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tts_server", "run", "--host", "127.0.0.1"),
            *("--http-port", str(daemon.http_port), "--wyoming-port", "0"),
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await second.communicate()
    assert second.returncode == 2
    assert str(daemon.http_port) in err.decode()
    assert "Traceback" not in err.decode()


@pytest.mark.parametrize("arguments", [["--config", "/no/such/file"], ["--http-port", "99999"], ["--nonsense"]])
def test_bad_usage_exits_with_2_and_one_line(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tts_server", "run", *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_daemon_process_never_loads_an_engine_or_a_lexicon() -> None:
    script = f"""
import asyncio, json, os, signal, sys, urllib.request
from tts_server import logs
from tts_server.config import settings as config
from tts_server.daemon import daemon

async def main():
    settings = config.load({{"server": {{"host": "127.0.0.1", "http_port": 0, "wyoming_port": 0}}}})
    running = asyncio.create_task(daemon.run(lambda: settings, lambda: settings))
    lines = sys.stderr
    while not hasattr(handler, "port"):
        await asyncio.sleep(0.01)
    body = json.dumps({{"text": "你好，Hello。"}}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{{handler.port}}/api/tts", body, {{"Content-Type": "application/json"}})
    wav = await asyncio.to_thread(lambda: urllib.request.urlopen(request).read())
    assert len(wav) > 10000
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    print([name for name in {FORBIDDEN!r} if name in sys.modules])

import logging
class Port(logging.Handler):
    def emit(self, record):
        if record.msg.startswith("listening"):
            self.port = record.args[1]
handler = Port()
logging.getLogger("tts_server").addHandler(handler)  # the root is configured by the daemon
asyncio.run(main())
"""
    environment = {**os.environ, "TTS_SERVER__DISCOVERY__ENABLED": "true"}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "[]"
