"""A running daemon picks up voice packs that come and go, as an owner installs and removes them."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from wyoming.audio import AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize

from protocol.client import TtsClient
from tests.support.daemon import Daemon, running_daemon

pytest.importorskip("torch", reason="torch is a development dependency")
pytestmark = pytest.mark.timeout(120)  # processes of 2 to 5 s of CPU time each, on a machine that may be busy

GOLDEN = Path(__file__).parents[1] / "golden" / "sambert"
NOW = r"voices are now: (.*)"


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of the tiny reference voice, installed by the command line."""
    folder = tmp_path_factory.mktemp("voices")
    voices(folder, "install", str(GOLDEN / "tiny_16k"), "--voice", "tiny_16k")
    return folder / "tiny_16k"


def voices(folder: Path, *arguments: str) -> str:
    """`tts-server voices ...` with packs in this folder; what it prints."""
    command = [sys.executable, "-m", "tts_server", "voices", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(folder: Path) -> dict[str, str]:
    """With packs in this folder."""
    return {**os.environ, "TTS_SERVER__VOICES__FOLDER": str(folder)}


@pytest_asyncio.fixture
async def daemon(tmp_path: Path) -> AsyncGenerator[Daemon]:
    """A daemon with an empty folder of packs, `tmp_path`."""
    async with running_daemon(environment=environment(tmp_path)) as running:
        yield running


async def described(daemon: Daemon) -> list[str]:
    """The voices that Home Assistant would see."""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
    assert event is not None
    return [voice.name for program in Info.from_event(event).tts for voice in program.voices]


async def over_http(daemon: Daemon) -> list[Mapping[str, Any]]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}") as client:
        listed = (await client.get("/api/voices")).json()
    return listed["voices"]


async def greeted(daemon: Daemon) -> list[str]:
    """The voices that a WebSocket client is told of."""
    async with TtsClient(f"ws://127.0.0.1:{daemon.http_port}") as tts:
        return [voice.id for voice in tts.ready.voices]


async def rate_of_default(daemon: Daemon) -> int:
    """The sample rate of what is said when no voice is named."""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Synthesize(text="请打开WiFi。").event())
        event = await client.read_event()
    assert event is not None
    assert AudioStart.is_type(event.type), event.data
    return AudioStart.from_event(event).rate


async def test_a_pack_is_the_default_voice_once_installed_and_gone_once_removed(
    daemon: Daemon, tmp_path: Path, pack: Path
) -> None:
    assert (await described(daemon))[0] == "baker"
    await asyncio.to_thread(voices, tmp_path, "install", str(pack))
    await daemon.wait_for_line(rf"{NOW[:-4]}tiny_16k, baker, heart")
    assert (await described(daemon))[0] == "tiny_16k"
    assert (await over_http(daemon))[0]["name"] == "tiny_16k"
    assert (await greeted(daemon))[0] == "tiny_16k"
    assert await rate_of_default(daemon) == 16000
    assert "/torch/" not in Path(f"/proc/{daemon.engine_host_pid()}/maps").read_text(encoding="utf-8")  # noqa: ASYNC240
    await asyncio.to_thread(voices, tmp_path, "remove", "tiny_16k")
    await daemon.wait_for_line(rf"{NOW[:-4]}baker, heart")
    assert not any(name.startswith("tiny") for name in await described(daemon))
    assert await rate_of_default(daemon) == 24000
    assert await daemon.stop() == 0


async def test_a_corrupted_pack_is_passed_over_told_and_listed(tmp_path: Path, pack: Path) -> None:
    shutil.copytree(pack, tmp_path / "damaged")
    with (tmp_path / "damaged" / "step.onnx").open("ab") as graph:
        graph.write(b"more")
    async with running_daemon(environment=environment(tmp_path)) as daemon:
        told = await daemon.wait_for_line("voice pack damaged cannot be used and is passed over")
        assert "step.onnx has" in told
        assert (await described(daemon))[0] == "baker"
        assert "voice pack damaged cannot be used" in await asyncio.to_thread(voices, tmp_path, "list")
        # repaired while the daemon runs
        shutil.rmtree(tmp_path / "damaged")
        await asyncio.to_thread(voices, tmp_path, "install", str(pack))
        await daemon.wait_for_line(rf"{NOW[:-4]}tiny_16k, baker, heart")


async def test_a_configured_default_stays_the_default(tmp_path: Path, pack: Path) -> None:
    shutil.copytree(pack, tmp_path / pack.name)
    chosen = {**environment(tmp_path), "TTS_SERVER__VOICES__DEFAULT": "baker"}
    async with running_daemon(environment=chosen) as daemon:
        assert (await described(daemon))[0] == "baker"
        assert "tiny_16k" in await described(daemon)


SPEAK = """
import sys
from tts_server.engine_host.speech import speak
from tts_server.engine_host.voices import load_voices
from tts_server.engine_host.installed import installed_engines
from tts_server.text import frontend
from tts_server.markup.segments import TextCutter

voices = load_voices(installed_engines(), {"sambert": {"voices_dir": sys.argv[1]}})
frontend.load()
cutter = TextCutter()
segments = [*cutter.feed("请打开WiFi，然后连接Bluetooth。"), *cutter.flush()]
timings = [timing for segment in segments for chunk in speak(segment, "tiny_16k", voices, lambda: 1.0)
           for timing in chunk.timings]
assert [(timing.start, timing.end) for timing in timings if timing.end - timing.start > 1] == [(3, 7), (12, 21)]
assert "onnxruntime" in sys.modules
print(sorted({"torch", "onnx", "modelscope", "hibari", "tflite"} & set(sys.modules)))
"""


def test_a_sambert_voice_says_english_words_itself_and_loads_neither_torch_nor_another_voice(pack: Path) -> None:
    command = [sys.executable, "-c", SPEAK, str(pack.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
