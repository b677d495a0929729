"""The example plug-in, installed as docs/ENGINES.md says, is heard at every door."""

import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import httpx
import pytest

from tests.engines.doors import heard_at_every_door, spoken_s
from tests.support.daemon import running_daemon
from tests.test_readme import ROOT, commands

# What pip would fetch is here already: the backend that builds the plug-in, and tts-server itself.
WITHOUT_NETWORK = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
TEXT = "今天天气很好，我们去公园吧。"
COMMANDS = commands("docs/ENGINES.md")
RATE = 16_000


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment that sees this one's packages, with the plug-in installed into it."""
    folder = tmp_path_factory.mktemp("overlay")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "base.pth").write_text("\n".join(path for path in sys.path if path), encoding="utf-8")
    made = run(COMMANDS[0], folder / "bin/python", folder)
    assert made.returncode == 0, made.stderr
    return folder / "bin/python"


def run(command: str, python: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line of the paper, in a folder of its own, with another environment's Python."""
    words = shlex.split(command.replace("./examples", f"{ROOT}/examples"))
    program = {".venv/bin/python": [str(python)], ".venv/bin/tts-server": [str(python), "-m", "tts_server"]}[words[0]]
    environment = {**os.environ, **WITHOUT_NETWORK}
    line = [*program, *words[1:]]
    return subprocess.run(
        line, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def test_both_papers_have_the_same_commands_and_tables() -> None:
    english, chinese = ((ROOT / f"docs/ENGINES{end}.md").read_text(encoding="utf-8") for end in ("", ".zh-CN"))
    assert commands("docs/ENGINES.zh-CN.md") == COMMANDS
    names = [re.findall(r"`[^`\n]+`", text) for text in (english, chinese)]
    assert set(names[0]) == set(names[1])


@pytest.mark.timeout(90)
def test_installing_it_changes_nothing_here(python: Path) -> None:
    found = "import importlib.metadata as m; print([e.name for e in m.entry_points(group='tts_server.engines')])"
    here = subprocess.run([sys.executable, "-c", found], capture_output=True, text=True, check=True).stdout
    there = subprocess.run([python, "-c", found], capture_output=True, text=True, check=True).stdout
    assert "formant" in there
    assert "formant" not in here


@pytest.mark.timeout(90)
@pytest.mark.parametrize("command", COMMANDS[1:])
def test_a_command_of_the_paper_works(command: str, python: Path, tmp_path: Path) -> None:
    ended = run(command, python, tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    if "engine_check" in command:
        assert "faults 0, notes 0: the contract is kept" in ended.stdout
    elif "say" in command:
        assert spoken_s((tmp_path / "formant.wav").read_bytes(), RATE) > 2
    else:
        assert "Apache-2.0" in ended.stdout


@pytest.mark.timeout(90)
async def test_it_is_heard_over_wyoming_http_and_websocket(python: Path) -> None:
    async with running_daemon(python=python) as daemon:
        heard = await heard_at_every_door(daemon, TEXT, "formant", RATE)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", trust_env=False) as client:
            told = {voice["name"]: voice for voice in (await client.get("/api/voices")).json()["voices"]}
    assert len({len(audio) for audio in heard.values()}) == 1
    assert all(spoken_s(audio, RATE) > 2 for audio in heard.values())
    assert told["formant"]["emotions"] == ["neutral", "happy", "sad", "angry"]
