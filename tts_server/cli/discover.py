"""`tts-server discover`: the daemons on the LAN."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from ipaddress import ip_address

from rich.console import Console
from rich.table import Table

from tts_server.errors import BadRequest, TTSError
from tts_server.transports.discovery.lookup import Found, find


def show(wait_s: float, as_json: bool, interfaces: Sequence[str]) -> None:
    """Look for `wait_s`, then print what was found. Raises TTSError when nothing was, or one cannot look."""
    try:
        for interface in interfaces:
            ip_address(interface)
        found = asyncio.run(find(wait_s, interfaces or None))
    except ValueError as error:
        raise BadRequest(f"--interface: {error}; give an address of this box") from None
    except OSError as error:
        raise TTSError(f"cannot look for daemons: {error.strerror or error}") from error
    if as_json:
        sys.stdout.write(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2) + "\n")
    elif found:
        Console().print(_table(found))
    if not found:
        raise TTSError("no daemon answers on this network; `tts-server doctor` on its box tells what is wrong")


def _table(found: Sequence[Found]) -> Table:
    table = Table("daemon", "version", "address", "Wyoming", "HTTP", "voices", "round trip")
    for one in found:
        voices = ", ".join(one.answers.voices) if one.answers else "-"
        trip = f"{one.answers.round_trip_ms:.0f} ms" if one.answers else "[red]does not answer[/red]"
        address = one.answers_at or ", ".join(one.addresses)
        ports = (str(one.wyoming_port or "-"), str(one.http_port))
        table.add_row(one.name, one.version, address, *ports, voices, trip)
    return table
