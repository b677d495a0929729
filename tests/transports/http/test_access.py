"""The lock on the door: tokens, tickets, origins, Host names, TLS, slow peers. Each is refused, and says why."""

import asyncio
import datetime
import json
import logging
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.certificate import write_certificate
from tests.support.core import Core
from tests.support.http_door import Door, core_without_engines, open_door, send_raw
from tts_server.access.access import Access, AccessSettings, JwtKey, Token
from tts_server.access.rate_limits import RateLimits
from tts_server.errors import ConfigInvalid
from tts_server.transports.http.settings import HttpSettings, tls_context

SECRET = "correct-horse-battery-staple"
KEY = "a shared secret of more than 32 characters"
LOCKED = ("/api/voices", "/api/emotions", "/api/engine", "/v1/models", "/v1/audio/voices", "/models", "/nowhere")
OPEN = ("/", "/healthz", "/docs", "/openapi.json", "/asyncapi.yaml", "/schema/client.json", "/web/style.css")


def token_access(**settings: Any) -> Access:
    tokens = [
        Token("panel", SECRET, frozenset({"tts"})),
        Token("graphs", "another-long-secret", frozenset({"metrics"})),
    ]
    return Access(AccessSettings("token", tokens=tokens, **settings))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@asynccontextmanager
async def locked_door(core: Core | None = None, access: Access | None = None) -> AsyncGenerator[Door]:
    async with open_door(core or core_without_engines(), access=access or token_access()) as door:
        yield door


async def test_everything_of_the_house_needs_a_token_and_what_anybody_may_read_does_not() -> None:
    async with locked_door() as door:
        for path in LOCKED:
            answer = await door.client.get(path)
            assert code_of(answer) == (401, "unauthorized"), path
            assert answer.headers["www-authenticate"] == "Bearer"
        for path in OPEN:
            assert (await door.client.get(path)).status_code == 200, path
        assert code_of(await door.client.post("/api/tts", json={"text": "好。"})) == (401, "unauthorized")
        assert code_of(await door.client.post("/v1/audio/speech", json={"input": "好。"})) == (401, "unauthorized")
        assert code_of(await door.client.get("/audio/nothing")) == (404, "not_found")


