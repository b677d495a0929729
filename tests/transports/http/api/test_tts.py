"""`/api/tts` with every field, its events, and what is kept under `/audio/`."""

import asyncio
import base64
import hashlib
import io
import json
import logging
import wave
from typing import Any

import httpx
import pytest

from tests.support import fixtures
from tests.support.core import Core, running_core
from tests.support.decoding import decoded, similarity
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, core_without_engines, open_door
from tts_server import __version__
from tts_server.audio.encode import FORMATS
from tts_server.audio.pcm import from_s16le
from tts_server.engine import Samples
from tts_server.events import SAMPLE_RATES

TEXT = "今天天气不错，我们去公园。"
pytestmark = pytest.mark.asyncio(loop_scope="module")


core = fixtures.core


async def spoken(door: Door, **fields: Any) -> httpx.Response:
    answer = await door.client.post("/api/tts", json={"text": TEXT, **fields})
    assert answer.status_code == 200, answer.text
    return answer


async def samples_of(door: Door, **fields: Any) -> Samples:
    """The PCM itself, at the voice's own rate."""
    return from_s16le((await spoken(door, format="pcm", **fields)).content)


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Server-sent events: name and data."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("stream", [True, False])
async def test_the_same_audio_comes_in_every_format_streamed_and_whole(core: Core, form: str, stream: bool) -> None:
    async with open_door(core) as door:
        expected = await samples_of(door)
        answer = await spoken(door, format=form, stream=stream)
    assert answer.headers["content-type"] == FORMATS[form].media_type
    assert ("content-length" in answer.headers) is not stream
    heard = from_s16le(answer.content) if form == "pcm" else decoded(answer.content, RATE)
    assert similarity(heard, expected) > 0.98


async def test_the_headers_tell_voice_emotion_rate_and_how_soon_the_first_audio_was_there(core: Core) -> None:
    async with open_door(core) as door:
        answer = await spoken(door, emotion="开心")
    assert (answer.headers["x-voice"], answer.headers["x-emotion"]) == ("tone", "happy")
    assert answer.headers["x-sample-rate"] == str(RATE)
    assert 0 <= int(answer.headers["x-first-audio-ms"]) < 10_000


@pytest.mark.parametrize("rate", SAMPLE_RATES)
async def test_the_rate_can_be_chosen(core: Core, rate: int) -> None:
    async with open_door(core) as door:
        answer = await spoken(door, rate=rate, stream=False)
    with wave.open(io.BytesIO(answer.content)) as reader:
        assert reader.getframerate() == rate
        assert reader.getnframes() == pytest.approx(11 * SAMPLES_PER_CHARACTER * rate / RATE, abs=2)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("audio/mpeg", "audio/mpeg"),
        ("audio/mp3, */*", "audio/mpeg"),
        ("audio/flac;q=0.9", "audio/flac"),
        ("audio/ogg", "audio/ogg"),
        ("video/mp4, audio/aac", "audio/aac"),
        ("*/*", "audio/wav"),
    ],
)
async def test_the_accept_header_chooses_a_format_and_the_field_wins(core: Core, accept: str, media_type: str) -> None:
    async with open_door(core) as door:
        request = {"text": "好。"}
        answer = await door.client.post("/api/tts", json=request, headers={"Accept": accept})
        assert answer.headers["content-type"] == media_type
        answer = await door.client.post("/api/tts", json={**request, "format": "pcm"}, headers={"Accept": accept})
        assert answer.headers["content-type"] == "audio/pcm"


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"format": "m4a"}, "format_unsupported", "format"),
        ({"rate": 12345}, "format_unsupported", "rate"),
        ({"text_format": "html"}, "format_unsupported", "text_format"),
        ({"stream": "yes"}, "bad_field", "stream"),
        ({"rate": "16000"}, "format_unsupported", "rate"),
    ],
)
async def test_what_is_not_offered_is_refused_by_name(fields: dict[str, Any], code: str, param: str) -> None:
    async with open_door(core_without_engines()) as door:
        for path in ("/api/tts", "/api/tts/sse"):
            answer = await door.client.post(path, json={"text": "好。", **fields})
            error = answer.json()["error"]
            assert (answer.status_code, error["code"], error["param"]) == (422, code, param)


async def test_strict_refuses_an_emotion_that_the_voice_lacks(core: Core) -> None:
    async with open_door(core) as door:
        for emotion in ("angry", "no such mood"):
            answer = await door.client.post("/api/tts", json={"text": "好。", "emotion": emotion, "strict": True})
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, "emotion_unknown")
        assert (await spoken(door, emotion="happy", strict=True)).headers["x-emotion"] == "happy"


async def test_the_text_format_is_handed_on(core: Core) -> None:
    async with open_door(core) as door:
        plain = await samples_of(door, text="**好**的", text_format="markdown")
        assert len(plain) == 2 * SAMPLES_PER_CHARACTER
        marked = await samples_of(door, text="<speak>好的</speak>", text_format="ssml")
        assert len(marked) >= 2 * SAMPLES_PER_CHARACTER


