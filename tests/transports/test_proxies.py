"""Clients behind a proxy: counted by their own addresses where the proxy is trusted, and not believed elsewhere."""

import asyncio
import json
import logging
from contextlib import AsyncExitStack
from ipaddress import ip_network

import pytest

from tests.protocol.test_proxy_protocol import header
from tests.support.core import Core
from tests.support.http_door import core_without_engines, open_door, send_raw
from tests.transports.http.test_places import get, hold, upgrade
from tests.transports.wyoming.peers import connected, serving
from tts_server.access.networks import client_behind
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.wyoming.door import WyomingLimits

HERE = (ip_network("127.0.0.0/8"),)
TRUSTING = HttpSettings(trusted_proxies=HERE, max_connections_per_address=2, head_timeout_s=5.0)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("", "127.0.0.1"),
        ("192.168.1.7", "192.168.1.7"),
        ("10.0.0.66, 192.168.1.7", "192.168.1.7"),  # the first was said by the client
        ("192.168.1.7, 127.0.0.5", "192.168.1.7"),  # two proxies of ours
        ("192.168.1.7:5000", "192.168.1.7"),
        ("[fd00::7]:5000", "fd00::7"),
        ("unknown", "127.0.0.1"),
    ],
)
def test_the_last_address_that_a_trusted_proxy_has_seen_is_the_client(forwarded: str, client: str) -> None:
    assert client_behind("127.0.0.1", forwarded, HERE) == client
    assert client_behind("192.168.1.99", forwarded, HERE) == "192.168.1.99"


@pytest.mark.parametrize("way", ["X-Forwarded-For", "PROXY"])
async def test_the_log_and_the_limits_know_the_client(way: str, core: Core, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tts_server")

    def sent(address: str, request: bytes) -> bytes:
        if way == "PROXY":
            return header(address) + request
        return request.replace(b"\r\n", f"\r\nX-Forwarded-For: {address}\r\n".encode(), 1)

    async with open_door(core, TRUSTING) as door, AsyncExitStack() as stack:
        for _ in range(2):
            await hold(stack, door, sent("192.168.1.7", upgrade()), b"101 Switching Protocols\r\n")
        assert (await send_raw(door.port, sent("192.168.1.7", upgrade()))).startswith(b"HTTP/1.1 429")
        assert (await send_raw(door.port, sent("192.168.1.7", get("/readyz")))).startswith(b"HTTP/1.1 200")
        for neighbour in range(8, 12):
            await hold(stack, door, sent(f"192.168.1.{neighbour}", upgrade()), b"101 Switching Protocols\r\n")
        asked = get("/api/voices", "Connection: close")
        assert (await send_raw(door.port, sent("192.168.1.20", asked))).startswith(b"HTTP/1.1 200")
        assert (await send_raw(door.port, sent("8.8.8.8", asked))).startswith(b"HTTP/1.1 403")
    assert "for 192.168.1.20" in caplog.text


async def test_who_is_no_proxy_of_ours_is_not_believed() -> None:
    async with open_door(core_without_engines()) as door:
        asked = get("/healthz", "Connection: close", "X-Forwarded-For: 8.8.8.8")
        assert (await send_raw(door.port, asked)).startswith(b"HTTP/1.1 200")
        assert (await send_raw(door.port, header() + asked)).startswith(b"HTTP/1.1 400")


async def test_a_header_may_come_in_pieces_and_nonsense_is_told() -> None:
    async with open_door(core_without_engines(), TRUSTING) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for byte in header("192.168.1.7"):
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        writer.write(get("/healthz", "Connection: close"))
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        answer = await send_raw(door.port, header(version=1))
        assert answer.startswith(b"HTTP/1.1 400")
        assert "version 1" in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"]


async def test_wyoming_clients_behind_a_proxy_are_counted_one_by_one(core: Core) -> None:
    limits = WyomingLimits(max_connections_per_address=2, trusted_proxies=HERE)
    async with serving(core, limits) as served, AsyncExitStack() as stack:
        for address in ("192.168.1.7", "192.168.1.7", "192.168.1.8", "192.168.1.9"):
            peer = await stack.enter_async_context(connected(served.port))
            await peer.send_raw(header(address))
            await peer.send("describe")
            await peer.read_until("info")
        async with connected(served.port) as refused:
            await refused.send_raw(header("192.168.1.7"))
            [error] = await refused.read_all()
            assert error.data["code"] == "too_many_connections"
            assert "192.168.1.7" in error.data["text"]
        async with connected(served.port) as stranger:
            await stranger.send_raw(header("8.8.8.8"))
            [error] = await stranger.read_all()
            assert error.data["code"] == "forbidden"
        async with connected(served.port) as plain:  # a client on the box itself
            await plain.send("describe")
            await plain.read_until("info")


async def test_wyoming_does_not_believe_who_is_no_proxy_of_ours(core: Core) -> None:
    async with serving(core) as served, connected(served.port) as peer:
        await peer.send_raw(header("192.168.1.7"))
        await peer.send("describe")
        assert [event.data["code"] for event in await peer.read_all()] == ["bad_json"]
