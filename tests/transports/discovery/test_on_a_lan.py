"""Two machines on a LAN, made of network namespaces: one runs the daemon, the other looks for it.

Where namespaces are not permitted, both are this machine and the LAN is its loopback interface.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.daemon import ALONE

OLD, NEW = "10.83.7.1", "10.83.7.9"
SIXTH = "fd00:83:7::1"
PROGRAM = (sys.executable, "-m", "tts_server")


@dataclass(frozen=True)
class Lan:
    """Where the daemon runs, where it is looked for from, and how its address changes."""

    box: tuple[str, ...]  # in front of a command that runs on the daemon's machine
    peer: tuple[str, ...]  # the same for the other one
    peer_address: str
    addresses: list[str]  # of the daemon, sorted
    environment: dict[str, str]
    move: Callable[[], list[str]]  # changes its address; those it has then


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def namespaces() -> Iterator[Lan]:
    """Two namespaces and a cable. Raises CalledProcessError where that is not permitted."""
    box, peer = (f"tts-{os.getpid()}-{end}" for end in ("box", "peer"))
    ip("netns", "add", box)
    try:
        ip("netns", "add", peer)
        ip("-n", box, "link", "add", "lan0", "type", "veth", "peer", "name", "lan0", "netns", peer)
        for name, addresses in ((box, (OLD, SIXTH)), (peer, ("10.83.7.2", "fd00:83:7::2"))):
            ip("-n", name, "addr", "add", f"{addresses[0]}/24", "dev", "lan0")
            ip("-n", name, "addr", "add", f"{addresses[1]}/64", "dev", "lan0", "nodad")
            ip("-n", name, "link", "set", "lan0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        # What is only there for containers is not told.
        ip("-n", box, "link", "add", "docker0", "type", "bridge")
        ip("-n", box, "addr", "add", "172.17.0.1/16", "dev", "docker0")
        ip("-n", box, "link", "set", "docker0", "up")

        def move() -> list[str]:
            ip("-n", box, "addr", "del", f"{OLD}/24", "dev", "lan0")
            ip("-n", box, "addr", "add", f"{NEW}/24", "dev", "lan0")
            return [NEW, SIXTH]

        def inside(name: str) -> tuple[str, ...]:
            return ("ip", "netns", "exec", name)

        yield Lan(inside(box), inside(peer), "10.83.7.2", [OLD, SIXTH], {}, move)
    finally:
        subprocess.run(["ip", "netns", "del", peer], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", box], check=False, capture_output=True)


def loopback(config: Any) -> Lan:
    """This machine twice; its address is changed in the configuration."""

    def write(*addresses: str) -> None:
        text = f'[server]\nhost = "127.0.0.1"\n[discovery]\naddresses = {json.dumps(addresses)}\n'
        config.write_text(text, encoding="utf-8")

    def move() -> list[str]:
        write("127.0.0.1", NEW)
        return [NEW]

    write("127.0.0.1")
    return Lan((), (), "127.0.0.1", ["127.0.0.1"], {"CONFIGURATION_DIRECTORY": str(config.parent)}, move)


@pytest.fixture
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lan]:
    try:
        with namespaces() as found:
            yield found
    except (subprocess.CalledProcessError, FileNotFoundError):
        yield loopback(tmp_path_factory.mktemp("config") / "config.toml")


@asynccontextmanager
async def daemon_on(lan: Lan) -> AsyncGenerator[asyncio.subprocess.Process]:
    ports = {"TTS_SERVER__SERVER__WYOMING_PORT": "0", "TTS_SERVER__SERVER__HTTP_PORT": "0"}
    announced = {**ALONE, **ports, **lan.environment, "TTS_SERVER__DISCOVERY__ENABLED": "true"}
    process = await asyncio.create_subprocess_exec(
        *(*lan.box, *PROGRAM, "run"), env={**os.environ, **announced}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0


async def found_from(lan: Lan) -> list[dict[str, Any]]:
    """What `tts-server discover` prints on the other machine."""
    process = await asyncio.create_subprocess_exec(
        *(*lan.peer, *PROGRAM, "discover", "--json", "--wait", "1", "--interface", lan.peer_address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    found: list[dict[str, Any]] = json.loads(out)
    assert process.returncode == (0 if found else 1)
    return found


async def until(lan: Lan, is_so: Callable[[list[dict[str, Any]]], bool]) -> dict[str, Any]:
    """Look again and again until what is found is so; the daemon, or nothing."""
    async with asyncio.timeout(45):
        while not is_so(found := await found_from(lan)):
            pass
    return found[0] if found else {}


@pytest.mark.timeout(100)
async def test_a_daemon_is_found_on_the_lan_followed_to_another_address_and_missed_when_it_is_gone(lan: Lan) -> None:
    async with daemon_on(lan) as process:
        found = await until(lan, lambda daemons: bool(daemons and daemons[0]["answers"]))
        assert sorted(found["addresses"]) == lan.addresses
        assert found["answers_at"] in lan.addresses
        assert "baker" in found["answers"]["voices"]
        assert found["answers"]["round_trip_ms"] < 5000
        addresses = lan.move()
        if not lan.box:
            process.send_signal(signal.SIGHUP)
        moved = await until(lan, lambda daemons: bool(daemons and addresses[0] in daemons[0]["addresses"]))
        assert moved["name"] == found["name"]
        assert set(addresses) <= set(moved["addresses"])
    await until(lan, lambda daemons: not daemons)
