"""Who may use the WebSocket door: tokens in all their places, scopes, limits of characters, and tokens that expire."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import jwt
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from protocol.client import TtsClient, TtsError
from protocol.errors import ErrorCode
from tests.support import fixtures
from tests.support.bad_line import bad_line
from tests.support.core import Core
from tests.support.http_door import Door, open_door
from tests.support.websocket_peer import peer_of
from tts_server.access.access import METRICS, PRIORITY, SPEAK, Access, AccessSettings, JwtKey, Principal, Token
from tts_server.access.rate_limits import RateLimits
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.settings import WebSocketSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

KITCHEN = Token("kitchen", "kitchen-secret", frozenset({SPEAK}))
ALARM = Token("alarm", "alarm-secret", frozenset({SPEAK, PRIORITY}))
TOKENS = AccessSettings(mode="token", tokens=(KITCHEN, ALARM))
KEY = "a key of thirty-two bytes or more, as HS256 wants"
SIGNED = AccessSettings(mode="jwt", jwt_key=JwtKey(KEY, "HS256", "tts"))
QUICK = WebSocketSettings(auth_timeout_s=0.3, max_unauthenticated=2, token_grace_s=0.2)


core = fixtures.core


@pytest_asyncio.fixture(loop_scope="module")
async def access() -> Access:
    return Access(TOKENS)


@pytest_asyncio.fixture(loop_scope="module")
async def door(core: Core, access: Access) -> AsyncGenerator[Door]:
    async with open_door(core, HttpSettings(websocket=QUICK), access) as opened:
        yield opened


def bearer(token: Token) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.secret}"}


async def refusal(door: Door, query: str = "", **options: Any) -> tuple[int, str]:
    """Status and code of the HTTP answer to a handshake."""
    with pytest.raises(InvalidStatus) as caught:
        async with peer_of(door, query=query, **options):
            pass
    response = caught.value.response
    return response.status_code, json.loads(response.body or b"")["error"]["code"]


async def test_a_token_in_the_header_opens_the_door(door: Door) -> None:
    async with peer_of(door, additional_headers=bearer(KITCHEN)) as peer:
        await peer.send("text", text="好。", end=True)
        assert (await peer.wait_for("done"))["reason"] == "end"


async def test_a_token_among_the_subprotocols_is_not_repeated(door: Door) -> None:
    offered = ["tts-stream.v1", f"bearer.{KITCHEN.secret}"]
    async with peer_of(door, subprotocols=offered) as peer:
        assert peer.websocket.subprotocol == "tts-stream.v1"
        await peer.send("ping")
        await peer.wait_for("pong")


async def test_a_ticket_opens_the_door_once(door: Door, access: Access) -> None:
    ticket = access.issue_ticket(Principal("browser"))
    async with peer_of(door, query=f"?ticket={ticket}") as peer:
        await peer.send("ping")
        await peer.wait_for("pong")
    assert await refusal(door, f"?ticket={ticket}") == (401, "unauthorized")


@pytest.mark.parametrize("query", ["?token=kitchen-secret", "?ticket=kitchen-secret"])
async def test_a_token_in_the_address_is_refused(door: Door, query: str) -> None:
    assert await refusal(door, query) == (401, "unauthorized")


@pytest.mark.parametrize(
    "options",
    [
        {"additional_headers": {"Authorization": "Bearer wrong"}},
        {"subprotocols": ["tts-stream.v1", "bearer.wrong"]},
    ],
)
async def test_a_wrong_token_is_refused_before_the_upgrade(door: Door, options: dict[str, Any]) -> None:
    assert await refusal(door, **options) == (401, "unauthorized")


async def test_hello_may_bring_the_token(door: Door) -> None:
    async with peer_of(door) as peer:
        await peer.send("hello", ref="h", token=KITCHEN.secret)
        await peer.wait_for("ready", ref="h")
        await peer.send("text", text="好。", end=True)
        await peer.wait_for("done")


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "hello", "token": "wrong"},
        {"type": "hello"},
        {"type": "text", "text": "好。"},
        {"type": "ping"},
        {"type": "x"},
    ],
)
async def test_a_stranger_may_say_nothing_else(door: Door, sent: dict[str, Any]) -> None:
    async with peer_of(door) as peer:
        await peer.websocket.send(json.dumps({**sent, "ref": "r"}))
        code = "unknown_type" if sent["type"] == "x" else "unauthorized"
        if sent["type"] == "x":
            await peer.wait_for("error", code=code, ref="r")
            await peer.send("ping")
        assert await peer.wait_closed() == (4401, "unauthorized")
        assert peer.messages("ready") == []
        assert [message["fatal"] for message in peer.messages("error")][-1]


async def test_a_stranger_must_be_quick_and_brief(door: Door) -> None:
    async with peer_of(door) as silent, peer_of(door) as talkative:
        await talkative.websocket.send(" " * 2049)
        assert (await talkative.wait_closed())[0] == 1009
        assert (await silent.wait_closed())[0] == 4408
        assert silent.messages("error")[0]["code"] == "unauthorized"


async def test_only_so_many_strangers_may_wait(door: Door) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(peer_of(door))
        assert await refusal(door) == (503, "too_many_connections")
        async with peer_of(door, additional_headers=bearer(KITCHEN)) as known:
            await known.send("ping")
            await known.wait_for("pong")


@pytest.mark.parametrize("wish", [{"priority": "high"}, {"preempt": "all"}])
async def test_to_go_before_others_needs_a_scope(door: Door, wish: dict[str, str]) -> None:
    async with peer_of(door, additional_headers=bearer(KITCHEN)) as peer:
        await peer.send("open", ref="1", **wish)
        error = await peer.wait_for("error", ref="1")
        assert (error["code"], error["fatal"]) == ("forbidden", False)
        assert peer.messages("opened") == []
    async with peer_of(door, additional_headers=bearer(ALARM)) as peer:
        await peer.send("open", ref="1", **wish)
        await peer.wait_for("opened", ref="1")


async def test_to_speak_needs_a_scope(core: Core) -> None:
    gauge = Token("gauge", "gauge-secret", frozenset({METRICS}))
    async with (
        open_door(core, HttpSettings(websocket=QUICK), Access(replace(TOKENS, tokens=(gauge,)))) as door,
        peer_of(door, additional_headers=bearer(gauge)) as peer,
    ):
        await peer.send("text", text="好。", end=True, ref="1")
        assert (await peer.wait_for("error", ref="1"))["code"] == "forbidden"


async def test_text_beyond_a_minutes_characters_leaves_no_hole(core: Core) -> None:
    access = Access(replace(TOKENS, limits=RateLimits(chars_per_min=20)))
    settings = HttpSettings(websocket=replace(QUICK, chars_per_min=20))
    async with open_door(core, settings, access) as door, peer_of(door, additional_headers=bearer(KITCHEN)) as peer:
        await peer.send("text", text="字" * 15)
        await peer.send("text", text="字" * 15, ref="2")
        error = await peer.wait_for("error", ref="2")
        assert (error["code"], error["received"], error["retryable"]) == ("rate_limited", 15, True)
        assert error["retry_after_ms"] >= 1000
        await peer.send("text", text="字", ref="3")
        assert (await peer.wait_for("error", ref="3"))["code"] == "text_backlog"
        await peer.send("text", text="字字", at=15, end=True)
        assert (await peer.wait_for("done"))["chars"] == 17
        assert peer.messages("ready")[0]["limits"]["chars_per_min"] == 20


async def test_a_token_that_expires_lets_speech_end_and_takes_no_more(core: Core) -> None:
    claims = {"sub": "panel", "aud": "tts", "exp": time.time() + 1.2, "scope": "tts"}
    token = jwt.encode(claims, KEY, algorithm="HS256")
    settings = HttpSettings(websocket=replace(QUICK, messages_per_s=100_000))  # the pings below pass the time
    async with (
        open_door(core, settings, Access(SIGNED)) as door,
        peer_of(door, additional_headers={"Authorization": f"Bearer {token}"}) as peer,
    ):
        await peer.send("open", ctx="a", flow="none")
        await peer.wait_for("opened")
        while time.time() < claims["exp"]:
            await peer.send("ping")
            await peer.wait_for("pong")
        await peer.send("text", ctx="a", text="好。", end=True)
        await peer.send("open", ctx="b", ref="b")
        assert (await peer.wait_for("error", ref="b"))["code"] == "unauthorized"
        assert await peer.wait_closed() == (4401, "unauthorized")
        assert peer.messages("done", "a")[0]["reason"] == "end"
        assert [notice["code"] for notice in peer.messages("notice")] == ["token_expiring"]


async def test_a_session_is_resumed_by_its_own_subject_only(door: Door) -> None:
    async with bad_line(door.port) as line:
        through = Door(door.door, line.port, door.client)
        async with peer_of(through, additional_headers=bearer(KITCHEN)) as peer:
            await peer.send("hello")
            ready = await peer.wait_for("ready")
            line.cut()
    resume = {"session": ready["session"], "token": ready["resume"]["token"]}
    async with peer_of(door, additional_headers=bearer(ALARM)) as thief:
        await thief.send("hello", resume=resume)
        await thief.wait_for("error", code="resume_gone")
    async with peer_of(door) as owner:
        await owner.send("hello", token=KITCHEN.secret, resume=resume)
        assert (await owner.wait_for("ready"))["resumed"] is True


async def test_the_client_shows_its_token_and_says_why_it_is_not_let_in(door: Door) -> None:
    async with TtsClient(f"ws://127.0.0.1:{door.port}", token=KITCHEN.secret) as tts:
        assert [chunk async for chunk in tts.say("好。")]
    for token in ("wrong", None):
        with pytest.raises(TtsError, match="token") as caught:
            async with asyncio.timeout(15), TtsClient(f"ws://127.0.0.1:{door.port}", token=token):
                pass
        assert caught.value.code is ErrorCode.UNAUTHORIZED