async def test_a_format_of_json_tells_where_the_audio_is(core: Core) -> None:
    async with open_door(core) as door:
        reply = (await spoken(door, format="json")).json()
        assert (reply["format"], reply["sample_rate"]) == ("wav", RATE)
        assert reply["first_audio_ms"] >= 0
        assert len(reply["marks"]) == 11
        assert (await spoken(door, format="json", marks=False)).json()["marks"] == []
        expected = await samples_of(door)
        for form in ("", *(f".{name}" for name in FORMATS)):
            answer = await door.client.get(reply["audio_url"] + form)
            assert answer.headers["content-type"] == FORMATS[form[1:] or "wav"].media_type
            heard = from_s16le(answer.content) if form == ".pcm" else decoded(answer.content, RATE)
            assert similarity(heard, expected) > 0.98
        assert (await door.client.get(reply["audio_url"] + ".exe")).status_code == 404


async def test_json_by_header_keeps_the_format_that_was_asked_for(core: Core) -> None:
    async with open_door(core) as door:
        request = {"text": TEXT, "format": "mp3"}
        reply = (await door.client.post("/api/tts", json=request, headers={"Accept": "application/json"})).json()
        assert (reply["format"], reply["audio_url"][-4:]) == ("mp3", ".mp3")
        answer = await door.client.get(reply["audio_url"].removesuffix(".mp3"))
        assert answer.headers["content-type"] == "audio/mpeg"


async def test_what_a_client_has_already_is_not_sent_again(core: Core) -> None:
    async with open_door(core) as door:
        url = (await spoken(door, format="json")).json()["audio_url"]
        tags = {}
        for form in FORMATS:
            answer = await door.client.get(f"{url}.{form}")
            tags[form] = answer.headers["etag"]
            again = await door.client.get(f"{url}.{form}", headers={"If-None-Match": f'"other", {tags[form]}'})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tags[form])
        assert len(set(tags.values())) == len(FORMATS)


async def test_the_tag_of_speech_tells_whether_the_request_was_the_same(core: Core) -> None:
    async with open_door(core) as door:
        first, again = (await spoken(door), await spoken(door))
        assert first.headers["etag"] == again.headers["etag"]
        assert first.headers["etag"].startswith("W/")
        others = [await spoken(door, **other) for other in ({"speed": 2}, {"format": "mp3"}, {"text": "别的。"})]
        assert len({first.headers["etag"], *(other.headers["etag"] for other in others)}) == 4
        whole = await spoken(door, stream=False)
        assert whole.headers["etag"] == f'"{hashlib.sha256(whole.content).hexdigest()[:24]}"'


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=10-", 206, 10, -1),
        ("bytes=-10", 206, -10, -1),
        ("bytes=5-5", 206, 5, 5),
        ("bytes=0-999999999", 206, 0, -1),
        ("bytes=999999999-", 416, 0, 0),
        ("bytes=9-5", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, -1),
        ("bytes=-", 200, 0, -1),
        ("lines=1-2", 200, 0, -1),
    ],
)
async def test_a_player_can_ask_for_a_part(core: Core, asked: str, status: int, first: int, last: int) -> None:
    async with open_door(core) as door:
        url = (await spoken(door, format="json")).json()["audio_url"]
        whole = (await door.client.get(url)).content
        part = await door.client.get(url, headers={"Range": asked})
    size = len(whole)
    assert part.status_code == status
    if status == 416:
        assert part.headers["content-range"] == f"bytes */{size}"
        return
    start, end = first % size, last % size
    assert part.content == whole[start : end + 1]
    if status == 206:
        assert part.headers["content-range"] == f"bytes {start}-{end}/{size}"


async def test_events_tell_the_audio_and_when_each_character_is_heard(core: Core) -> None:
    async with open_door(core) as door:
        expected = await samples_of(door)
        answer = await door.client.post("/api/tts/sse", json={"text": TEXT, "format": "pcm", "emotion": "sad"})
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = events_of(answer.text)
    names = [name for name, _ in events]
    assert names[0] == "start"
    told = {name: data for name, data in events if name not in ("audio", "marks")}
    assert told["start"] == {"voice": "tone", "emotion": "sad", "format": "pcm", "sample_rate": RATE, "delay_ms": 0}
    segments = [data for name, data in events if name == "segment"]
    assert (segments[0]["from"], segments[-1]["to"]) == (0, len(TEXT))
    assert {segment["emotion"] for segment in segments} == {"sad"}
    assert names[-1] == "done"
    assert told["done"]["duration_ms"] == round(1000 * len(expected) / RATE)
    assert told["done"]["first_audio_ms"] >= 0
    pcm = b"".join(base64.b64decode(data["data"]) for name, data in events if name == "audio")
    assert len(pcm) == 2 * len(expected)
    marks = [mark for name, data in events if name == "marks" for mark in data["items"]]
    assert [mark[0] for mark in marks] == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


