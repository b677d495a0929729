import asyncio
import statistics
import time

import httpx
import pytest

from tests.support.core import Core, running_core
from tests.support.http_door import core_without_engines, open_door, send_raw, speech_request
from tts_server import __version__
from tts_server.access.access import Access
from tts_server.audio.encode import FORMATS
from tts_server.synthesis.metrics import Metrics
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.routes import build_app
from tts_server.transports.http.settings import HttpSettings


async def test_a_daemon_whose_engines_load_is_alive_but_not_ready() -> None:
    async with open_door(core_without_engines()) as door:
        assert (await door.client.get("/healthz")).json() == {"status": "ok", "version": __version__}
        for answer in (await door.client.get("/readyz"), await door.client.post("/api/tts", json={"text": "好。"})):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_loading")
            assert answer.headers["retry-after"] == "1"


async def test_a_daemon_whose_voices_are_all_disabled_says_which_key_to_correct() -> None:
    async with running_core() as core:
        every = [voice.name for voice in core.synthesizer.catalogue.voices]
    async with running_core(disabled_voices=every, preload=[]) as core, open_door(core) as door:
        for answer in (await door.client.get("/readyz"), await door.client.post("/api/tts", json={"text": "好。"})):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "config_invalid")
            assert "voices.disabled takes away every voice" in answer.json()["error"]["message"]