async def test_a_token_opens_what_it_is_for() -> None:
    async with locked_door() as door:
        assert (await door.client.get("/api/voices", headers=bearer(SECRET))).status_code == 200
        assert code_of(await door.client.get("/metrics", headers=bearer(SECRET))) == (403, "forbidden")
        graphs = bearer("another-long-secret")
        assert (await door.client.get("/metrics", headers=graphs)).status_code == 200
        assert code_of(await door.client.get("/api/voices", headers=graphs)) == (403, "forbidden")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer wrong", "Bearer", f"Basic {SECRET}", SECRET, f"Bearer {SECRET} x", "Bearer " + "x" * 9000],
)
async def test_a_wrong_token_is_refused_and_never_logged(authorization: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tts_server")
    async with locked_door() as door:
        answer = await door.client.get("/api/voices", headers={"Authorization": authorization})
    assert code_of(answer) == (401, "unauthorized")
    assert SECRET not in caplog.text + answer.text
    assert "GET /api/voices 401" in caplog.text


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "API-Key", "key", "Authorization", "%74oken"])
@pytest.mark.parametrize("mode", ["none", "token"])
async def test_a_token_in_an_address_is_refused_and_not_logged(
    name: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tts_server")
    async with locked_door(access=Access() if mode == "none" else None) as door:
        answer = await door.client.get(f"/api/voices?a=b&{name}={SECRET}", headers=bearer(SECRET))
    assert code_of(answer) == (400, "bad_message")
    assert "Authorization: Bearer" in answer.json()["error"]["message"]
    assert SECRET not in caplog.text + answer.text


def signed(**changes: Any) -> str:
    expiry = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    return jwt.encode({"exp": expiry, "aud": "tts-server", "sub": "panel", "scope": "tts", **changes}, KEY, "HS256")


async def test_a_signed_token_opens_and_a_bad_one_does_not() -> None:
    access = Access(AccessSettings("jwt", jwt_key=JwtKey(KEY, "HS256", "tts-server")))
    claims = jwt.decode(signed(), options={"verify_signature": False})
    bad = {
        "expired": signed(exp=1_000_000_000),
        "for another": signed(aud="another"),
        "without a signature": jwt.encode(claims, None, "none"),  # type: ignore[arg-type]
        "of another key": jwt.encode(claims, "x" * 40, "HS256"),
        "of another algorithm": jwt.encode(claims, KEY + " " * 32, "HS512"),
    }
    async with locked_door(access=access) as door:
        assert (await door.client.get("/api/voices", headers=bearer(signed()))).status_code == 200
        for what, token in bad.items():
            assert code_of(await door.client.get("/api/voices", headers=bearer(token))) == (401, "unauthorized"), what
        speechless = bearer(signed(scope="metrics"))
        assert code_of(await door.client.get("/api/voices", headers=speechless)) == (403, "forbidden")


async def test_a_ticket_opens_one_websocket(core: Core) -> None:
    async with locked_door(core) as door:
        told = (await door.client.post("/api/ws-tickets", headers=bearer(SECRET))).json()
        assert told["expires_in_s"] == 30
        url = f"ws://127.0.0.1:{door.port}/ws/v1?ticket={told['ticket']}"
        async with connect(url, proxy=None) as websocket:
            await websocket.send('{"type": "hello"}')
            assert json.loads(await websocket.recv())["type"] == "ready"
        with pytest.raises(InvalidStatus) as caught:
            async with connect(url, proxy=None):
                pass
        assert caught.value.response.status_code == 401
        assert code_of(await door.client.post("/api/ws-tickets")) == (401, "unauthorized")


async def test_requests_and_characters_are_counted(core: Core) -> None:
    access = Access(AccessSettings(limits=RateLimits(requests_per_min=3, chars_per_min=50)))
    async with open_door(core, access=access) as door:
        for path, request in (("/api/tts", {"text": "好。"}), ("/v1/audio/speech", {"input": "好。"})):
            assert (await door.client.post(path, json=request)).status_code == 200
        long = await door.client.post("/api/tts/sse", json={"text": "好" * 49})
        assert code_of(long) == (429, "rate_limited")
        assert 1 <= int(long.headers["retry-after"]) <= 60
        assert (await door.client.post("/api/tts", json={"text": "好。"})).status_code == 200
        assert code_of(await door.client.post("/api/tts", json={"text": "好。"})) == (429, "rate_limited")
        assert (await door.client.get("/api/voices")).status_code == 200  # looking costs nothing


async def test_who_asks_does_not_change_the_tag_of_what_is_said(core: Core) -> None:
    tokens = [Token("one", SECRET), Token("other", SECRET + SECRET)]
    async with open_door(core, access=Access(AccessSettings("token", tokens=tokens))) as door:
        answers = [await door.client.post("/api/tts", json={"text": "好。"}, headers=bearer(t.secret)) for t in tokens]
    assert len({answer.headers["etag"] for answer in answers}) == 1


# Pages of other origins -----------------------------------------------------------------------------------------------
FOREIGN = {"Origin": "https://evil.example"}
WELCOME = {"Origin": "https://panel.example"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


async def test_pages_of_other_origins_get_nothing_by_default() -> None:
    async with open_door(core_without_engines()) as door:
        for method in ("GET", "POST", "OPTIONS"):
            answer = await door.client.request(method, "/api/tts", headers={**FOREIGN, **PREFLIGHT})
            assert code_of(answer) == (403, "forbidden")
            assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_page_on_the_list_gets_leave_and_no_other() -> None:
    settings = HttpSettings(origins=("https://panel.example",))
    async with open_door(core_without_engines(), settings, access=token_access()) as door:
        asked = await door.client.options("/api/tts", headers={**WELCOME, **PREFLIGHT})
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, WELCOME["Origin"])
        assert asked.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE"
        assert "Authorization" in asked.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in asked.headers
        answer = await door.client.get("/api/voices", headers={**WELCOME, **bearer(SECRET)})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, WELCOME["Origin"])
        assert "X-Voice" in answer.headers["access-control-expose-headers"]
        assert "Origin" in answer.headers["vary"]
        unauthorised = await door.client.get("/api/voices", headers=WELCOME)
        assert (unauthorised.status_code, "access-control-allow-origin" in unauthorised.headers) == (401, True)
        assert code_of(await door.client.get("/api/voices", headers=FOREIGN)) == (403, "forbidden")
        assert "access-control-allow-origin" not in (await door.client.get("/healthz")).headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://"])
async def test_a_websocket_of_another_site_is_refused(origin: str) -> None:
    async with open_door(core_without_engines()) as door:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"ws://127.0.0.1:{door.port}/ws/v1", origin=origin, proxy=None):  # type: ignore[arg-type]
                pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example"])