async def test_events_without_marks_and_of_nothing_to_say(core: Core) -> None:
    async with open_door(core) as door:
        quiet = await door.client.post("/api/tts/sse", json={"text": "……", "marks": False})
        events = events_of(quiet.text)
        assert [name for name, _ in events] == ["start", "audio", "done"]
        assert events[-1][1] == {**{"duration_ms": 100, "first_audio_ms": None, "real_time_factor": None, "skipped": 0}}


async def test_what_no_language_here_reads_is_counted_in_every_answer(core: Core) -> None:
    text = "你好，नमस्ते。"
    async with open_door(core) as door:
        assert (await spoken(door, text=text, format="json")).json()["skipped"] == 4
        assert (await spoken(door, text=text, format="pcm", stream=False)).headers["x-skipped"] == "4"
        assert (await spoken(door, text=text, format="pcm")).headers["x-skipped"] == "4"
        assert "x-skipped" not in (await spoken(door)).headers
        events = await door.client.post("/api/tts/sse", json={"text": text})
        assert events_of(events.text)[-1][1]["skipped"] == 4


async def test_events_end_with_the_error_when_the_speech_fails_in_the_middle(core: Core) -> None:
    async with open_door(core) as door:
        request = {"text": "一二三四五六七八九十" * 20, "voice": "broken"}
        answer = await door.client.post("/api/tts/sse", json=request)
        name, data = events_of(answer.text)[-1]
        assert (answer.status_code, name, data["error"]["code"]) == (200, "error", "engine_failed")
        refused = await door.client.post("/api/tts/sse", json={**request, "voice": "nobody"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "voice_unknown")


async def test_the_log_tells_of_a_request_but_not_its_text(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_door(core) as door:
        answer = await spoken(door, format="mp3")
        await door.client.post("/api/tts", json={"text": "我的秘密", "voice": "nobody"})
    (line,) = [line for line in caplog.messages if line.startswith("POST /api/tts 200")]
    assert f"chars={len(TEXT)} first_audio_ms=" in line
    assert " rtf=0." in line
    assert answer.headers["x-request-id"]
    assert "今天" not in caplog.text
    assert "秘密" not in caplog.text


async def test_the_text_is_logged_when_it_is_asked_for(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tts_server")
    async with open_door(core) as door:
        await spoken(door)
    assert TEXT in caplog.text


async def test_voices_tell_what_a_page_needs_to_offer_them(core: Core) -> None:
    async with open_door(core) as door:
        voices = (await door.client.get("/api/voices")).json()["voices"]
    assert [voice["name"] for voice in voices if voice["is_default"]] == ["tone"]
    assert voices[0]["emotions"] == ["neutral", "happy", "sad"]
    assert voices[0]["emotion_strengths"] == {"neutral": 1.0, "happy": 1.0, "sad": 1.0}
    assert voices[0]["faint_emotions"] == []
    assert (voices[0]["language"], voices[0]["speaks"], voices[0]["rate"]) == ("zh-CN", ["zh", "en"], RATE)
    assert voices[0]["gender"] is None


async def test_emotions_have_names_in_both_languages() -> None:
    async with open_door(core_without_engines()) as door:
        told = (await door.client.get("/api/emotions")).json()
    happy = next(emotion for emotion in told["emotions"] if emotion["name"] == "happy")
    assert (happy["en"], happy["zh"], told["default"]) == ("Happy", "开心", "neutral")
    assert "cheerful" in happy["aliases"]
    assert len(told["emotions"]) == 13


async def test_the_state_of_the_daemon_follows_what_happens() -> None:
    async with running_core() as core, open_door(core) as door:

        async def state() -> dict[str, Any]:
            told: dict[str, Any] = (await door.client.get("/api/engine")).json()
            return told

        before = await state()
        assert (before["state"], before["version"], before["real_time_factor"]) == ("ready", __version__, None)
        assert "tone" in before["voices"]
        request = {"text": "一二三四五六七八九十" * 20, "voice": "stuck"}
        async with door.client.stream("POST", "/api/tts", json=request) as answer:
            await anext(answer.aiter_raw())
            assert (await state())["active_streams"] == 1
        await spoken(door)
        assert (await state())["real_time_factor"] is not None
        await core.synthesizer.drain(1.0)
        assert (await state())["state"] == "draining"
    async with open_door(core_without_engines()) as door:
        assert (await door.client.get("/api/engine")).json()["state"] == "loading"


async def test_many_formats_at_once_do_not_mix(core: Core) -> None:
    async with open_door(core) as door, asyncio.TaskGroup() as tasks:
        expected = await samples_of(door)
        answers = [tasks.create_task(spoken(door, format=form)) for form in ("mp3", "opus", "flac", "aac") * 2]
        for answer in answers:
            assert similarity(decoded((await answer).content, RATE), expected) > 0.98
