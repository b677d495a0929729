"""Boxes that differ say so in their logs, once; over a real Valkey, which may also tell nonsense."""

import asyncio

import pytest

from tests.shared.valkey import ValkeyServer, valkey_server
from tts_server.shared import house
from tts_server.shared.house import House
from tts_server.shared.server import SharedServer
from tts_server.shared.settings import SharedSettings

ALIKE = {"voices": "a1", "text": "b2"}


async def connected(valkey: ValkeyServer) -> SharedServer:
    server = SharedServer(SharedSettings(valkey.url, 2.0))
    await server._probe()
    return server


async def test_boxes_that_differ_say_in_what_and_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tts_server.shared.house")
    settings = dict(ALIKE)
    async with valkey_server() as valkey:
        server = await connected(valkey)
        one = House(server, lambda: "box1", lambda: ALIKE)
        other = House(server, lambda: "box2", lambda: settings)
        for _ in range(2):
            await one.look()
            await other.look()
        assert caplog.messages == []
        settings["voices"] = "c3"
        for _ in range(3):
            await other.look()
            await one.look()
        assert caplog.messages == [
            "the box 'box1' has other settings than this one in [voices]",
            "the box 'box2' has other settings than this one in [voices]",
        ]
        settings["voices"] = ALIKE["voices"]
        await other.look()
        await one.look()
        assert caplog.messages[2:] == [
            "the box 'box1' has the same settings again",
            "the box 'box2' has the same settings again",
        ]
        await server.close()


async def test_a_box_that_tells_nothing_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "_GONE_S", 1)
    async with valkey_server() as valkey:
        server = await connected(valkey)
        await House(server, lambda: "gone", lambda: {"voices": "x"}).look()
        one = House(server, lambda: "box1", lambda: ALIKE)
        await one.look()
        assert set(await valkey.client.hkeys(house._KEY)) == {b"gone", b"box1"}
        async with asyncio.timeout(10):
            while set(await valkey.client.hkeys(house._KEY)) != {b"box1"}:
                await one.look()
                await asyncio.sleep(0.1)
        await server.close()


@pytest.mark.parametrize("value", [b"", b"1", b"9999999999:{", b"9999999999:[1]", b'9999999999:{"\\n": 1}', b"\xff"])
async def test_nonsense_costs_a_line_at_most(value: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with valkey_server() as valkey:
        server = await connected(valkey)
        await valkey.client.hset(house._KEY, b"odd", value)
        await House(server, lambda: "box1", lambda: ALIKE).look()
        assert len(caplog.messages) <= 1
        assert "\n" not in caplog.text.rstrip("\n")
        await valkey.client.delete(house._KEY)
        await valkey.client.set(house._KEY, "of another type")
        await House(server, lambda: "box1", lambda: ALIKE).look()
        await server.close()
