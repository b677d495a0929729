"""Boxes that differ say so in their logs, once; over a real Valkey, which may also tell nonsense."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.shared.valkey import ValkeyServer, valkey_server
from tts_server.shared import house
from tts_server.shared.house import House
from tts_server.shared.server import SharedServer
from tts_server.shared.settings import SharedSettings

ALIKE = {"voices": "a1", "text": "b2"}


@asynccontextmanager
async def connected(valkey: ValkeyServer) -> AsyncGenerator[SharedServer]:
    server = SharedServer(SharedSettings(valkey.url, 5.0))
    try:
        await server._probe()
        yield server
    finally:
        await server.close()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Ours alone: on a busy machine asyncio tells that it was slow."""
    return [record.message for record in caplog.records if record.name == house.log.name]


async def test_boxes_that_differ_say_in_what_and_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tts_server.shared.house")
    settings = dict(ALIKE)
    async with valkey_server() as valkey, connected(valkey) as server:
        one = House(server, lambda: "box1", lambda: ALIKE)
        other = House(server, lambda: "box2", lambda: settings)
        for _ in range(2):
            await one.look()
            await other.look()
        assert lines(caplog) == []
        settings["voices"] = "c3"
        for _ in range(3):
            await other.look()
            await one.look()
        assert lines(caplog) == [
            "the box 'box1' has other settings than this one in [voices]",
            "the box 'box2' has other settings than this one in [voices]",
        ]
        settings["voices"] = ALIKE["voices"]
        await other.look()
        await one.look()
        assert lines(caplog)[2:] == [
            "the box 'box1' has the same settings again",
            "the box 'box2' has the same settings again",
        ]


async def test_a_box_that_tells_nothing_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "_GONE_S", 1)
    async with valkey_server() as valkey, connected(valkey) as server:
        await House(server, lambda: "gone", lambda: {"voices": "x"}).look()
        one = House(server, lambda: "box1", lambda: ALIKE)
        await one.look()
        assert set(await valkey.client.hkeys(house._KEY)) == {b"gone", b"box1"}
        async with asyncio.timeout(10):
            while set(await valkey.client.hkeys(house._KEY)) != {b"box1"}:
                await one.look()
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("value", [b"", b"1", b"9999999999:{", b"9999999999:[1]", b'9999999999:{"\\n": 1}', b"\xff"])
async def test_nonsense_costs_a_line_at_most(value: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with valkey_server() as valkey, connected(valkey) as server:
        await valkey.client.hset(house._KEY, b"odd", value)
        await House(server, lambda: "box1", lambda: ALIKE).look()
        assert len(lines(caplog)) <= 1
        assert not any("\n" in line for line in lines(caplog))
        await valkey.client.delete(house._KEY)
        await valkey.client.set(house._KEY, "of another type")
        await House(server, lambda: "box1", lambda: ALIKE).look()
