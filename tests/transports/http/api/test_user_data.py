"""What a house keeps, over HTTP: phrases, words and readings; who may change them, and that it is heard."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
import pytest_asyncio

from tests.support.core import Core, running_core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, open_door
from tests.transports.http.test_access import SECRET, bearer, code_of
from tts_server.access.access import Access, AccessSettings, Token
from tts_server.transports.http.settings import HttpSettings
from tts_server.user_data.user_data import UserData

pytestmark = pytest.mark.asyncio(loop_scope="module")
EDITABLE = HttpSettings(can_edit=True)
DINNER = {"text": "晚饭好了。", "emotion": "happy", "speed": 1.0}
PATH = f"/api/phrases/{quote('晚饭 1')}"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def core() -> AsyncGenerator[Core]:
    """One core for the whole file."""
    async with running_core() as running:
        yield running


@asynccontextmanager
async def open_house(core: Core, settings: HttpSettings = EDITABLE) -> AsyncGenerator[Door]:
    """A door whose house changes what the core reads."""
    user_data = UserData()
    user_data.dictionary.on_change = core.synthesizer.use_dictionary
    async with open_door(core, settings, user_data=user_data) as door:
        yield door
    core.synthesizer.use_dictionary({})


async def test_a_phrase_is_kept_listed_said_and_forgotten(core: Core) -> None:
    async with open_house(core) as door:
        kept = await door.client.put(PATH, json=DINNER)
        assert (kept.status_code, kept.json()["name"], kept.json()["emotion"]) == (200, "晚饭 1", "happy")
        listed = (await door.client.get("/api/phrases")).json()
        assert (listed["phrases"], listed["can_edit"]) == ([kept.json()], True)
        said = await door.client.post(f"{PATH}/speak", params={"format": "pcm"})
        assert (said.status_code, said.headers["x-emotion"]) == (200, "happy")
        assert len(said.content) == 2 * 4 * SAMPLES_PER_CHARACTER
        for mistake, code in (({"format": "ogg"}, "format_unsupported"), ({"text": "x"}, "bad_field")):
            refused = await door.client.post(f"{PATH}/speak", params=mistake)
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, code), "no body is asked for"
        told = await door.client.post(f"{PATH}/speak", json={"format": "json"})
        assert told.json()["audio_url"].startswith("/audio/")
        assert (await door.client.delete(PATH)).status_code == 204
        for answer in (await door.client.delete(PATH), await door.client.post(f"{PATH}/speak")):
            assert code_of(answer) == (404, "not_found")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({}, 422, "bad_field"),
        ({"text": ""}, 422, "bad_field"),
        ({"text": "好" * 1001}, 422, "bad_field"),
        ({"text": "好", "speed": 9}, 422, "bad_field"),
        ({"text": "好", "colour": "red"}, 422, "bad_field"),
        ({"text": "好", "voice": "nobody"}, 404, "voice_unknown"),
        ({"text": "好", "emotion": "hapy"}, 422, "emotion_unknown"),
    ],
)
async def test_what_could_not_be_said_is_not_kept(core: Core, wrong: dict[str, object], status: int, code: str) -> None:
    async with open_house(core) as door:
        assert code_of(await door.client.put(PATH, json=wrong)) == (status, code)
        assert (await door.client.get("/api/phrases")).json()["phrases"] == []


async def test_a_word_is_corrected_and_read_so_from_then_on(core: Core) -> None:
    async def read(door: Door) -> list[str]:
        told = (await door.client.get("/api/readings", params={"text": "去重庆。"})).json()
        assert [syllable["from"] for syllable in told["syllables"]] == [0, 1, 2]
        return [syllable["pinyin"] for syllable in told["syllables"]]

    async with open_house(core) as door:
        before = await read(door)
        tag = (await door.client.get("/api/tts", params={"text": "去重庆。"})).headers["etag"]
        kept = await door.client.put(f"/api/dictionary/{quote('重庆')}", json={"said": "Zhòng qǐng"})
        assert kept.json() == {"word": "重庆", "said": "zhong4 qing3"}
        assert await read(door) == [before[0], "zhong4", "qing3"]
        assert (await door.client.get("/api/tts", params={"text": "去重庆。"})).headers["etag"] != tag
        listed = (await door.client.get("/api/dictionary")).json()
        assert listed == {"words": [kept.json()], "owners": [], "can_edit": True}
        assert (await door.client.delete(f"/api/dictionary/{quote('重庆')}")).status_code == 204
        assert await read(door) == before
        wrong = await door.client.put(f"/api/dictionary/{quote('山')}", json={"said": "shan9"})
        assert wrong.status_code == 400
        assert "is no tone" in wrong.json()["error"]["message"]


async def test_readings_tell_how_else_a_character_could_be_read(core: Core) -> None:
    async with open_house(core) as door:
        told = (await door.client.get("/api/readings", params={"text": "银行"})).json()
        long = await door.client.get("/api/readings", params={"text": "a" * 401})
    bank = told["syllables"][1]
    assert (bank["char"], bank["pinyin"]) == ("行", "hang2")
    assert "xing2" in bank["others"]
    assert "hang2" not in bank["others"]
    assert code_of(long) == (422, "bad_field")


async def test_nothing_is_changed_unless_the_owner_lets_it_be(core: Core) -> None:
    async with open_house(core, HttpSettings()) as door:
        for answer in (
            await door.client.put(PATH, json=DINNER),
            await door.client.delete(PATH),
            await door.client.put("/api/dictionary/a", json={"said": "b"}),
            await door.client.delete("/api/dictionary/a"),
        ):
            assert code_of(answer) == (403, "forbidden")
            assert "http.edit" in answer.json()["error"]["message"]
        assert (await door.client.get("/api/phrases")).json()["can_edit"] is False


async def test_where_tokens_are_needed_a_change_needs_its_own_scope(core: Core) -> None:
    tokens = [Token("guest", SECRET, frozenset({"tts"})), Token("owner", "o" * 20, frozenset({"tts", "tts:edit"}))]
    access = Access(AccessSettings("token", tokens=tokens))
    async with open_door(core, EDITABLE, access) as door:
        guest, owner = bearer(SECRET), bearer("o" * 20)
        assert code_of(await door.client.put(PATH, json=DINNER)) == (401, "unauthorized")
        refused = await door.client.put(PATH, json=DINNER, headers=guest)
        assert code_of(refused) == (403, "forbidden")
        assert "tts:edit" in refused.json()["error"]["message"]
        assert (await door.client.put(PATH, json=DINNER, headers=owner)).status_code == 200
        listed = [(await door.client.get("/api/phrases", headers=who)).json() for who in (guest, owner)]
        assert [told["can_edit"] for told in listed] == [False, True]
        assert (await door.client.post(f"{PATH}/speak", headers=guest)).status_code == 200
