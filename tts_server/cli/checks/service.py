"""Checks of the daemon as its peers see it: does it answer, from where, and is it found?"""

import asyncio
import json
import shutil
import ssl
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

from tts_server.access.networks import is_allowed
from tts_server.cli.checks.finding import Check, Finding
from tts_server.config.settings import Config
from tts_server.errors import PortUnavailable
from tts_server.transports.discovery.addresses import reachable_addresses
from tts_server.transports.discovery.lookup import Described, describe, find
from tts_server.transports.listening import listen

SLOW_MS: Final = 1000.0  # for which older Home Assistants wait
LOOK_S: Final = 1.5
_START: Final = "start it: `sudo systemctl start tts-server`, or `make run` in a checkout"


def daemon(config: Config) -> Sequence[Finding]:
    """Does a daemon answer a describe on this machine, as Home Assistant asks it every 30 s?"""
    host, port = _own_host(config), config.server.wyoming_port
    answer = _ask(host, port)
    if isinstance(answer, str):
        advice = _START if "refused" in answer else "`journalctl -u tts-server` tells what it does"
        return [Finding("daemon", "bad", f"nothing answers a describe at {host}:{port}: {answer}", advice)]
    found = f"{answer.program} {answer.version} answers a describe at {host}:{port} in {answer.round_trip_ms:.0f} ms"
    if answer.round_trip_ms > SLOW_MS:
        return [Finding("daemon", "bad", found, "Home Assistant waits 1 s: this box is busy with something else")]
    return [Finding("daemon", "good", found)]


def ready(config: Config) -> Sequence[Finding]:
    """Would a request be spoken now? As `/readyz` says it on this machine."""
    has_tls = config.http.tls_cert_file is not None
    port = config.server.http_port
    try:
        status, told = _readiness(_own_host(config), port, has_tls)
    except (OSError, HTTPException) as error:
        return [Finding("ready", "bad", f"nothing answers on HTTP port {port}: {error}", _START)]
    if status == HTTPStatus.OK:
        return [Finding("ready", "good", "a request would be spoken now")]
    return [Finding("ready", "bad", told, "correct what it says; while it loads, wait a moment")]


def _unverified() -> ssl.SSLContext:
    """It is this machine, under a name that no certificate has."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


def _readiness(host: str, port: int, has_tls: bool) -> tuple[int, str]:
    tls = _unverified() if has_tls else None
    asked = HTTPSConnection(host, port, timeout=5, context=tls) if tls else HTTPConnection(host, port, timeout=5)
    with closing(asked):
        asked.request("GET", "/readyz")
        answer = asked.getresponse()
        body = json.loads(answer.read())
    return answer.status, str(body.get("error", {}).get("message", ""))


def _own_host(config: Config) -> str:
    return config.server.host if config.server.host not in ("", "::", "0.0.0.0") else "127.0.0.1"


def ports(config: Config) -> Sequence[Finding]:
    """Are the ports ours, free, or somebody else's?"""
    findings = []
    server = config.server
    answers = not isinstance(_ask("127.0.0.1", server.wyoming_port), str)
    for kind, port in (("Wyoming", server.wyoming_port), ("HTTP", server.http_port)):
        try:
            for opened in listen(server.host, port):
                opened.close()
        except PortUnavailable as error:
            if answers:
                findings.append(Finding("ports", "good", f"{kind}: port {port} is in use, and the daemon runs"))
            else:
                findings.append(Finding("ports", "bad", f"{kind}: {error}", f"`ss -ltnp sport = :{port}` names it"))
        else:
            findings.append(Finding("ports", "note", f"{kind}: port {port} is free: no daemon listens", _START))
    return findings


def lan(config: Config) -> Sequence[Finding]:
    """Can a peer reach us at an address of the LAN, and may it?"""
    try:
        addresses = reachable_addresses(["0.0.0.0", "::"])
    except OSError as error:
        return [Finding("lan", "bad", f"the network interfaces cannot be listed: {error}", "allow AF_NETLINK")]
    if not addresses:
        return [Finding("lan", "bad", "this machine has no address on a LAN", "connect it; `ip address` shows them")]
    findings = []
    for address in addresses:
        if not is_allowed(str(address), config.server.networks):
            text = f"{address} is in no network that may connect, and is not announced"
            findings.append(Finding("lan", "note", text, "peers use another address; or add it to server.networks"))
            continue
        answer = _ask(str(address), config.server.wyoming_port)
        if isinstance(answer, str):
            advice = "is the daemon running, and server.host empty?"
            findings.append(Finding("lan", "bad", f"no answer at {address}: {answer}", advice))
        else:
            text = f"Home Assistant can use {address}, port {config.server.wyoming_port}"
            findings.append(Finding("lan", "good", f"{text} ({answer.round_trip_ms:.0f} ms from here)"))
    return findings


def firewall(config: Config) -> Sequence[Finding]:
    """Is there a firewall that must be told of us? What it lets through cannot be seen from this side."""
    tcp = f"{config.server.wyoming_port},{config.server.http_port}"
    if _says(Path("/etc/ufw/ufw.conf"), "ENABLED=yes"):
        advice = f"`sudo ufw allow {tcp}/tcp`; `sudo ufw allow 5353/udp`"
        return [Finding("firewall", "note", "ufw is switched on", advice)]
    if shutil.which("firewall-cmd"):
        opened = " ".join(f"--add-port={port}/tcp" for port in tcp.split(","))
        advice = f"`sudo firewall-cmd --permanent {opened} --add-service=mdns`; `sudo firewall-cmd --reload`"
        return [Finding("firewall", "note", "firewalld is installed", advice)]
    if _says(Path("/etc/nftables.conf"), "policy drop"):
        advice = f"let in tcp {tcp} and udp 5353 in /etc/nftables.conf"
        return [Finding("firewall", "note", "nftables drops what it does not know", advice)]
    return [Finding("firewall", "good", "no firewall was found on this machine")]


def mdns(config: Config) -> Sequence[Finding]:
    """Are we found on the LAN?"""
    if not config.discovery.enabled:
        advice = "add it in Home Assistant by address, or set discovery.enabled"
        return [Finding("mdns", "note", "discovery is switched off", advice)]
    try:
        found = asyncio.run(find(LOOK_S))
    except OSError as error:
        advice = "another program keeps port 5353 for itself: `ss -lunp sport = :5353`"
        return [Finding("mdns", "bad", f"multicast DNS cannot be used: {error}", advice)]
    mine = {str(address) for address in reachable_addresses(["0.0.0.0", "::"])} | set(config.discovery.addresses)
    for one in found:
        if mine & set(one.addresses):
            return [Finding("mdns", "good", f"found as {one.name} at {', '.join(one.addresses)}")]
    advice = "is it running? In a container it needs the host's network; Wi-Fi routers may hold multicast back"
    return [Finding("mdns", "bad", "this daemon is not found by multicast DNS", advice)]


def _ask(host: str, port: int) -> Described | str:
    """What a Wyoming server answers, or why none does."""
    try:
        return asyncio.run(describe(host, port))
    except TimeoutError:
        return "it takes longer than 5 s"
    except ConnectionRefusedError:
        return "the connection was refused"
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__


def _says(path: Path, wanted: str) -> bool:
    try:
        return wanted in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


CHECKS: Final[dict[str, Check]] = {
    "daemon": daemon,
    "ready": ready,
    "ports": ports,
    "lan": lan,
    "firewall": firewall,
    "mdns": mdns,
}
