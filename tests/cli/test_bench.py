"""`tts-server bench`: what it refuses, before it takes a minute to measure."""

import subprocess
import sys
from pathlib import Path

import pytest


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tts_server", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("content", "told"), [(None, "No such file"), ("{", "cannot be read")])
def test_a_file_to_compare_with_that_cannot_be_read_is_told_at_once(
    tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "before.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    ended = bench("--compare", str(path))
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_rounds_must_be_at_least_one() -> None:
    assert bench("--rounds", "0").returncode == 2
