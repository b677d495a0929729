"""OpenAI's routes: with their own client, and with the requests of programs that speak to them."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI

from protocol.openai_api import MODELS, VOICES
from tests.support import fixtures
from tests.support.core import Core, CoreLimits, running_core
from tests.support.decoding import decoded, similarity
from tests.support.engines import RATE
from tests.support.http_door import Door, core_without_engines, open_door
from tts_server.access.access import Access, AccessSettings, Token
from tts_server.audio.encode import FORMATS
from tts_server.audio.pcm import from_s16le
from tts_server.audio.resample import Resampler
from tts_server.engine import Samples
from tts_server.transports.http.settings import HttpSettings

TEXT = "今天天气不错，我们去公园。"
SECRET = "a-secret-of-the-house"
pytestmark = pytest.mark.asyncio(loop_scope="module")


core = fixtures.core


@asynccontextmanager
async def client_of(door: Door, key: str = "not needed", base: str = "/v1") -> AsyncGenerator[AsyncOpenAI]:
    """The real client, as its users make it."""
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        AsyncOpenAI(
            api_key=key, base_url=f"http://127.0.0.1:{door.port}{base}", max_retries=0, http_client=http
        ) as client,
    ):
        yield client


async def expected_samples(door: Door, rate: int = RATE, **fields: Any) -> Samples:
    """What the house's own route says, as PCM."""
    answer = await door.client.post("/api/tts", json={"text": TEXT, "format": "pcm", **fields})
    samples = from_s16le(answer.content)
    resampler = Resampler(RATE, rate)
    return np.concatenate([resampler.feed(samples), resampler.flush()])


@pytest.mark.parametrize("base", ["/v1", ""])
@pytest.mark.parametrize("form", ["mp3", "opus", "wav", "pcm", "flac", "aac"])
async def test_the_openai_client_streams_every_format(core: Core, form: Any, base: str) -> None:
    async with open_door(core) as door, client_of(door, base=base) as client:
        rate = 24000 if form == "pcm" else RATE
        expected = await expected_samples(door, rate)
        async with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format=form
        ) as answer:
            assert answer.headers["content-type"] == FORMATS[form].media_type
            audio = b"".join([part async for part in answer.iter_bytes(1024)])
    heard = from_s16le(audio) if form == "pcm" else decoded(audio, rate)
    assert similarity(heard, expected) > 0.98
    assert abs(len(heard) - len(expected)) < 0.2 * rate


async def test_the_audio_comes_while_it_is_made(core: Core) -> None:
    async with open_door(core) as door, client_of(door) as client:
        text = "一二三四五六七八九十" * 20
        async with client.audio.speech.with_streaming_response.create(
            model="tts-1",
            voice="stuck",
            input=text,
            response_format="mp3",  # never gives its second chunk
        ) as answer:
            assert await anext(answer.iter_bytes(64))


async def test_instructions_speed_and_voice_objects_are_understood(core: Core) -> None:
    async with open_door(core) as door, client_of(door) as client:
        raw = client.audio.speech.with_raw_response
        answer = await raw.create(
            model="gpt-4o-mini-tts",
            voice={"id": "tone"},
            input=TEXT,
            instructions="Speak in a cheerful tone.",
            response_format="wav",
        )
        assert (answer.headers["x-emotion"], answer.headers["x-voice"]) == ("happy", "tone")
        expected = await expected_samples(door, emotion="happy")
        assert similarity(decoded(answer.content, RATE), expected) > 0.999
        for speed in (0.25, 1.0, 4.0):
            assert (await raw.create(model="tts-1", voice="nova", input="好。", speed=speed)).status_code == 200


