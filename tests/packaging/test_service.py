"""systemd takes the units as they are written, and finds little that the service could do beyond its work."""

import configparser
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.lockfile import ROOT

UNITS = ("tts-server.service", "tts-server.socket")
PROGRAM = "/opt/tts-server/bin/tts-server"
MAX_EXPOSURE = 1.3  # of systemd-analyze security; 0 is nothing, 10 everything


def analyze(*arguments: str) -> tuple[int, str]:
    """What systemd-analyze says. Its exit code alone hides unknown keys, so the output counts too."""
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}
    command = ["systemd-analyze", "--man=no", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout + done.stderr


def read(name: str, section: str = "") -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((ROOT / "systemd" / name).read_text(encoding="utf-8"))
    return parser[section or ("Service" if name.endswith(".service") else "Socket")]


@pytest.fixture
def rendered(tmp_path: Path) -> list[str]:
    """The units with a program that is there on this machine."""
    text = (ROOT / "systemd/tts-server.service").read_text(encoding="utf-8")
    assert text.count(PROGRAM) == 1
    (tmp_path / UNITS[0]).write_text(text.replace(PROGRAM, str(Path(sys.executable).resolve())), encoding="utf-8")
    (tmp_path / UNITS[1]).write_bytes((ROOT / "systemd" / UNITS[1]).read_bytes())
    return [str(tmp_path / name) for name in UNITS]


def test_systemd_has_nothing_to_say_against_the_units(rendered: list[str]) -> None:
    assert analyze("verify", *rendered) == (0, "")


def test_a_mistake_in_the_unit_would_be_noticed(rendered: list[str]) -> None:
    unit = Path(rendered[0])
    unit.write_text(unit.read_text(encoding="utf-8").replace("Restart=", "Restrat="), encoding="utf-8")
    assert "Restrat" in analyze("verify", str(unit))[1]


def test_the_service_is_locked_in(rendered: list[str]) -> None:
    code, output = analyze(
        "security", "--offline=true", f"--threshold={round(10 * MAX_EXPOSURE)}", "--no-pager", rendered[0]
    )
    assert code == 0, output
    assert float(output.rsplit(": ", 1)[1].split()[0]) <= MAX_EXPOSURE


def test_a_service_that_is_not_locked_in_would_be_noticed(rendered: list[str]) -> None:
    unit = Path(rendered[0])
    unit.write_text(unit.read_text(encoding="utf-8").replace("DynamicUser=yes", "User=root"), encoding="utf-8")
    assert analyze("security", "--offline=true", f"--threshold={round(10 * MAX_EXPOSURE)}", str(unit))[0] == 1


def test_whatever_ends_it_systemd_starts_it_again_and_never_gives_up() -> None:
    service, unit = read("tts-server.service"), read("tts-server.service", "Unit")
    assert service["Restart"] == "on-failure"
    assert "RestartPreventExitStatus" not in service  # a mistake does not end it, and a port that is taken comes free
    longest, burst = int(unit["StartLimitIntervalSec"]), int(unit["StartLimitBurst"])
    assert burst > longest / int(service["RestartSec"])  # its own restarts never count up to it
    assert burst > 10  # nor does a hurried owner
    assert service["DynamicUser"] == "yes"
    assert {service[f"{kind}Directory"] for kind in ("State", "Cache", "Configuration")} == {"tts-server"}


def test_systemd_waits_for_ready_watches_the_daemon_and_gives_it_time_to_stop() -> None:
    from tts_server.config.settings import Config

    service = read("tts-server.service")
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["ExecReload"] == '/bin/sh -c "kill -HUP $MAINPID"'
    assert int(service["WatchdogSec"]) > 0
    assert int(service["TimeoutStopSec"]) >= 2 * Config().limits.grace_s


def test_memory_has_a_ceiling_that_leaves_a_small_box_alive() -> None:
    service = read("tts-server.service")
    high, most = (int(service[key].removesuffix("%")) for key in ("MemoryHigh", "MemoryMax"))
    assert 50 <= high < most <= 90  # of 1 GB, the embedded voices need half


def test_the_network_rules_of_the_unit_let_in_what_the_daemon_lets_in() -> None:
    import ipaddress

    from tts_server.access.networks import PRIVATE_NETWORKS

    names = {"localhost": ("127.0.0.0/8", "::1/128"), "link-local": ("169.254.0.0/16", "fe80::/64")}
    allowed = read("tts-server.service")["IPAddressAllow"].split()
    assert "multicast" in allowed  # the announcement on the LAN
    networks = [ipaddress.ip_network(n) for word in allowed if word != "multicast" for n in names.get(word, (word,))]
    assert {network.network_address for network in networks} == {one.network_address for one in PRIVATE_NETWORKS}


def test_the_sockets_are_the_ports_of_the_default_configuration() -> None:
    from tts_server.config.settings import Config

    text = (ROOT / "systemd/tts-server.socket").read_text(encoding="utf-8")
    ports = [line.partition("=")[2] for line in text.splitlines() if line.startswith("ListenStream=")]
    server = Config().server
    assert ports == [str(server.wyoming_port), str(server.http_port)]


def test_the_unit_names_no_settings_file_since_having_none_is_allowed() -> None:
    assert f"ExecStart={PROGRAM} run\n" in (ROOT / "systemd/tts-server.service").read_text(encoding="utf-8")
