"""systemd takes the unit as it is written."""

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

UNIT = ROOT / "systemd/tts-server.service"
PROGRAM = "/opt/tts-server/bin/tts-server"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing (apt install systemd)"
)


def verify(folder: Path, text: str) -> tuple[int, str]:
    """What systemd says to a unit. Its exit code alone hides unknown keys, so the output counts too."""
    unit = folder / "tts-server.service"
    unit.write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "--man=no", "verify", str(unit)]
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout + done.stderr


def rendered() -> str:
    """The unit with a program that is there on this machine."""
    text = UNIT.read_text(encoding="utf-8")
    assert text.count(PROGRAM) == 1
    return text.replace(PROGRAM, str(Path(sys.executable).resolve()))


@needs_systemd
def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    assert verify(tmp_path, rendered()) == (0, "")


@needs_systemd
def test_a_mistake_in_the_unit_would_be_noticed(tmp_path: Path) -> None:
    _, output = verify(tmp_path, rendered().replace("Restart=", "Restrat="))
    assert "Restrat" in output


def test_a_bad_configuration_is_not_tried_again_and_a_crash_is() -> None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    service = parser["Service"]
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"  # exit code 2: bad usage or bad configuration
    assert service["DynamicUser"] == "yes"
    assert {service[f"{kind}Directory"] for kind in ("State", "Cache", "Configuration")} == {"tts-server"}


def test_the_unit_names_no_settings_file_since_having_none_is_allowed() -> None:
    assert f"ExecStart={PROGRAM} run\n" in UNIT.read_text(encoding="utf-8")
