"""`GET /api/tts` and the links that lead there: what a player with nothing but an address gets."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
import pytest_asyncio

from tests.support.core import Core, running_core
from tests.support.decoding import decoded, similarity
from tests.support.engines import RATE
from tests.support.http_door import Door, core_without_engines, open_door
from tests.transports.http.test_access import SECRET, bearer, code_of, token_access
from tts_server.access.access import Access, AccessSettings
from tts_server.audio.encode import FORMATS
from tts_server.audio.pcm import from_s16le
from tts_server.transports.http.requests.query import QUERY_BYTES
from tts_server.transports.http.settings import HttpSettings

JSON = {"Content-Type": "application/json"}
TEXT = "今天天气不错，我们去公园。"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def core() -> AsyncGenerator[Core]:
    """One core for the whole file: nothing here changes it."""
    async with running_core() as running:
        yield running


async def get(door: Door, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return await door.client.get("/api/tts", params={"text": TEXT, **fields}, headers=headers)


@pytest.mark.parametrize("form", sorted(FORMATS))
async def test_a_link_says_what_a_post_says(core: Core, form: str) -> None:
    async with open_door(core) as door:
        manner = {"emotion": "开心", "speed": 0.8, "rate": RATE, "strict": True, "volume": -3}
        expected = await door.client.post("/api/tts", json={"text": TEXT, "format": "pcm", **manner})
        first = await get(door, format=form, **manner)
        again = await get(door, format=form, **manner)
    assert first.headers["content-type"] == FORMATS[form].media_type
    for answer in (first, again):
        assert answer.headers["x-emotion"] == "happy"
        heard = from_s16le(answer.content) if form == "pcm" else decoded(answer.content, RATE)
        assert similarity(heard, from_s16le(expected.content)) > 0.98
    assert "content-length" not in first.headers
    assert int(again.headers["content-length"]) == len(again.content)


async def test_the_first_answer_streams_and_the_next_ones_have_ranges(core: Core) -> None:
    async with open_door(core) as door:
        first = await get(door, {"Range": "bytes=0-"})
        tag = first.headers["etag"].removeprefix("W/")
        whole = await get(door)
        part = await get(door, {"Range": "bytes=100-199", "If-Range": whole.headers["etag"]})
        weak = await get(door, {"Range": "bytes=100-199", "If-Range": first.headers["etag"]})
        same = await get(door, {"If-None-Match": tag})
        other = await get(door, {"If-None-Match": tag}, emotion="sad")
    assert (first.status_code, "accept-ranges" in first.headers, first.headers["etag"][:2]) == (200, False, "W/")
    assert (whole.status_code, whole.headers["accept-ranges"], whole.headers["etag"]) == (200, "bytes", tag)
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert weak.status_code == 200
    assert (same.status_code, other.status_code) == (304, 200)
    assert first.headers["cache-control"] == "private, max-age=600"
    assert first.headers["cross-origin-resource-policy"] == "same-origin"
    assert "filename*=UTF-8''%E4%BB%8A" in first.headers["content-disposition"]


async def test_a_player_that_asks_for_two_bytes_first_gets_them(core: Core) -> None:
    async with open_door(core) as door:
        probe = await get(door, {"Range": "bytes=0-1"})
        rest = await get(door, {"Range": "bytes=0-"})
    assert (probe.status_code, len(probe.content)) == (206, 2)
    assert probe.headers["content-range"] == f"bytes 0-1/{len(rest.content)}"


async def test_head_and_options_say_nothing() -> None:
    async with open_door(core_without_engines()) as door:  # it could not
        allowed = await door.client.options("/api/tts")
        assert (allowed.status_code, allowed.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
        assert (await door.client.head("/api/tts", params={"speed": "9"})).status_code == 422


async def test_head_tells_the_format_and_spends_nothing(core: Core) -> None:
    async with open_door(core) as door:
        spoken = core.synthesizer.figures.cache.spoken
        head = await door.client.head("/api/tts", params={"text": TEXT, "format": "opus"})
        assert core.synthesizer.figures.cache.spoken == spoken
        await get(door, format="opus")
        told = await door.client.head("/api/tts", params={"text": TEXT, "format": "opus"})
    assert (head.status_code, head.headers["content-type"], head.content) == (200, "audio/ogg", b"")
    assert int(told.headers["content-length"]) > 1000


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ("", 422, "text"),
        ("text=", 422, "text"),
        ("text=a&speed=fast", 422, "speed"),
        ("text=a&speed=nan", 422, "speed"),
        ("text=a&rate=16001", 422, "rate"),
        ("text=a&stream=maybe", 422, "stream"),
        ("text=a&format=ogg", 422, "format"),
        ("text=a&txt=b", 422, "txt"),
        ("text=a&text=b", 422, None),
        ("text=a&voice=nobody", 404, None),
        ("text=a&token=x", 400, None),
        ("text=" + "%E5%A5%BD" * (QUERY_BYTES // 9), 414, None),
    ],
)
async def test_what_cannot_be_said_is_refused_by_name(core: Core, query: str, status: int, param: str | None) -> None:
    async with open_door(core) as door:
        answer = await door.client.get(f"/api/tts?{query}")
    assert answer.status_code == status, answer.text
    assert answer.json()["error"].get("param") == param
    assert not answer.json()["error"]["message"].startswith("the body"), "a link has none"


async def test_a_text_too_long_for_an_address_is_told_how_long_one_may_be(core: Core) -> None:
    async with open_door(core) as door:
        fitting = await door.client.head("/api/tts", params={"text": "好" * 450})
        answer = await door.client.get("/api/tts", params={"text": "好" * 460})
    assert fitting.status_code == 200
    assert code_of(answer) == (414, "text_too_long")
    assert "4096" in answer.json()["error"]["message"]
    assert "POST" in answer.json()["error"]["message"]


async def test_a_post_takes_fields_of_its_address_and_its_body_wins(core: Core) -> None:
    async with open_door(core) as door:
        query = {"text": TEXT, "emotion": "sad", "format": "pcm"}
        happy = await door.client.post("/api/tts", params=query, json={"emotion": "happy"})
        sad = await door.client.post("/api/tts", params=query)
        events = await door.client.post("/api/tts/sse", params={**query, "marks": "no"})
        wrong = await door.client.post("/api/tts", params={"txt": "a"}, json={"text": "a"})
        broken = await door.client.post("/api/tts", params=query, content=b"{", headers=JSON)
    assert (happy.headers["x-emotion"], sad.headers["x-emotion"]) == ("happy", "sad")
    assert "event: audio" in events.text
    assert "event: marks" not in events.text
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (422, "txt")
    assert code_of(broken) == (400, "bad_json")


async def test_few_links_are_spoken_at_the_same_time_and_none_where_they_are_off() -> None:
    slow = {"tone": {"slow_s": 0.3}}
    async with running_core(engine_settings=slow) as core:
        async with open_door(core, HttpSettings(links_at_once=1)) as door, asyncio.TaskGroup() as tasks:
            async with door.client.stream("GET", "/api/tts", params={"text": TEXT * 3}) as first:
                assert code_of(await get(door)) == (429, "rate_limited")
                assert first.status_code == 200
            said = await door.client.post("/api/tts", json={"text": "好。"})
            assert said.status_code == 200
            tasks.create_task(asyncio.sleep(0))
        async with open_door(core, HttpSettings(links_at_once=0)) as door:
            assert code_of(await get(door)) == (403, "forbidden")


@pytest.mark.parametrize(
    ("headers", "origins", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, (), 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, ("http://panel.local",), 200),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, (), 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "no-cors"}, (), 200),
        ({"Origin": "http://evil.example"}, (), 403),
    ],
)
async def test_pages_of_others_get_no_sound(
    core: Core, headers: dict[str, str], origins: tuple[str, ...], status: int
) -> None:
    async with open_door(core, HttpSettings(origins=origins)) as door:
        answer = await get(door, headers)
    assert answer.status_code == status
    policy = "cross-origin" if origins else "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == policy


async def test_where_tokens_are_needed_a_signed_link_speaks_and_a_changed_one_does_not(core: Core) -> None:
    async with open_door(core, access=token_access()) as door:
        assert code_of(await door.client.post("/api/links", json={"text": TEXT})) == (401, "unauthorized")
        wanted = {"text": TEXT, "emotion": "happy", "strict": True}
        told = (await door.client.post("/api/links", json=wanted, headers=bearer(SECRET))).json()
        assert told["expires_at"] is None
        assert SECRET not in told["url"]
        said = await door.client.get(told["url"])
        assert (said.status_code, said.headers["x-emotion"]) == (200, "happy")
        changed = told["url"].replace("happy", "sad")
        longer = told["url"] + "&speed=2"
        unsigned = told["url"].partition("&by=")[0]
        for url in (changed, longer, unsigned, told["url"].replace("sig=", "sig=x")):
            assert code_of(await door.client.get(url)) == (401, "unauthorized"), url
        elsewhere = told["url"].replace("/api/tts", "/api/voices")
        assert code_of(await door.client.get(elsewhere)) == (401, "unauthorized")
        by_header = await door.client.get(unsigned, headers=bearer(SECRET))
        assert by_header.status_code == 200
        shuffled = urlencode(sorted(parse_qsl(told["url"].partition("?")[2]), reverse=True))
        assert (await door.client.get(f"/api/tts?{shuffled}")).status_code == 200


async def test_a_link_ends_with_its_time_and_with_its_token(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    access = token_access()
    async with open_door(core, access=access) as door:
        wanted = {"text": TEXT, "valid_s": 60}
        told = (await door.client.post("/api/links", json=wanted, headers=bearer(SECRET))).json()
        assert (await door.client.get(told["url"])).status_code == 200
        with monkeypatch.context() as later:
            later.setattr("tts_server.access.links.time.time", lambda: told["expires_at"] + 1.0)
            assert "expired" in (await door.client.get(told["url"])).text
        access.reconfigure(AccessSettings("token"))
        assert "no longer" in (await door.client.get(told["url"])).text


async def test_without_tokens_links_are_plain_and_a_link_too_long_is_refused() -> None:
    async with open_door(core_without_engines(), access=Access()) as door:
        told = (await door.client.post("/api/links", json={"text": "你好 &?", "speed": 0.9})).json()
        long = await door.client.post("/api/links", json={"text": "好" * 500})
    assert told == {"url": "/api/tts?text=%E4%BD%A0%E5%A5%BD%20%26%3F&speed=0.9", "expires_at": None}
    assert code_of(long) == (414, "text_too_long")
