"""How the LAN finds us: zeroconf (mDNS) announcements, kept true while addresses and readiness change.

Home Assistant looks for `_wyoming._tcp`; our own clients for `_tts-server._tcp`; people's browsers for `_http._tcp`.
"""

import asyncio
import ipaddress
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tts_server.access.networks import PRIVATE_NETWORKS, Network, is_allowed
from tts_server.transports.discovery.addresses import Address, own_addresses, reachable_addresses
from tts_server.transports.discovery.instance_name import instance_name, keep_name, kept_name, second_name

if TYPE_CHECKING:  # loaded with the first announcement: a daemon that makes none does without its 3 MiB
    from zeroconf import InterfaceChoice, ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

WYOMING_TYPE: Final = "_wyoming._tcp.local."
OWN_TYPE: Final = "_tts-server._tcp.local."
HTTP_TYPE: Final = "_http._tcp.local."
GOODBYE_S: Final = 2.0
_READY_CHECK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class AnnouncementSettings:
    """What is announced, and where."""

    wyoming_port: int | None  # None: on a Unix socket only
    http_port: int
    version: str
    languages: Sequence[str]  # BCP 47
    is_tls: bool = False  # of the HTTP port
    listening_on: Sequence[str] = ("0.0.0.0", "::")  # hosts of the Wyoming door's sockets
    name: str = ""  # instance name; empty: `instance_name`
    name_file: Path | None = None  # where another name is kept when ours is taken for good
    addresses: Sequence[str] = ()  # to announce; empty: those on the LAN at which the door answers
    networks: Sequence[Network] = PRIVATE_NETWORKS  # that may connect: who uses another address of ours is refused
    check_s: float = 5.0  # between two looks at addresses and readiness
    unready_s: float = 30.0  # who cannot speak for so long is withdrawn
    taken_s: float = 300.0  # more than the 120 s for which a name of ours may outlive a crash
    retry_min_s: float = 5.0
    retry_max_s: float = 60.0


class NothingToAnnounce(Exception):
    """This machine has no address that a peer could use."""


