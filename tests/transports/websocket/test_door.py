"""Who may come in at the WebSocket door, and what it refuses."""

import json
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support import fixtures
from tests.support.core import Core, running_core
from tests.support.http_door import Door, core_without_engines, open_door
from tests.support.websocket_peer import Peer, peer_of
from tests.transports.websocket.conftest import SMALL
from tests.transports.websocket.heard import check_order
from tts_server.transports.http.settings import HttpSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

core = fixtures.core


async def test_a_page_elsewhere_may_not_connect(door: Door) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus) as caught:
            async with peer_of(door, additional_headers=headers):
                pass
        assert caught.value.response.status_code == 403
        assert json.loads(caught.value.response.body or b"")["error"]["code"] == "forbidden"


async def test_an_address_outside_the_networks_may_not_connect() -> None:
    async with open_door(core_without_engines(), HttpSettings(networks=())) as door:
        with pytest.raises(InvalidStatus) as caught:
            async with peer_of(door):
                pass
        assert caught.value.response.status_code == 403


async def test_a_page_of_our_own_may_connect(door: Door) -> None:
    headers = {"Origin": f"http://127.0.0.1:{door.port}"}
    async with peer_of(door, additional_headers=headers, subprotocols=["tts-stream.v1"]) as peer:
        assert peer.websocket.subprotocol == "tts-stream.v1"
        await peer.send("ping", t=1)
        assert (await peer.wait_for("pong"))["t"] == 1


async def test_an_unknown_version_is_refused_before_the_upgrade(door: Door) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with peer_of(door, subprotocols=["tts-stream.v9"]):
            pass
    assert caught.value.response.status_code == 400
    assert json.loads(caught.value.response.body or b"")["error"]["code"] == "unsupported_version"


async def test_a_wrong_path_is_not_found_and_the_right_one_needs_an_upgrade(door: Door) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://127.0.0.1:{door.port}/ws/v9", proxy=None):
            pass
    assert caught.value.response.status_code == 404
    answer = await door.client.get("/ws/v1")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert answer.json()["error"]["code"] == "unsupported_version"


@pytest.mark.parametrize("path", ["/asyncapi.yaml", "/schema/client.json", "/schema/server.json"])
async def test_the_protocol_is_served_to_those_who_write_clients(door: Door, path: str) -> None:
    answer = await door.client.get(path)
    assert answer.status_code == 200
    assert "tts-stream.v1" in answer.text


async def test_a_silent_connection_is_closed() -> None:
    settings = HttpSettings(websocket=replace(SMALL, idle_s=0.1))
    async with open_door(core_without_engines(), settings) as door, peer_of(door) as peer:
        assert await peer.wait_closed() == (4409, "idle")


async def test_a_voice_that_is_not_loaded_yet_is_told_as_such() -> None:
    async with open_door(core_without_engines()) as door, peer_of(door) as peer:
        await peer.send("text", text="你好。", end=True, ref="1")
        error = await peer.wait_for("error")
        assert (error["code"], error["retryable"], error["ref"]) == ("engine_loading", True, "1")


