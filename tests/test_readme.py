"""Every command of the README runs, and its Chinese twin has the same ones."""

import asyncio
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon import running_daemon

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
# These take hours, run on, or change the box: seen in a dry run or another test.
INSTALLS = ("make test", "make figures", "make asr", "make run", "sudo make install")


def commands(name: str) -> list[str]:
    """The lines of all shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line]


COMMANDS = commands("README.md")


def test_the_chinese_twin_has_the_same_commands_and_numbers() -> None:
    assert commands("README.zh-CN.md") == COMMANDS
    figures = [
        re.findall(r"\d+\.\d+", (ROOT / name).read_text(encoding="utf-8")) for name in ("README.md", "README.zh-CN.md")
    ]
    assert figures[0] == figures[1]


def test_there_is_no_figure_left_to_fill_in() -> None:
    assert "FIGURE" not in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command in INSTALLS])
def test_a_make_target_is_there_and_would_run(command: str) -> None:
    ended = subprocess.run(
        [*command.removeprefix("sudo ").split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in INSTALLS])
async def test_a_command_of_the_readme_works(command: str, tmp_path: Path) -> None:
    needs_daemon = "localhost:8080" in command
    if needs_daemon:
        async with running_daemon() as daemon:
            ended = await run(command.replace("localhost:8080", f"localhost:{daemon.http_port}"), tmp_path)
    else:
        ended = await run(command, tmp_path)
    assert ended
    written = re.search(r"-o (\S+\.wav)", command)
    if written:
        assert (tmp_path / written[1]).stat().st_size > 20_000


async def run(command: str, folder: Path) -> bool:
    """Run one line as a person would, with this environment's own program and files in a folder of its own."""
    line = command.replace(".venv/bin/", f"{shlex.quote(str(BIN))}/")
    if line.startswith("make say"):  # what the target runs, without installing anything
        text = shlex.split(line)[2].removeprefix("TEXT=")
        line = f"{shlex.quote(str(BIN))}/tts-server say {shlex.quote(text)}"
    process = await asyncio.create_subprocess_shell(
        line, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return bool(out or err or any(folder.iterdir()))  # noqa: ASYNC240 - a test may look at a local folder