class Announcement:
    """Run it as a task once the doors answer; cancel it to say goodbye. Nothing that happens to it is fatal."""

    def __init__(
        self,
        settings: AnnouncementSettings,
        is_ready: Callable[[], bool] = lambda: True,
        look: Callable[[Sequence[str]], list[Address]] = reachable_addresses,
    ) -> None:
        self._settings = settings
        self._is_ready = is_ready
        self._look = look
        self._taken_since: float | None = None
        self.name = settings.name or kept_name(settings.name_file) or instance_name()

    async def run(self) -> None:
        """Announce and stay until cancelled; whatever fails is tried again."""
        settings, delay_s, has_warned = self._settings, self._settings.retry_min_s, False
        while True:
            try:
                await self._announce_and_stay()
                delay_s, has_warned = settings.retry_min_s, False
                continue
            except Exception as error:
                level = logging.DEBUG if has_warned else logging.WARNING
                log.log(level, "not announced on the LAN, will go on trying: %s", _reason(error, self.name))
                has_warned = True
                if _is_taken(error):
                    self._note_taken()
                # A network that comes late is announced on at once; what fails otherwise is tried ever more rarely.
                waits_s = settings.check_s if isinstance(error, NothingToAnnounce) else delay_s
            await asyncio.sleep(waits_s)
            delay_s = min(2 * delay_s, settings.retry_max_s)

    async def _announce_and_stay(self) -> None:
        """Return when we were not ready for too long; that has been told to the LAN then."""
        while not self._is_ready():  # noqa: ASYNC110 - who asks is not told
            await asyncio.sleep(min(self._settings.check_s, _READY_CHECK_S))
        addresses = self._addresses()
        await asyncio.to_thread(import_module, "zeroconf.asyncio")  # it takes its time: not on the loop
        from zeroconf.asyncio import AsyncZeroconf

        mdns = AsyncZeroconf(interfaces=self._interfaces(addresses))
        try:
            # Never under another name than ours: Home Assistant takes that for another device.
            services = self._services(addresses)
            answers = [await mdns.async_register_service(service, allow_name_change=False) for service in services]
            await asyncio.gather(*answers)
            self._taken_since = None
            log.info("announced as %s at %s", self.name, ", ".join(map(str, addresses)))
            await self._keep_true(mdns, addresses)
        finally:
            await _say_goodbye(mdns)

    async def _keep_true(self, mdns: "AsyncZeroconf", addresses: list[Address]) -> None:
        """Follow our addresses. Returns when we were not ready for too long. Raises NothingToAnnounce."""
        loop = asyncio.get_running_loop()
        ready_at = loop.time()
        while True:
            await asyncio.sleep(self._settings.check_s)
            if self._is_ready():
                ready_at = loop.time()
            elif loop.time() >= ready_at + self._settings.unready_s:
                log.warning("withdrawn from the LAN: no voice could speak for %g s", self._settings.unready_s)
                return
            if (found := self._addresses()) != addresses:
                addresses = found
                await mdns.async_update_interfaces(interfaces=self._interfaces(addresses))
                updates = [await mdns.async_update_service(service) for service in self._services(addresses)]
                await asyncio.gather(*updates)
                log.info("announced as %s at other addresses: %s", self.name, ", ".join(map(str, addresses)))

    def _note_taken(self) -> None:
        """Somebody has our name. If that lasts, it is a copy of this machine, and one of the two needs another."""
        now = asyncio.get_running_loop().time()
        self._taken_since = now if self._taken_since is None else self._taken_since
        if now >= self._taken_since + self._settings.taken_s and not self._settings.name:
            other = second_name()
            if other != self.name:
                log.warning("the name %s stays taken; this machine is %s from now on", self.name, other)
                keep_name(other, self._settings.name_file)
                self.name, self._taken_since = other, None

    def _interfaces(self, addresses: Sequence[Address]) -> "list[str] | InterfaceChoice":
        from zeroconf import InterfaceChoice

        # Those that have these addresses; all when none is ours (a container that announces its host).
        interfaces = own_addresses().intersection(addresses) or reachable_addresses(self._settings.listening_on)
        return sorted(str(address) for address in interfaces) or InterfaceChoice.All

    def _addresses(self) -> list[Address]:
        settings = self._settings
        if settings.addresses:
            return [ipaddress.ip_address(address) for address in settings.addresses]
        found = [one for one in self._look(settings.listening_on) if is_allowed(str(one), settings.networks)]
        if not found:
            raise NothingToAnnounce("no network interface has an address that others could use")
        return found

    def _services(self, addresses: Sequence[Address]) -> "list[ServiceInfo]":
        settings = self._settings
        about = {"txtvers": "1", "version": settings.version, "lang": ",".join(settings.languages)}
        web = {"wspath": "/ws/v1", "tls": str(int(settings.is_tls))}
        wyoming, http = str(settings.wyoming_port or ""), str(settings.http_port)
        services = [
            self._service(OWN_TYPE, settings.http_port, {**about, **web, "wyoming": wyoming}, addresses),
            self._service(HTTP_TYPE, settings.http_port, {"path": "/"}, addresses),
        ]
        if settings.wyoming_port is not None:
            found = self._service(WYOMING_TYPE, settings.wyoming_port, {**about, **web, "http": http}, addresses)
            services.insert(0, found)
        return services

    def _service(self, kind: str, port: int, properties: dict[str, str], addresses: Sequence[Address]) -> "ServiceInfo":
        from zeroconf import ServiceInfo

        return ServiceInfo(
            kind,
            f"{self.name}.{kind}",
            port=port,
            addresses=[address.packed for address in addresses],
            server=f"{self.name}.local.",
            properties=properties,
        )


async def _say_goodbye(mdns: "AsyncZeroconf") -> None:
    """Withdraw what is announced and close all sockets; being cancelled does not keep us from it."""
    leaving = asyncio.ensure_future(_leave(mdns))
    try:
        await asyncio.shield(leaving)
    except asyncio.CancelledError:
        await leaving
        raise


async def _leave(mdns: "AsyncZeroconf") -> None:
    try:
        async with asyncio.timeout(GOODBYE_S):
            await mdns.zeroconf.async_wait_for_start()  # a socket that is still being opened would stay open
            await mdns.async_close()  # withdraws what is announced
    except Exception as error:
        log.debug("no goodbye on the LAN: %r", error)
        mdns.zeroconf.close()  # its sockets are still open


def _is_taken(error: Exception) -> bool:
    loaded = sys.modules.get("zeroconf")
    return loaded is not None and isinstance(error, loaded.NonUniqueNameException)


def _reason(error: Exception, name: str) -> str:
    if _is_taken(error):
        return (
            f"the name {name} is taken, by us before a crash or by a copy of this machine (discovery.name sets another)"
        )
    return str(error) or type(error).__name__
