"""`tts-server doctor` and `tts-server discover` as an owner runs them."""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import running_daemon
from tts_server.cli.doctor import CHECKS


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit code and both outputs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tts_server", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "200", **environment},
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def checks(*names: str, **environment: str) -> tuple[int, list[dict[str, Any]]]:
    only = [part for name in names for part in ("--only", name)]
    code, out, _ = await run("doctor", "--json", *only, **environment)
    told = json.loads(out)
    assert told["is_well"] == (code == 0)
    return code, told["checks"]


async def test_a_healthy_box_is_told_to_be_so() -> None:
    async with running_daemon() as daemon:
        ports = {
            "TTS_SERVER__SERVER__WYOMING_PORT": str(daemon.wyoming_port),
            "TTS_SERVER__SERVER__HTTP_PORT": str(daemon.http_port),
        }
        code, found = await checks("daemon", "ready", "clock", "disk", "processor", "firewall", **ports)
    assert code == 0, found
    assert {check["name"] for check in found} == {"daemon", "ready", "clock", "disk", "processor", "firewall"}
    [answer] = [check["found"] for check in found if check["name"] == "daemon"]
    assert f"answers a describe at 127.0.0.1:{daemon.wyoming_port} in" in answer


async def test_each_voice_is_made_to_speak_and_its_speed_is_told() -> None:
    code, found = await checks("voices")
    assert code == 0, found
    told = " ".join(check["found"] for check in found)
    assert "baker speaks: 0." in told
    assert "heart speaks: 0." in told


async def test_what_is_wrong_comes_with_what_to_do_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other_port = str(other.getsockname()[1])
        with socket.create_server(("127.0.0.1", 0)) as freed:
            free_port = str(freed.getsockname()[1])
        environment = {
            "TTS_SERVER__SERVER__HOST": "127.0.0.1",
            "TTS_SERVER__SERVER__WYOMING_PORT": free_port,
            "TTS_SERVER__SERVER__HTTP_PORT": other_port,
        }
        code, found = await checks("daemon", "ports", **environment)
    assert code == 1
    bad = [check for check in found if check["state"] == "bad"]
    assert [check["name"] for check in bad] == ["daemon", "ports"]
    assert "refused" in bad[0]["found"]
    assert "systemctl start tts-server" in bad[0]["advice"]
    assert other_port in bad[1]["found"]
    assert all(check["advice"] for check in bad)


async def test_a_mistake_in_the_configuration_is_the_first_thing_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[server]\nhtp_port = 1\n", encoding="utf-8")
    code, out, _ = await run("doctor", "--config", str(tmp_path / "config.toml"))
    assert code == 1
    assert "did you mean server.http_port?" in out


async def test_a_table_for_people_names_every_check_that_was_made() -> None:
    code, out, _ = await run("doctor", "--only", "clock", "--only", "memory")
    assert code == 0
    assert "clock" in out
    assert "MiB available" in out
    assert "daemon" not in out


@pytest.mark.parametrize(
    "name", ["daemon", "ready", "ports", "lan", "firewall", "mdns", "clock", "memory", "processor", "voices"]
)
def test_there_is_a_check_of(name: str) -> None:
    assert name in CHECKS


async def test_a_check_that_does_not_exist_is_told() -> None:
    code, _, err = await run("doctor", "--only", "weather")
    assert code == 1
    assert "there is no check weather" in err


async def test_discover_shows_a_daemon_its_voices_and_its_round_trip_time() -> None:
    name = f"tts-server-{os.getpid()}"
    environment = {
        "TTS_SERVER__DISCOVERY__ENABLED": "true",
        "TTS_SERVER__DISCOVERY__ADDRESSES": '["127.0.0.1"]',
        "TTS_SERVER__DISCOVERY__NAME": name,
    }
    async with running_daemon(environment=environment) as daemon:
        await daemon.wait_for_line("announced as")
        code, out, err = await run("discover", "--wait", "1", "--interface", "127.0.0.1")
    assert code == 0, err
    [row] = [line for line in out.splitlines() if name in line]
    for cell in ("127.0.0.1", str(daemon.wyoming_port), str(daemon.http_port), "baker, heart", " ms"):
        assert cell in row