async def test_who_has_to_wait_is_told_how_long() -> None:
    async with (
        running_core(engine_settings={"tone": {"slow_s": 0.1}}, threads=1) as slow,
        open_door(slow) as door,
        peer_of(door, max_queue=None) as peer,
    ):
        for number in range(8):
            await peer.send("open", ctx=str(number), flow="none")
            await peer.send("text", ctx=str(number), text="一二三四五六七八九十。" * 3, end=True)
        notice = await peer.wait_for("notice", code="queued")
        assert notice["position"] >= 1
        assert notice["eta_ms"] >= 0
        await peer.send("cancel", ctx="*")
        await peer.wait_for("cancelled", ctx="*")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"type": "open", "voice": "nobody"}, "voice_unknown"),
        ({"type": "open", "audio": {"codec": "mp3"}}, "format_unsupported"),
        ({"type": "open", "audio": {"codec": "opus", "rate": 44100}}, "format_unsupported"),
        ({"type": "open", "audio": {"codec": "opus", "frame_ms": 10}}, "format_unsupported"),
        ({"type": "open", "audio": {"rate": 12345}}, "format_unsupported"),
        ({"type": "open", "marks": "phoneme"}, "format_unsupported"),
        ({"type": "open", "text_format": "latex"}, "format_unsupported"),
        ({"type": "open", "speed": 9}, "bad_field"),
        ({"type": "text", "text": "字" * 2001}, "text_too_long"),
        ({"type": "text", "text": "好。", "at": 5}, "bad_offset"),
        ({"type": "set", "voice": "nobody"}, "voice_unknown"),
        ({"type": "flush"}, "bad_state"),
        ({"type": "end"}, "bad_state"),
        ({"type": "sing"}, "unknown_type"),
        ({"type": "hello", "defaults": {"voice": "nobody"}}, "voice_unknown"),
        ({"type": "hello", "accept": {"framing": ["morse"]}}, "format_unsupported"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
async def test_what_cannot_be_done_is_an_error_and_leaves_no_context(
    peer: Peer, sent: dict[str, Any], code: str
) -> None:
    await peer.send(**{"type_": sent["type"], **{key: sent[key] for key in sent if key != "type"}, "ref": "r"})
    error = await peer.wait_for("error")
    assert (error["code"], error["ref"], error["fatal"]) == (code, "r", False)
    assert peer.messages("opened") == []
    await peer.send("text", text="你好。", end=True)
    assert (await peer.wait_for("done"))["reason"] == "end"


@pytest.mark.parametrize(
    ("opened", "refused", "code"),
    [
        ({"text_format": "ssml"}, "<speak>你好</speek>", "bad_field"),
        ({}, "字" * 2001, "text_too_long"),
    ],
)
async def test_a_refused_text_that_carried_the_end_ends_its_context(
    peer: Peer, opened: dict[str, Any], refused: str, code: str
) -> None:
    await peer.send("open", **opened)
    await peer.send("text", ref="r", text=refused, end=True)
    assert (await peer.wait_for("error"))["code"] == code
    done = await peer.wait_for("done")
    assert (done["reason"], done["samples"]) == ("end", 0)


async def test_refused_text_leaves_no_hole(core: Core) -> None:
    async with open_door(core) as door, peer_of(door) as peer:
        await peer.send("open", flow="ack", max_lead_ms=100, split="none")
        await peer.send("text", text="字" * 1999)
        await peer.send("text", text="字" * 1999, ref="2")
        error = await peer.wait_for("error")
        assert (error["code"], error["received"], error["retryable"], error["ref"]) == ("text_backlog", 1999, True, "2")
        await peer.send("text", text="后来", ref="3")
        assert (await peer.wait_for("error"))["code"] == "text_backlog"
        await peer.send("text", text="后来", at=2000, ref="4")
        assert (await peer.wait_for("error"))["code"] == "text_backlog"
        await peer.send("text", text="后来", at=1999)
        await peer.send("cancel")
        assert (await peer.wait_for("done"))["chars"] == 2001


async def test_contexts_beyond_the_limit_are_refused(peer: Peer) -> None:
    for ctx in "abcd":
        await peer.send("open", ctx=ctx)
    error = await peer.wait_for("error")
    assert (error["code"], error["ctx"], error["retryable"]) == ("too_many_contexts", "d", True)


async def test_a_failing_voice_ends_its_own_context_only(peer: Peer) -> None:
    await peer.send("open", ctx="broken", voice="broken", flow="none")
    await peer.send("text", ctx="broken", text="一二三四五六七八九十一二三四五六七八九十。", end=True)
    await peer.send("text", ctx="well", text="一二三四五六七八九十。", end=True)
    broken = await peer.wait_for("done", ctx="broken")
    assert (broken["reason"], broken["error"]["code"]) == ("error", "engine_failed")
    if not peer.messages("done", "well"):
        await peer.wait_for("done", ctx="well")
    assert peer.messages("done", "well")[0]["reason"] == "end"
    check_order(peer, "broken")
    check_order(peer, "well")
