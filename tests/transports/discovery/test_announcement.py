import asyncio
import ipaddress
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from zeroconf import DNSQuestionType, ServiceInfo, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from tts_server.transports.discovery.announcement import HTTP_TYPE, OWN_TYPE, Announcement, AnnouncementSettings
from tts_server.transports.discovery.announcement import WYOMING_TYPE as SERVICE_TYPE
from tts_server.transports.discovery.instance_name import instance_name, second_name

LOOPBACK = "127.0.0.1"
SETTINGS = AnnouncementSettings(
    wyoming_port=10200,
    http_port=8080,
    version="1.2.3",
    languages=("zh-CN", "en-US"),
    listening_on=(LOOPBACK,),
    addresses=(LOOPBACK,),
    retry_min_s=0.01,
    check_s=0.01,
)


class Browser:
    """What a peer sees: a real zeroconf browser on loopback."""

    def __init__(self, mdns: AsyncZeroconf, name: str) -> None:
        self.mdns = mdns
        self._name = f"{name}.{SERVICE_TYPE}"
        self._changes: asyncio.Queue[ServiceStateChange] = asyncio.Queue()
        self.names: set[str] = set()  # of services like ours

    def on_change(self, zeroconf: object, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if name.startswith(self._name.partition(".")[0]):
            self.names.add(name)
        if name == self._name:
            self._changes.put_nowait(state_change)

    async def until(self, change: ServiceStateChange) -> None:
        """Wait until a change of that kind is seen."""
        async with asyncio.timeout(10):
            while await self._changes.get() is not change:
                pass

    async def look_up(self, kind: str, name: str) -> ServiceInfo | None:
        """Ask all: an answer to one gets lost between responders of one machine."""
        return await self.mdns.async_get_service_info(kind, name, 10_000, DNSQuestionType.QM)

    async def details(self) -> dict[str, Any]:
        """Address, port and TXT record."""
        info = await self.look_up(SERVICE_TYPE, self._name)
        assert info is not None
        return {
            "addresses": info.parsed_addresses(),
            "port": info.port,
            "server": info.server,
            **info.decoded_properties,
        }


@asynccontextmanager
async def browsing(name: str) -> AsyncGenerator[Browser]:
    mdns = AsyncZeroconf(interfaces=[LOOPBACK])
    browser = Browser(mdns, name)
    searching = AsyncServiceBrowser(mdns.zeroconf, SERVICE_TYPE, handlers=[browser.on_change])
    try:
        yield browser
    finally:
        await searching.async_cancel()
        await mdns.async_close()


@asynccontextmanager
async def defending(mdns: AsyncZeroconf, taken: ServiceInfo) -> AsyncGenerator[None]:
    """Repeat an announcement without pause: answers by unicast get lost between responders of one machine."""

    async def repeat() -> None:
        while True:
            await (await mdns.async_update_service(taken))

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def announcing(settings: AnnouncementSettings) -> AsyncGenerator[asyncio.Task[None]]:
    task = asyncio.create_task(Announcement(settings).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=15)
        assert task.cancelled()  # cancelling is heard, and the goodbye is bounded in time


class Lines(logging.Handler):
    """Log lines as they come."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._records: asyncio.Queue[logging.LogRecord] = asyncio.Queue()

    @property
    def count(self) -> int:
        """Lines that wait to be read."""
        return self._records.qsize()

    def emit(self, record: logging.LogRecord) -> None:
        self._records.put_nowait(record)

    async def next(self) -> tuple[int, str]:
        async with asyncio.timeout(10):
            record = await self._records.get()
        return record.levelno, record.getMessage()


@pytest.fixture
def lines() -> Any:
    handler = Lines()
    logger = logging.getLogger("tts_server.transports.discovery.announcement")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.setLevel(level)
    logger.removeHandler(handler)


async def test_a_browser_finds_us_with_all_it_needs_to_connect() -> None:
    async with browsing("tts-server-find") as browser, announcing(replace(SETTINGS, name="tts-server-find")):
        await browser.until(ServiceStateChange.Added)
        assert await browser.details() == {
            "addresses": [LOOPBACK],
            "port": 10200,
            "server": "tts-server-find.local.",
            "txtvers": "1",
            "version": "1.2.3",
            "http": "8080",
            "wspath": "/ws/v1",
            "tls": "0",
            "lang": "zh-CN,en-US",
        }


async def test_stopping_says_goodbye_at_once() -> None:
    async with browsing("tts-server-bye") as browser:
        async with announcing(replace(SETTINGS, name="tts-server-bye")):
            await browser.until(ServiceStateChange.Added)
        await browser.until(ServiceStateChange.Removed)


async def test_a_name_in_use_is_waited_for_and_never_changed(lines: Lines) -> None:
    name = "tts-server-twin"
    taken = ServiceInfo(
        SERVICE_TYPE, f"{name}.{SERVICE_TYPE}", 10299, addresses=[b"\x7f\0\0\1"], server=f"{name}.local."
    )
    async with browsing(name) as other:
        await (await other.mdns.async_register_service(taken))
        async with defending(other.mdns, taken), announcing(replace(SETTINGS, name=name, retry_max_s=0.1)):
            level, line = await lines.next()
            assert (level, "tts-server-twin is taken" in line) == (logging.WARNING, True)
            assert (await lines.next())[0] == logging.DEBUG  # one warning is enough
        assert other.names == {f"{name}.{SERVICE_TYPE}"}


async def test_the_name_is_ours_again_when_it_becomes_free(lines: Lines) -> None:
    name = "tts-server-heir"
    taken = ServiceInfo(
        SERVICE_TYPE, f"{name}.{SERVICE_TYPE}", 10299, addresses=[b"\x7f\0\0\1"], server=f"{name}.local."
    )
    async with browsing(name) as other:
        await (await other.mdns.async_register_service(taken))
        async with announcing(replace(SETTINGS, name=name, retry_max_s=0.1)):
            async with defending(other.mdns, taken):
                assert (await lines.next())[0] == logging.WARNING
            await (await other.mdns.async_unregister_service(taken))
            while (line := await lines.next())[0] != logging.INFO:
                assert line[0] == logging.DEBUG
            assert line[1] == "announced as tts-server-heir at 127.0.0.1"


async def test_other_addresses_are_told_under_the_same_name(lines: Lines) -> None:
    addresses = ["127.0.0.1"]

    def look(_: object) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
        return [ipaddress.ip_address(address) for address in addresses]

    settings = replace(SETTINGS, name="tts-server-moves", addresses=())
    async with browsing("tts-server-moves") as browser:
        task = asyncio.create_task(Announcement(settings, look=look).run())
        await browser.until(ServiceStateChange.Added)
        addresses.append("192.168.83.7")
        while "other addresses: 127.0.0.1, 192.168.83.7" not in (await lines.next())[1]:
            pass
        async with asyncio.timeout(10):
            while "192.168.83.7" not in (await browser.details())["addresses"]:  # noqa: ASYNC110 - a browser tells of services only
                await asyncio.sleep(0.05)
        addresses.clear()  # the network is gone, and comes back
        await browser.until(ServiceStateChange.Removed)
        while "no network interface" not in (await lines.next())[1]:
            pass
        addresses.append("127.0.0.1")
        await browser.until(ServiceStateChange.Added)
        assert browser.names == {f"tts-server-moves.{SERVICE_TYPE}"}
        task.cancel()
        await asyncio.wait([task])


async def test_who_cannot_speak_for_long_is_withdrawn_and_comes_back(lines: Lines) -> None:
    is_ready = [False]
    settings = replace(SETTINGS, name="tts-server-quiet", unready_s=0.2)
    async with browsing("tts-server-quiet") as browser:
        task = asyncio.create_task(Announcement(settings, lambda: is_ready[0]).run())
        await asyncio.wait([task], timeout=0.3)
        assert browser.names == set()  # not before it can speak
        for _ in range(2):
            is_ready[0] = True
            await browser.until(ServiceStateChange.Added)
            is_ready[0] = False
            await browser.until(ServiceStateChange.Removed)
        task.cancel()
        await asyncio.wait([task])
    assert "withdrawn from the LAN: no voice could speak for 0.2 s" in [
        (await lines.next())[1] for _ in range(lines.count)
    ]


async def test_our_own_clients_and_browsers_find_us_too(lines: Lines) -> None:
    name = "tts-server-web"
    async with browsing(name) as browser, announcing(replace(SETTINGS, name=name)):
        await browser.until(ServiceStateChange.Added)
        while "announced as" not in (await lines.next())[1]:
            pass
        own = await browser.look_up(OWN_TYPE, f"{name}.{OWN_TYPE}")
        assert own is not None
        assert own.port == 8080
        assert own.decoded_properties["wyoming"] == "10200"
        assert own.decoded_properties["wspath"] == "/ws/v1"
        page = await browser.look_up(HTTP_TYPE, f"{name}.{HTTP_TYPE}")
        assert page is not None
        assert (page.port, page.decoded_properties) == (8080, {"path": "/"})


def test_what_is_told_is_small_and_holds_no_secret() -> None:
    services = Announcement(SETTINGS)._services([ipaddress.ip_address(LOOPBACK)])
    assert all(len(service.text or b"") < 200 for service in services)
    assert all(re.fullmatch(r"[a-z]{1,9}", key) for service in services for key in service.decoded_properties)


def test_addresses_from_which_nobody_could_be_let_in_are_not_told() -> None:
    addresses = [ipaddress.ip_address(text) for text in ("192.168.1.2", "fd00::2", "2001:db8::2", "8.8.8.8")]
    announcement = Announcement(replace(SETTINGS, addresses=()), look=lambda _: addresses)
    assert announcement._addresses() == addresses[:2]


async def test_a_name_that_stays_taken_is_given_up_once_and_for_ever(tmp_path: Path, lines: Lines) -> None:
    kept = tmp_path / "state" / "instance-name"
    settings = replace(SETTINGS, name_file=kept, taken_s=0.0, retry_max_s=0.1)
    first = instance_name()
    taken = ServiceInfo(
        SERVICE_TYPE, f"{first}.{SERVICE_TYPE}", 10299, addresses=[b"\x7f\0\0\1"], server=f"{first}.local."
    )
    async with browsing(second_name()) as other:
        await (await other.mdns.async_register_service(taken))
        async with defending(other.mdns, taken), announcing(settings):
            await other.until(ServiceStateChange.Added)
    assert re.fullmatch(rf"{first}-[0-9a-f]{{4}}", kept.read_text(encoding="ascii").strip())
    assert Announcement(settings).name == second_name()  # after a restart, at once


@pytest.mark.parametrize(
    "settings",
    [
        replace(SETTINGS, addresses=()),  # listening on loopback only: no peer can come
        replace(SETTINGS, addresses=("not an address",)),
        replace(SETTINGS, name="x" * 64),
        replace(SETTINGS, wyoming_port=-1),
    ],
)
async def test_whatever_fails_costs_one_warning_and_is_tried_again(
    settings: AnnouncementSettings, lines: Lines
) -> None:
    async with announcing(settings) as task:
        while "will go on trying" not in (line := await lines.next())[1]:
            pass
        assert line[0] == logging.WARNING
        assert (await lines.next())[0] == logging.DEBUG
        assert not task.done()


async def test_stopping_before_it_was_announced_is_as_good() -> None:
    async with announcing(replace(SETTINGS, name="tts-server-early")) as task:
        await asyncio.wait([task], timeout=0.1)  # it is in the middle of asking who has its name


def test_the_name_is_short_plain_and_the_same_for_ever(tmp_path: Path) -> None:
    machine_id = tmp_path / "machine-id"
    machine_id.write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
    assert instance_name(machine_id) == "tts-server-0563984a"


def test_the_name_does_not_give_the_machine_id_away_and_differs_between_machines(tmp_path: Path) -> None:
    names = set()
    for number in range(20):
        machine_id = tmp_path / str(number)
        machine_id.write_text(f"{number:032x}", encoding="ascii")
        names.add(instance_name(machine_id))
    assert len(names) == 20


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_machine_without_an_id_is_known_by_its_network_hardware(tmp_path: Path, content: bytes | None) -> None:
    machine_id = tmp_path / "machine-id"
    if content is not None:
        machine_id.write_bytes(content)
    name = instance_name(machine_id)
    assert re.fullmatch(r"tts-server-[0-9a-f]{8}", name)
    assert name == instance_name(machine_id)
