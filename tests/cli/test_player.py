"""Speech aloud: the players that are there, in their order, and what is told when none plays."""

import os
import pty
import subprocess
import sys
from pathlib import Path

PLAYS = "#!/bin/sh\n/bin/cat > {folder}/played.wav\n"
FAILS = "#!/bin/sh\necho 'connection refused' >&2\nexit 1\n"


def say_on_a_terminal(folder: Path, **players: str) -> subprocess.CompletedProcess:
    """`tts-server say` where just these players are."""
    for name, script in players.items():
        player = folder / name.replace("_", "-")
        player.write_text(script.format(folder=folder))
        player.chmod(0o755)
    terminal, stdout = pty.openpty()
    try:
        return subprocess.run(
            [sys.executable, "-m", "tts_server", "say", "--no-server", "你好。"],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PATH": str(folder)},
            check=False,
        )
    finally:
        os.close(stdout)
        os.close(terminal)


def test_say_plays_where_a_player_is(tmp_path: Path) -> None:
    ended = say_on_a_terminal(tmp_path, aplay=PLAYS)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "played.wav").stat().st_size > 20_000
    assert not (tmp_path / "speech.wav").exists()


def test_a_player_that_fails_is_followed_by_the_next_with_every_sample(tmp_path: Path) -> None:
    ended = say_on_a_terminal(tmp_path, aplay=PLAYS)
    whole = (tmp_path / "played.wav").read_bytes()
    (tmp_path / "played.wav").unlink()
    ended = say_on_a_terminal(tmp_path, pw_play=FAILS, aplay=PLAYS)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "played.wav").read_bytes() == whole


def test_when_no_player_plays_one_line_says_why_and_what_to_do(tmp_path: Path) -> None:
    ended = say_on_a_terminal(tmp_path, pw_play=FAILS, aplay="#!/bin/sh\nexit 3\n")
    assert ended.returncode == 1
    assert ended.stderr == (
        "tts-server: cannot play aloud (pw-play: connection refused; aplay: it ended with code 3); "
        "-o FILE writes the speech to a file\n"
    )
