"""Finds the daemons on the LAN and asks each what it has: the other side of `announcement`."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from zeroconf import DNSQuestionType, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from tts_server.transports.discovery.announcement import OWN_TYPE

_RESOLVE_MS = 2000
# An answer to one asker gets lost where daemon and asker share a machine, and with it port 5353.
_QUESTION = DNSQuestionType.QM
_DESCRIBE_S = 5.0  # as long as Home Assistant waits


@dataclass(frozen=True, slots=True)
class Described:
    """What a Wyoming server says of itself."""

    program: str
    version: str
    voices: Sequence[str]
    round_trip_ms: float  # of the question and its answer, connecting included


@dataclass(frozen=True, slots=True)
class Found:
    """A daemon that announces itself."""

    name: str
    addresses: Sequence[str]
    wyoming_port: int | None
    http_port: int
    version: str
    languages: Sequence[str]
    answers: Described | None  # None: at none of its addresses
    answers_at: str = ""


async def describe(host: str, port: int, timeout_s: float = _DESCRIBE_S) -> Described:
    """Ask a Wyoming server what it has. Raises OSError, TimeoutError, ValueError for an answer that is none."""
    started = time.perf_counter()
    async with asyncio.timeout(timeout_s), AsyncTcpClient(host, port) as client:
        await client.write_event(Describe().event())
        while (event := await client.read_event()) is not None and not Info.is_type(event.type):
            pass
        elapsed_ms = 1000 * (time.perf_counter() - started)
    if event is None:
        raise ConnectionError("the server closed the connection without an answer")
    program = next((program for program in Info.from_event(event).tts if program.installed), None)
    if program is None:
        raise ValueError("the server has no speech")
    voices = [voice.name for voice in program.voices if voice.installed and "||" not in voice.name]
    return Described(program.name, program.version or "", voices, round(elapsed_ms, 1))


async def find(wait_s: float, interfaces: Sequence[str] | None = None) -> list[Found]:
    """The daemons that answer within `wait_s`, by name. interfaces: addresses of ours to look from; None: all."""
    async with _browsing(interfaces) as (mdns, names):
        await asyncio.sleep(wait_s)
        infos = [AsyncServiceInfo(OWN_TYPE, name) for name in sorted(names)]
        await asyncio.gather(*(info.async_request(mdns.zeroconf, _RESOLVE_MS, _QUESTION) for info in infos))
        return list(await asyncio.gather(*(_found(info) for info in infos if info.port)))


@asynccontextmanager
async def _browsing(interfaces: Sequence[str] | None) -> AsyncGenerator[tuple[AsyncZeroconf, set[str]]]:
    names: set[str] = set()

    def on_change(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        (names.discard if state_change is ServiceStateChange.Removed else names.add)(name)

    mdns = AsyncZeroconf(interfaces=list(interfaces)) if interfaces else AsyncZeroconf()
    browser = AsyncServiceBrowser(mdns.zeroconf, OWN_TYPE, handlers=[on_change], question_type=_QUESTION)
    try:
        yield mdns, names
    finally:
        await browser.async_cancel()
        await mdns.async_close()


async def _found(info: AsyncServiceInfo) -> Found:
    properties = {key: value or "" for key, value in info.decoded_properties.items()}
    wyoming = properties.get("wyoming", "")
    port = int(wyoming) if wyoming.isdecimal() else None
    addresses = info.parsed_scoped_addresses()
    answers, at = None, ""
    for address in addresses if port is not None else ():
        try:
            answers, at = await describe(address, port or 0), address
            break
        except (OSError, TimeoutError, ValueError):
            continue
    return Found(
        name=info.name.removesuffix(f".{OWN_TYPE}"),
        addresses=addresses,
        wyoming_port=port,
        http_port=info.port or 0,
        version=properties.get("version", ""),
        languages=properties.get("lang", "").split(","),
        answers=answers,
        answers_at=at,
    )
