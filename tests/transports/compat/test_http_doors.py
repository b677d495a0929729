"""index-tts and OVOS over HTTP, as their clients ask for them."""

import pytest

from tests.support import fixtures
from tests.support.core import Core
from tests.support.http_door import Door
from tests.transports.compat import doors
from tests.transports.compat.doors import open_compat, said_by_core
from tts_server.access.access import Access
from tts_server.transports.compat.door import CompatDoors
from tts_server.transports.compat.settings import CompatSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")
core, door = fixtures.core, doors.door


async def test_index_tts_gets_bare_samples_at_24_khz(core: Core, door: Door) -> None:
    answer = await door.client.post("/tts", json={"text": "你好，世界", "character": "jay_klee"})
    assert answer.status_code == 200
    assert answer.content == await said_by_core(core, "你好，世界", 24000)


@pytest.mark.parametrize("text", ["", " ", "……", "🙂"])
async def test_index_tts_says_something_where_nothing_can_be_said(text: str, door: Door) -> None:
    answer = await door.client.post("/tts", json={"text": text, "character": "x"})
    assert (answer.status_code, answer.content) == (200, bytes(4800))


async def test_index_tts_is_told_from_others_by_its_keys(door: Door) -> None:
    answer = await door.client.post("/tts", json={"text": "你好", "text_lang": "zh"})
    assert answer.status_code == 422
    assert "character" in answer.text


@pytest.mark.parametrize("path", ["/v2/synthesize?utterance=你好。&lang=zh-cn", "/synthesize/你好。?lang=zh-cn"])
async def test_ovos_gets_a_wav(path: str, core: Core, door: Door) -> None:
    answer = await door.client.get(path)
    assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")
    assert answer.content[44:] == await said_by_core(core, "你好。", 16000)


async def test_wyoming_openai_takes_us_for_a_server_that_lists_voices(door: Door) -> None:
    assert (await door.client.get("/v1/test")).json() == {"status": "ok"}
    assert (await door.client.get("/v1/readyz")).status_code == 404


async def test_each_door_can_be_shut(core: Core) -> None:
    shut = CompatSettings(volcengine=False, index_tts=False, ovos=False, wyoming_openai=False)
    async with open_compat(core, shut) as door:
        assert (await door.client.post("/tts", json={"text": "好", "character": ""})).status_code == 404
        assert (await door.client.get("/v2/synthesize?utterance=好")).status_code == 404
        assert (await door.client.get("/v1/test")).status_code == 404


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("volcengine", "/api/v3/tts/bidirection"),
        ("xunfei", "/compat/xunfei"),
        ("paddlespeech", "/paddlespeech/tts/streaming"),
    ],
)
async def test_a_browser_at_the_address_of_a_stream_is_told_what_is_there(core: Core, name: str, path: str) -> None:
    async with open_compat(core) as door:
        answer = await door.client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (426, "unsupported_version")
        assert name in answer.json()["error"]["message"]
    async with open_compat(core, CompatSettings(**{name: False})) as door:
        assert (await door.client.get(path)).status_code == 404


async def test_a_reload_opens_and_shuts_doors(core: Core) -> None:
    guest = CompatDoors(core.synthesizer, Access(), CompatSettings(ovos=False))
    async with open_compat(core, guest=guest) as door:

        async def found(path: str) -> tuple[int, bool]:
            listed = (await door.client.get("/openapi.json")).json()["paths"]
            return (await door.client.get(f"{path}?utterance=好")).status_code, path in listed

        assert await found("/v2/synthesize") == (404, False)
        guest.reconfigure(CompatSettings(index_tts=False))
        assert await found("/v2/synthesize") == (200, True)
        answer = await door.client.post("/tts", json={"text": "好", "character": ""})
        assert answer.status_code == 404
        guest.reconfigure(CompatSettings(ovos=False))
        assert await found("/v2/synthesize") == (404, False)
        assert (await door.client.post("/tts", json={"text": "好", "character": ""})).status_code == 200
