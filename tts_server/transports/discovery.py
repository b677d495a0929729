"""How the LAN finds us: a zeroconf (mDNS) announcement of the Wyoming door, which Home Assistant looks for."""

import asyncio
import hashlib
import ipaddress
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zeroconf import NonUniqueNameException, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from tts_server.transports.addresses import Address, own_addresses, reachable_addresses

log = logging.getLogger(__name__)

SERVICE_TYPE: Final = "_wyoming._tcp.local."
MACHINE_ID: Final = Path("/etc/machine-id")
GOODBYE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class AnnouncementSettings:
    """What is announced, and where."""

    wyoming_port: int
    http_port: int
    version: str
    languages: Sequence[str]  # BCP 47
    listening_on: Sequence[str] = ("0.0.0.0", "::")  # hosts of the Wyoming door's sockets
    name: str = ""  # instance name; empty: `instance_name`
    addresses: Sequence[str] = ()  # to announce; empty: those on the LAN at which the door answers
    retry_min_s: float = 5.0
    retry_max_s: float = 300.0  # more than the 120 s for which a name of ours may outlive a crash


class NothingToAnnounce(Exception):
    """This machine has no address that a peer could use."""


class Announcement:
    """Run it as a task once the doors answer; cancel it to say goodbye. Nothing that happens to it is fatal."""

    def __init__(self, settings: AnnouncementSettings) -> None:
        self._settings = settings
        self.name = settings.name or instance_name()

    async def run(self) -> None:
        """Announce and stay until cancelled; whatever fails is tried again, ever more rarely."""
        delay_s = self._settings.retry_min_s
        has_warned = False
        while True:
            try:
                await self._announce_and_stay()
            except Exception as error:
                level = logging.DEBUG if has_warned else logging.WARNING
                log.log(level, "not announced on the LAN, will go on trying: %s", _reason(error, self.name))
                has_warned = True
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, self._settings.retry_max_s)

    async def _announce_and_stay(self) -> None:
        addresses = self._addresses()
        # On the interfaces that have these addresses; on all when none is ours (a container that announces its host).
        interfaces = own_addresses().intersection(addresses) or reachable_addresses(self._settings.listening_on)
        mdns = AsyncZeroconf(interfaces=[str(address) for address in interfaces])
        try:
            # Never under another name than ours: Home Assistant takes that for another device.
            announcing = await mdns.async_register_service(self._service(addresses), allow_name_change=False)
            await announcing
            log.info("announced as %s at %s", self.name, ", ".join(map(str, addresses)))
            await asyncio.get_running_loop().create_future()  # until cancelled
        finally:
            await _say_goodbye(mdns)

    def _addresses(self) -> list[Address]:
        settings = self._settings
        found = [ipaddress.ip_address(address) for address in settings.addresses]
        if not (found := found or reachable_addresses(settings.listening_on)):
            raise NothingToAnnounce("no network interface has an address that others could use")
        return found

    def _service(self, addresses: Sequence[Address]) -> ServiceInfo:
        settings = self._settings
        return ServiceInfo(
            SERVICE_TYPE,
            f"{self.name}.{SERVICE_TYPE}",
            port=settings.wyoming_port,
            addresses=[address.packed for address in addresses],
            server=f"{self.name}.local.",
            properties={
                "txtvers": "1",
                "version": settings.version,
                "http": str(settings.http_port),
                "lang": ",".join(settings.languages),
            },
        )


def instance_name(machine_id: Path = MACHINE_ID) -> str:
    """A name that this machine keeps for ever and no other has: Home Assistant knows a device by it."""
    try:
        identity = machine_id.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        identity = ""
    identity = identity or f"{uuid.getnode():012x}"  # the MAC address
    # Hashed: a machine id is confidential (machine-id(5)).
    return f"tts-server-{hashlib.sha256(f'tts-server:{identity}'.encode()).hexdigest()[:8]}"


async def _say_goodbye(mdns: AsyncZeroconf) -> None:
    try:
        async with asyncio.timeout(GOODBYE_S):
            await mdns.async_close()  # withdraws what is announced
    except Exception as error:
        log.debug("no goodbye on the LAN: %r", error)
        mdns.zeroconf.close()  # its sockets are still open


def _reason(error: Exception, name: str) -> str:
    if isinstance(error, NonUniqueNameException):
        return (
            f"the name {name} is taken, by us before a crash or by a copy of this machine (discovery.name sets another)"
        )
    return str(error) or type(error).__name__