async def test_a_host_name_that_was_bound_to_our_address_is_refused(host: str) -> None:
    async with open_door(core_without_engines()) as door:
        for path in ("/", "/healthz", "/api/voices", "/metrics", "/audio/x"):
            answer = await door.client.get(path, headers={"Host": f"{host}:{door.port}"})
            assert code_of(answer) == (403, "forbidden"), path
        with pytest.raises(InvalidStatus) as caught:
            async with connect(
                f"ws://{host}:{door.port}/ws/v1", host="127.0.0.1", port=door.port, origin=None, proxy=None
            ):
                pass
        assert caught.value.response.status_code == 403


# Slow and many peers --------------------------------------------------------------------------------------------------
HEAD = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="silent"),
        pytest.param(HEAD + b"X-Slow: ", id="half a head"),
        pytest.param(HEAD + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{", id="half a body"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", id="half a chunk"),
    ],
)
async def test_slow_peers_are_sent_away_and_hold_nobody_up(sent: bytes) -> None:
    settings = HttpSettings(head_timeout_s=1.0, body_timeout_s=1.0)
    async with open_door(core_without_engines(), settings) as door, asyncio.TaskGroup() as tasks:
        slow = [tasks.create_task(send_raw(door.port, sent)) for _ in range(10)]
        assert (await door.client.get("/healthz")).status_code == 200
        for answer in [await peer for peer in slow]:
            assert answer.startswith(b"HTTP/1.1 408")


# TLS ------------------------------------------------------------------------------------------------------------------
async def test_with_a_certificate_http_and_websocket_are_encrypted(core: Core, tmp_path: Path) -> None:
    cert_file, key_file = write_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(cert_file))
    async with open_door(core, HttpSettings(tls=tls_context(cert_file, key_file))) as door:
        async with httpx.AsyncClient(verify=trust, trust_env=False) as client:
            answer = await client.post(f"https://127.0.0.1:{door.port}/api/tts", json={"text": "好。"})
            assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
        async with connect(f"wss://127.0.0.1:{door.port}/ws/v1", ssl=trust, proxy=None) as websocket:
            await websocket.send('{"type": "hello"}')
            assert json.loads(await websocket.recv())["type"] == "ready"
        with pytest.raises(httpx.TransportError):
            await door.client.get("/healthz")  # plain HTTP
        old = ssl.create_default_context(cafile=str(cert_file))
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        async with httpx.AsyncClient(verify=old, trust_env=False) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"https://127.0.0.1:{door.port}/healthz")


async def test_a_peer_that_is_silent_instead_of_shaking_hands_is_sent_away(tmp_path: Path) -> None:
    settings = HttpSettings(tls=tls_context(*write_certificate(tmp_path)), head_timeout_s=0.3)
    async with open_door(core_without_engines(), settings) as door:
        for sent in (b"", b"\x16\x03\x01\x02\x00\x01"):
            async with asyncio.timeout(10):
                assert await send_raw(door.port, sent) == b""


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    cert_file, key_file = write_certificate(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ConfigInvalid, match=r"cannot use .*: the key is another certificate's"):
        tls_context(cert_file, write_certificate(other)[1])
    with_password = tmp_path / "with_password.pem"
    encrypt = ["openssl", "pkey", "-in", key_file, "-aes128", "-passout", "pass:secret", "-out", with_password]
    subprocess.run(encrypt, check=True, capture_output=True)
    with pytest.raises(ConfigInvalid, match="in PEM, without a password"):
        tls_context(cert_file, with_password)
    with pytest.raises(ConfigInvalid, match="cannot use"):
        tls_context(tmp_path / "nothing", key_file)
    assert tls_context(None, None) is None


# Switches and headers -------------------------------------------------------------------------------------------------
async def test_the_page_the_documents_and_the_figures_can_be_switched_off() -> None:
    settings = HttpSettings(has_page=False, has_docs=False, has_metrics=False)
    async with open_door(core_without_engines(), settings) as door:
        for path in ("/", "/web/style.css", "/docs", "/openapi.json", "/asyncapi.yaml", "/metrics"):
            assert code_of(await door.client.get(path)) == (404, "not_found"), path
        assert (await door.client.get("/api/emotions")).status_code == 200


async def test_every_answer_forbids_what_browsers_might_try_with_it() -> None:
    async with open_door(core_without_engines()) as door:
        for path in ("/", "/docs", "/healthz", "/metrics", "/nowhere", "/api/tts", "/openapi.json"):
            answer = await door.client.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy or "default-src 'self'" in policy, path
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy, path
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
