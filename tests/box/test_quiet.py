"""Nothing leaves the house: no name is asked for, no packet is sent, nobody else's file appears."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.box.quiet import ROOT, look
from tests.box.silent_lan import NOWHERE, SilentLan, silent_lan

ASKED_AFTER_S = 18.0  # onnxruntime asks for its makers after 10 and 15 s
FIRST_COMMANDS = 5  # all of those that load an engine in a process of their own


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[SilentLan]:
    try:
        with silent_lan(tmp_path) as found:
            yield found
    except (subprocess.CalledProcessError, FileNotFoundError):
        yield NOWHERE


@pytest.mark.timeout(180)  # it waits for what comes late
def test_an_empty_home_without_a_way_out_stays_ours_and_nothing_is_sent(lan: SilentLan, tmp_path: Path) -> None:
    found = look(lan, tmp_path, ROOT, ASKED_AFTER_S, FIRST_COMMANDS)
    assert not found, found


@pytest.mark.timeout(60)
def test_what_is_sent_is_seen(lan: SilentLan) -> None:
    if lan is NOWHERE:
        return
    code = "import socket\ntry: socket.create_connection(('telemetry.example', 443), 2)\nexcept OSError: pass"
    subprocess.run([*lan.inside, sys.executable, "-c", code], check=True)
    assert lan.packets()[0] == "name telemetry.example"
    assert re.fullmatch(r"packet TCP to 10\.\d+\.\d+\.\d+ port 443", lan.packets()[-1])


@pytest.mark.parametrize("program", ["import tts_server", "import protocol.client, tts_server.engine", "import tests"])
def test_whatever_of_ours_is_imported_first_switches_the_reports_off(program: str) -> None:
    code = f"{program}\nimport os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={"PATH": ""}, capture_output=True, check=True)
    assert done.stdout == b"1\n"


def test_scripts_that_import_nothing_of_ours_switch_the_reports_off_themselves() -> None:
    reporting = re.compile(r"^\s*(import|from) (onnxruntime|piper|hibari|faster_whisper|kokoro_onnx)\b", re.MULTILINE)
    started_by_ours = ROOT / "tests/bench/peer_programs"
    folders = [".ci", *(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))]
    scripts = [path for name in folders for path in (ROOT / name).rglob("*.*") if path.suffix in (".py", ".sh")]
    checked = []
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        of_a_package = (script.parent / "__init__.py").exists() or script.parent == started_by_ours
        if not of_a_package and (first := reporting.search(text)):
            assert "ORT_DISABLE_TELEMETRY=1" in text[: first.start()], script
            checked.append(script.name)
    assert len(checked) >= 5
