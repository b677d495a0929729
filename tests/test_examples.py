"""The examples run as somebody would run them."""

import asyncio
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from tests.support.core import Core
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import open_door

ROOT = Path(__file__).parent.parent


async def run(name: str, *arguments: str) -> bytes:
    """What the example writes to standard output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, ROOT / "examples" / name, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    async with asyncio.timeout(15):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out


async def test_the_python_client_writes_a_wav(core: Core, tmp_path: Path) -> None:
    async with open_door(core) as door:
        await run("say.py", f"ws://127.0.0.1:{door.port}", "你好，世界。", str(tmp_path / "hello.wav"))
    with wave.open(str(tmp_path / "hello.wav")) as wav:
        assert (wav.getframerate(), wav.getnframes()) == (RATE, 4 * SAMPLES_PER_CHARACTER)


async def test_bare_sockets_are_enough(core: Core) -> None:
    async with open_door(core) as door:
        pcm = await run("raw_client.py", "127.0.0.1", str(door.port), "你好，世界。")
    assert len(pcm) == 2 * 4 * SAMPLES_PER_CHARACTER


@pytest.mark.parametrize("name", ["say.py", "raw_client.py"])
def test_without_arguments_an_example_says_how_it_is_used(name: str) -> None:
    ended = subprocess.run([sys.executable, ROOT / "examples" / name], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr[:12]) == (1, "Use: python ")
    assert ended.stderr.count("\n") == 1