async def test_events_of_the_stream_are_those_of_openai(core: Core) -> None:
    async with open_door(core) as door, client_of(door) as client:
        expected = await expected_samples(door)
        async with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format="wav", stream_format="sse"
        ) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = [line async for line in answer.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    audio = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert similarity(decoded(audio, RATE), expected) > 0.999
    assert events[-1]["type"] == "speech.audio.done"
    assert events[-1]["usage"] == {"input_tokens": len(TEXT), "output_tokens": 0, "total_tokens": len(TEXT)}


async def test_more_text_than_openai_takes_is_spoken() -> None:
    async with running_core(CoreLimits(max_text_chars=5000)) as core, open_door(core) as door:
        request = {"model": "tts-1", "voice": "alloy", "input": "好" * 4500 + "。", "response_format": "pcm"}
        async with door.client.stream("POST", "/v1/audio/speech", json=request) as answer:
            assert answer.status_code == 200
            assert await anext(answer.aiter_raw())


async def test_models_are_listed_as_their_client_expects(core: Core) -> None:
    async with open_door(core) as door, client_of(door) as client:
        assert [model.id for model in (await client.models.list()).data] == list(MODELS)
        assert (await client.models.retrieve("tts-1")).owned_by == "tts-server"
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve("gpt-9")


@pytest.mark.parametrize(
    ("fields", "error", "code", "param"),
    [
        ({"input": ""}, openai.BadRequestError, "bad_field", "input"),
        ({"response_format": "ogg"}, openai.BadRequestError, "format_unsupported", "response_format"),
        ({"speed": 9.0}, openai.BadRequestError, "bad_field", "speed"),
        ({"speed": True}, openai.BadRequestError, "bad_field", "speed"),
        ({"speed": "1.5"}, openai.BadRequestError, "bad_field", "speed"),
        ({"voice": 5}, openai.BadRequestError, "bad_field", "voice"),
        ({"voice": "nobody"}, openai.NotFoundError, "voice_unknown", None),
        ({"input": "好" * 2001}, openai.APIStatusError, "text_too_long", None),
    ],
)
async def test_errors_are_those_that_the_client_knows(
    core: Core, fields: dict[str, Any], error: type[openai.APIStatusError], code: str, param: str | None
) -> None:
    async with open_door(core, HttpSettings(strict_voices=True)) as door, client_of(door) as client:
        request: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": "好。", **fields}
        with pytest.raises(error) as caught:
            await client.audio.speech.create(**request)
    body = caught.value.body
    assert isinstance(body, dict)
    assert set(body) == {"message", "type", "param", "code"}
    assert (body["code"], body["param"], body["type"]) == (code, param, "invalid_request_error")


@pytest.mark.parametrize("name", ["zf_xiaoxiao", "af_bella", "nobody", "谁"])
async def test_voices_of_other_engines_are_spoken_for(name: str, core: Core) -> None:
    async with open_door(core) as door, client_of(door) as client:
        answer = await client.audio.speech.with_raw_response.create(model="tts-1", voice=name, input="好。")
    assert answer.headers["x-voice"] == "tone"
    assert answer.headers["x-warning"].endswith("tone speaks")


async def test_the_key_is_the_houses_token() -> None:
    access = Access(AccessSettings("token", tokens=[Token("chatbot", SECRET)]))
    async with running_core() as core, open_door(core, access=access) as door:
        async with client_of(door, SECRET) as client:
            assert (await client.audio.speech.create(model="tts-1", voice="alloy", input="好。")).content
        async with client_of(door, "sk-wrong") as client:
            with pytest.raises(openai.AuthenticationError) as caught:
                await client.audio.speech.create(model="tts-1", voice="alloy", input="好。")
            assert caught.value.code == "unauthorized"


async def test_too_much_at_once_is_an_error_that_the_client_tries_again() -> None:
    async with running_core(CoreLimits(max_contexts=1)) as core, open_door(core) as door, client_of(door) as client:
        request = {"text": "一二三四五六七八九十" * 100, "voice": "stuck"}
        async with door.client.stream("POST", "/api/tts", json=request):
            with pytest.raises(openai.InternalServerError) as caught:
                await client.audio.speech.create(model="tts-1", voice="alloy", input="好。")
            assert caught.value.response.headers["retry-after"] == "5"


async def test_open_webui_finds_models_and_voices_and_speaks(core: Core) -> None:
    """It asks without a key for both lists, and posts the message with whatever its owner added to the request."""
    async with open_door(core) as door:
        models = (await door.client.get("/v1/audio/models")).json()["models"]
        assert [model["id"] for model in models] == list(MODELS)
        voices = {voice["id"]: voice["name"] for voice in (await door.client.get("/v1/audio/voices")).json()["voices"]}
        assert {"tone", *VOICES} <= set(voices)
        answer = await door.client.post(
            "/v1/audio/speech",
            json={"input": TEXT, "voice": "alloy", "model": "tts-1", "id": "x", "split_on": "punctuation"},
            headers={"Authorization": "Bearer", "X-OpenWebUI-User-Name": "a", "X-OpenWebUI-User-Role": "user"},
        )
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
        assert similarity(decoded(answer.content, RATE), await expected_samples(door)) > 0.98


async def test_sillytavern_speaks(core: Core) -> None:
    """Its server posts these five fields to the address that its user gave, with or without a key."""
    request = {"input": TEXT, "response_format": "mp3", "voice": "shimmer", "speed": 1, "model": "tts-1"}
    async with open_door(core) as door:
        for path in ("/v1/audio/speech", "/audio/speech"):
            answer = await door.client.post(path, json=request, headers={"Authorization": "Bearer"})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
        empty = await door.client.post("/v1/audio/speech", json={**request, "input": ""})
        assert empty.status_code == 400


async def test_pipecat_gets_pcm_at_24_khz_in_its_chunks(core: Core) -> None:
    """It streams pcm through OpenAI's client, and takes every chunk for 24 kHz."""
    async with open_door(core) as door, client_of(door) as client:
        expected = await expected_samples(door, 24000)
        async with client.audio.speech.with_streaming_response.create(
            input=TEXT, model="gpt-4o-mini-tts", voice="ballad", response_format="pcm", instructions="calm", speed=1.0
        ) as answer:
            assert answer.status_code == 200
            chunks = [chunk async for chunk in answer.iter_bytes(4800)]
    assert all(len(chunk) == 4800 for chunk in chunks[:-1])
    assert similarity(from_s16le(b"".join(chunks)), expected) > 0.99


async def test_null_is_as_good_as_left_out(core: Core) -> None:
    request = {
        "input": "好。",
        "voice": None,
        "model": None,
        "speed": None,
        "response_format": None,
        "instructions": None,
    }
    async with open_door(core) as door:
        answer = await door.client.post("/v1/audio/speech", json=request)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")


async def test_a_body_that_is_no_json_is_told_in_the_same_shape() -> None:
    async with open_door(core_without_engines()) as door:
        for path in ("/v1/audio/speech", "/audio/speech", "/v1/nothing"):
            answer = await door.client.post(path, content=b"{", headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 404)
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_the_owners_choice_of_voices_is_kept(core: Core) -> None:
    settings = HttpSettings(openai_voices={"nova": "broken"})
    async with open_door(core, settings) as door:
        answer = await door.client.post("/v1/audio/speech", json={"input": "好", "voice": "nova"})
        assert answer.headers["x-voice"] == "broken"


async def test_moods_are_listed_with_the_voices_and_a_word_that_is_none_is_warned_of(core: Core) -> None:
    async with open_door(core) as door:
        listed = (await door.client.get("/v1/audio/voices")).json()["voices"]
        happy = await door.client.post("/v1/audio/speech", json={"input": TEXT, "voice": "tone||happy"})
        wrong = await door.client.post("/v1/audio/speech", json={"input": TEXT, "voice": "tone||hapy"})
    assert [entry["id"] for entry in listed][:2] == ["tone", "tone||happy"]
    assert (happy.headers["x-emotion"], "x-warning" in happy.headers) == ("happy", False)
    assert (wrong.status_code, wrong.headers["x-emotion"]) == (200, "neutral")
    assert "there is no emotion 'hapy'" in wrong.headers["x-warning"]


async def test_without_streaming_a_file_is_whole_and_tells_its_length(core: Core) -> None:
    async with open_door(core) as door:
        request = {"input": TEXT, "voice": "Alloy", "response_format": "wav"}
        streamed = await door.client.post("/v1/audio/speech", json=request)
        whole = await door.client.post("/v1/audio/speech", json={**request, "stream": False})
    assert "content-length" not in streamed.headers
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert int.from_bytes(whole.content[40:44], "little") == len(whole.content) - 44


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1//audio/speech/", "/v1/v1/audio/speech"])
async def test_a_base_url_written_twice_and_a_format_in_capitals_are_understood(core: Core, path: str) -> None:
    async with open_door(core) as door:
        answer = await door.client.post(path, json={"input": "好。", "voice": "Alloy", "response_format": "WAV"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
