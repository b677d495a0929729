import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.engines.sambert.conftest import GOLDEN, VOICES

pytest.importorskip("torch", reason="torch is a development dependency")

from tts_server.engines.sambert.verify import main


@pytest.mark.parametrize("voice", [voice for voice in VOICES if voice != "tiny_16k"])
def test_every_reference_voice_is_within_tolerance(voice: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(GOLDEN / voice), str(GOLDEN / voice)]) == 0
    printed = capsys.readouterr().out
    assert "ABOVE" not in printed
    assert "graphs, 59 frames a chunk" in printed


def test_it_runs_as_a_module_on_the_cases_of_another_folder(tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "tiny_16k/medium_forced_all.npz", tmp_path)
    command = [sys.executable, "-m", "tts_server.engines.sambert.verify", str(GOLDEN / "tiny_16k"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "medium_forced_all" in done.stdout


@pytest.mark.parametrize("stage", ["text_hid", "mel", "wav"])
def test_a_difference_in_any_stage_fails(stage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with np.load(GOLDEN / "tiny_16k/short.npz") as arrays:
        case = dict(arrays)
    case[stage][3] += 0.001
    np.savez(tmp_path / "short.npz", **case)
    assert main([str(GOLDEN / "tiny_16k"), str(tmp_path)]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in printed if "ABOVE" in line and " graphs " in line][:1] == [stage]


def test_a_folder_without_cases_is_no_success(tmp_path: Path) -> None:
    assert main([str(GOLDEN / "tiny_16k"), str(tmp_path)]) == 2


def test_a_voice_that_cannot_be_loaded_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), str(GOLDEN / "tiny_16k")]) == 1
    assert "is no voice" in capsys.readouterr().err