async def test_a_daemon_that_can_speak_is_ready_until_it_drains(core: Core) -> None:
    async with open_door(core) as door:
        assert (await door.client.get("/readyz")).json() == {"status": "ready", "version": __version__}
        await core.synthesizer.drain(1.0)
        answer = await door.client.get("/readyz")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "shutting_down")
        assert "draining" in answer.json()["error"]["message"]
        answer = await door.client.post("/api/tts", json={"text": "好。"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "shutting_down")
        assert (await door.client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/healthz/x", 404, "not_found"),
        ("GET", "/audio/nothing", 404, "not_found"),
        ("GET", "/audio/..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("GET", "/api/links", 405, "bad_message"),
        ("DELETE", "/healthz", 405, "bad_message"),
        ("OPTIONS", "/api/links", 405, "bad_message"),
        ("BREW", "/api/tts", 405, "bad_message"),
    ],
)
async def test_a_wrong_path_or_method_is_a_json_error(method: str, path: str, status: int, code: str) -> None:
    async with open_door(core_without_engines()) as door:
        answer = await door.client.request(method, path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert ("allow" in answer.headers) is (status == 405)


async def test_an_answer_does_not_wait_for_the_peer_to_acknowledge_its_head() -> None:
    async with open_door(core_without_engines()) as door:
        took_s = []
        for _ in range(9):  # on one connection: the kernel acknowledges the first answers at once
            started_at = time.perf_counter()
            await door.client.get("/healthz")
            took_s.append(time.perf_counter() - started_at)
        assert statistics.median(took_s) < 0.03  # Nagle's algorithm makes it 0.04


async def test_head_is_get_without_the_body() -> None:
    async with open_door(core_without_engines()) as door:
        for path in ("/healthz", "/readyz", "/nowhere", "/api/tts", "/openapi.json"):
            got, headed = await door.client.get(path), await door.client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b"")
            assert headed.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"text":', "application/json", 400, "bad_json"),
        (b'{"text": "\xff"}', "application/json", 400, "bad_json"),
        (b'{"text": ' + b"[" * 100_000, "application/json", 400, "bad_json"),
        (b'{"text": "a", "speed": ' + b"9" * 5000 + b"}", "application/json", 400, "bad_json"),
        (b'{"text": "\\ud800"}', "application/json", 422, "bad_field"),
        (b'{"text": "a", "speed": NaN}', "application/json", 422, "bad_field"),
        (b"[]", "application/json", 422, "bad_field"),
        (b"null", "application/json", 422, "bad_field"),
        (b"", "application/json", 422, "bad_field"),
        (b'{"text": "a"}', "text/plain", 415, "bad_message"),
        (b'{"text": "a"}', "application/x-www-form-urlencoded", 415, "bad_message"),
        (b'{"text": "a"}', "", 415, "bad_message"),
        (b"text=a", "multipart/form-data; boundary=x", 415, "bad_message"),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_body_that_is_not_right_is_told_what_is_wrong(
    body: bytes, content_type: str, status: int, code: str
) -> None:
    async with open_door(core_without_engines()) as door:
        answer = await door.client.post("/api/tts", content=body, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert "Traceback" not in answer.text


async def test_the_openapi_document_lists_the_routes_and_the_shape_of_errors() -> None:
    async with open_door(core_without_engines()) as door:
        document = (await door.client.get("/openapi.json")).json()
    ours = {
        "/api/tts",
        "/api/tts/sse",
        "/api/links",
        "/api/phrases",
        "/api/phrases/{name}",
        "/api/phrases/{name}/speak",
        "/api/dictionary",
        "/api/dictionary/{word}",
        "/api/readings",
        "/audio/{name}",
        "/api/voices",
        "/api/emotions",
        "/api/engine",
        "/api/ws-tickets",
    }
    openai = {"/v1/audio/speech", "/v1/models", "/v1/models/{name}", "/v1/audio/models", "/v1/audio/voices"}
    assert set(document["paths"]) == {"/healthz", "/readyz"} | ours | openai
    answers = document["paths"]["/api/tts"]["post"]["responses"]
    assert set(answers["200"]["content"]) == {"application/json", *(form.media_type for form in FORMATS.values())}
    error = {"$ref": "#/components/schemas/ErrorBody"}
    for path in document["paths"].values():
        for method in path.values():
            assert method["responses"]["default"]["content"]["application/json"]["schema"] == error
    assert "HTTPValidationError" not in str(document)


def test_no_route_runs_on_a_thread() -> None:
    synthesizer = core_without_engines().synthesizer
    app = build_app(synthesizer, StoredAudio(1, 1), HttpSettings(), Access(), Metrics(synthesizer))
    endpoints = [route.endpoint for route in app.routes if hasattr(route, "endpoint")]
    assert len(endpoints) >= 4
    assert all(asyncio.iscoroutinefunction(endpoint) for endpoint in endpoints)


async def test_after_stop_accepting_whoever_comes_is_told_so_and_speech_under_way_goes_on(core: Core) -> None:
    async with open_door(core) as door:
        idle_reader, idle = await asyncio.open_connection("127.0.0.1", door.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(speech_request("一二三四五六七八九十" * 30))
        await reader.readuntil(b"RIFF")
        door.door.stop_accepting()
        draining = asyncio.create_task(core.synthesizer.drain(5))
        told = await send_raw(door.port, b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"503" in told.splitlines()[0]
        assert b"draining" in told
        assert b"shutting_down" in await send_raw(door.port, speech_request("好。"))
        assert await idle_reader.read() == b""
        assert (await reader.read()).endswith(b"\r\n0\r\n\r\n")  # all of it, and then the connection is closed
        await draining
        writer.close()
        idle.close()


async def test_close_cuts_off_what_is_under_way_and_leaves_nothing_behind(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    before = asyncio.all_tasks()
    async with open_door(core) as door:
        request = {"text": "一二三四五六七八九十" * 20, "voice": "stuck"}
        async with door.client.stream("POST", "/api/tts", json=request) as answer:
            audio = answer.aiter_raw()
            await anext(audio)
            await door.door.close()
            with pytest.raises(httpx.TransportError):
                await anext(audio)
    await core.synthesizer.drain(1.0)
    assert asyncio.all_tasks() == before
    assert "cut off" not in caplog.text


async def test_close_may_be_called_twice_and_before_any_request() -> None:
    async with open_door(core_without_engines()) as door:
        await door.door.close()


@pytest.mark.parametrize("path", ["/healthz/", "//healthz", "/healthz//", "/api//engine/", "/v1//models/"])
async def test_slashes_too_many_do_no_harm(path: str) -> None:
    async with open_door(core_without_engines()) as door:
        answer = await door.client.get(f"http://127.0.0.1:{door.port}{path}")
        assert answer.status_code == 200


@pytest.mark.parametrize("asked", [("/api/tts", "wav"), ("/api/tts", "opus"), ("/api/tts/sse", "pcm")])
async def test_no_proxy_holds_back_or_keeps_what_is_streamed(core: Core, asked: tuple[str, str]) -> None:
    path, form = asked
    async with open_door(core) as door:
        answer = await door.client.post(path, json={"text": "好。", "format": form})
        assert answer.status_code == 200, answer.text
        assert answer.headers["transfer-encoding"] == "chunked"
        assert (answer.headers["x-accel-buffering"], answer.headers["cache-control"]) == ("no", "no-store")
