"""The command line as a person uses it: output, files, errors, exit codes."""

import json
import os
import pty
import subprocess
import sys
import wave
from pathlib import Path

import pytest

COMMANDS = (
    *("run", "stdio", "say", "frontend", "discover", "doctor"),
    *("voices list", "voices info", "voices install", "voices verify", "voices remove", "config check", "config show"),
    "emotions list",
)


def run(
    *arguments: str, folder: Path | None = None, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess:
    """One call of `tts-server`, with no daemon of this machine in it."""
    if arguments[0] == "say":
        arguments = (*arguments[:1], "--no-server", *arguments[1:])
    return subprocess.run(
        [sys.executable, "-m", "tts_server", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        input=stdin,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    ended = run(*command.split(), "--help")
    assert ended.returncode == 0
    assert "Usage" in ended.stdout


def test_the_version_is_the_distributions() -> None:
    from tts_server import __version__

    assert run("--version").stdout == f"tts-server {__version__}\n"


def test_say_writes_a_whole_wav_and_tells_where(tmp_path: Path) -> None:
    ended = run("say", "今天天气很好。", "-o", "said.wav", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "said.wav" in ended.stderr
    with wave.open(str(tmp_path / "said.wav")) as said:
        assert (said.getframerate(), said.getnchannels(), said.getsampwidth()) == (24000, 1, 2)
        assert said.getnframes() * 2 + 44 == (tmp_path / "said.wav").stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == ["said.wav"]


def test_say_reads_standard_input_and_writes_standard_output() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tts_server", "say", "--no-server", "-", "-o", "-"],
        input="你好。".encode(),
        capture_output=True,
        check=True,
    )
    assert ended.stdout[:4] == b"RIFF"
    assert len(ended.stdout) > 20_000


def test_the_same_text_gives_the_same_bytes_and_another_emotion_others(tmp_path: Path) -> None:
    for name, emotion in (("a", "happy:0.7"), ("b", "开心:0.7"), ("c", "sad")):
        assert run("say", "你好。", "--emotion", emotion, "-o", f"{name}.wav", folder=tmp_path).returncode == 0
    said = [(tmp_path / f"{name}.wav").read_bytes() for name in "abc"]
    assert said[0] == said[1]
    assert said[0] != said[2]


def test_frontend_prints_one_json_object_a_line_of_its_input() -> None:
    ended = run("frontend", "-", "--json", stdin="你好。\n今天2℃。\n")
    first, second = map(json.loads, ended.stdout.splitlines())
    assert [syllable["spoken"] for syllable in first["sentences"][0]["syllables"]] == ["ni2", "hao3"]
    assert (
        second["sentences"][0]["normalized"].startswith("今天二摄氏度") or "度" in second["sentences"][0]["normalized"]
    )
    assert second["sentences"][0]["syllables"][2]["from"] == 2


def test_frontend_answers_each_line_whatever_it_is() -> None:
    sent = "好\n\n" + "一" * 3000 + "\n\t\x00\u2028😀\n完"
    printed = [json.loads(line) for line in run("frontend", "-", "--json", stdin=sent).stdout.splitlines()]
    assert len(printed) == 5
    assert [bool(answer["sentences"]) for answer in printed] == [True, False, True, False, True]
    assert set(printed[0]["sentences"][0]) == {"text", "normalized", "words", "syllables", "breaks", "runs"}


def test_frontend_prints_a_table_for_people() -> None:
    ended = run("frontend", "你好。")
    assert "ni3" in ended.stdout
    assert "hao3" in ended.stdout


def test_voices_are_listed_and_described_with_their_licence() -> None:
    listed = run("voices", "list", COLUMNS="200").stdout
    assert listed.index("baker") < listed.index("heart")
    info = run("voices", "info", "baker", COLUMNS="200").stdout
    assert "CC-BY-NC-SA-4.0" in info
    assert "non-commercial" in info
    assert "开心" in info


def test_a_disabled_voice_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[voices]\ndisabled = ["baker"]\ndefault = "heart"\npreload = []\n')
    assert "baker" not in run("voices", "list", "-c", "config.toml", folder=tmp_path).stdout


def test_config_check_says_good_or_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text("[server]\nhttp_port = 8081\n")
    (tmp_path / "bad.toml").write_text("[server]\nhtp_port = 8081\n")
    good = run("config", "check", "-c", "good.toml", folder=tmp_path)
    assert (good.returncode, good.stdout.strip()) == (0, "good.toml: good")
    bad = run("config", "check", "-c", "bad.toml", folder=tmp_path)
    assert bad.returncode == 2
    assert "did you mean server.http_port?" in bad.stderr


def test_config_show_tells_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nhttp_port = 8081\n")
    shown = run(
        "config", "show", "-c", "config.toml", folder=tmp_path, COLUMNS="200", TTS_SERVER__LIMITS__GRACE_S="3"
    ).stdout
    rows = {cells[1].strip(): cells for line in shown.splitlines() if len(cells := line.split("│")) > 3}
    assert [cell.strip() for cell in rows["server.http_port"][2:4]] == ["8081", "file"]
    assert [cell.strip() for cell in rows["limits.grace_s"][2:4]] == ["3.0", "environment"]
    assert rows["limits.max_contexts"][3].strip() == "default"


def test_say_shows_progress_on_a_terminal(tmp_path: Path) -> None:
    terminal, stderr = pty.openpty()
    text = "今天天气很好。" * 10
    process = subprocess.Popen(
        [sys.executable, "-m", "tts_server", "say", "--no-server", text, "-o", "said.wav"], cwd=tmp_path, stderr=stderr
    )
    os.close(stderr)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    assert process.wait() == 0
    assert b"speaking" in shown
