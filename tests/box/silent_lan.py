"""A network namespace with a cable to a machine that answers every name and writes down whatever is sent.

No route leads anywhere, so nothing is reached; with `routed`, whatever goes to the world outside ends at that machine,
so that a packet to an address that nobody asked for by name is seen too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BOX, WATCHER = "10.83.8.1", "10.83.8.2"
HTTP_PORT, WYOMING_PORT = 18080, 11200


@dataclass(frozen=True)
class SilentLan:
    """Where a program is started to see what it sends."""

    inside: tuple[str, ...]  # in front of a command
    settings: dict[str, str]
    seen: Path | None

    def packets(self) -> list[str]:
        """What was sent besides what belongs to being on a cable, and mDNS: "name NAME" or "packet ..."."""
        lines = self.seen.read_text(encoding="utf-8").splitlines() if self.seen else []
        return [json.loads(line) for line in lines]


_PORTS = {"TTS_SERVER__SERVER__HTTP_PORT": str(HTTP_PORT), "TTS_SERVER__SERVER__WYOMING_PORT": str(WYOMING_PORT)}
# Where namespaces are not permitted, the program runs on this machine: files are seen then, packets are not.
NOWHERE = SilentLan((), {**_PORTS, "TTS_SERVER__DISCOVERY__ENABLED": "false"}, None)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def silent_lan(folder: Path, *, routed: bool = False) -> Iterator[SilentLan]:
    """The two namespaces, and the watcher at work in one of them. Raises CalledProcessError where not permitted."""
    box, watcher = (f"tts-{os.getpid()}-{end}" for end in ("quiet", "watcher"))
    resolver = Path("/etc/netns") / box  # `ip netns exec` lays this over /etc/resolv.conf
    _ip("netns", "add", box)
    try:
        _ip("netns", "add", watcher)
        _ip("-n", box, "link", "add", "lan0", "type", "veth", "peer", "name", "lan0", "netns", watcher)
        for name, address in ((box, BOX), (watcher, WATCHER)):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "lan0")
            _ip("-n", name, "link", "set", "lan0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        if routed:
            _ip("-n", box, "route", "add", "default", "via", WATCHER)
        resolver.mkdir(parents=True)
        (resolver / "resolv.conf").write_text(f"nameserver {WATCHER}\noptions attempts:1\n", encoding="utf-8")
        with _watching(watcher, folder / "seen.jsonl") as seen:
            yield SilentLan(("ip", "netns", "exec", box), _PORTS, seen)
    finally:
        for path in resolver.glob("*"):
            path.unlink()
        if resolver.is_dir():
            resolver.rmdir()
        for name in (watcher, box):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@contextmanager
def _watching(namespace: str, seen: Path) -> Iterator[Path]:
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", "tests.box.watcher", WATCHER, str(seen)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == b"watching\n"
        try:
            yield seen
        finally:
            watcher.terminate()
