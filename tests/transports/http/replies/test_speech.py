import asyncio
import io
import json
import logging
import socket
import wave
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import numpy as np
import pytest

from tests.support import fixtures
from tests.support.core import Core, CoreLimits, running_core
from tests.support.decoding import decoded
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tests.support.http_door import Door, leave, open_door, speech_request
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.replies.stored_audio import HEADER_BYTES
from tts_server.transports.http.settings import HttpSettings

JSON = {"Accept": "application/json"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


core = fixtures.core


def frames(wav: bytes) -> bytes:
    """The PCM of a WAV, read by Python's own reader."""
    with wave.open(io.BytesIO(wav)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (RATE, 1, 2)
        return reader.readframes(len(wav))


async def test_a_text_becomes_a_wav(core: Core) -> None:
    async with open_door(core) as door:
        answer = await door.client.post("/api/tts", json={"text": "今天天气不错。"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "audio/wav"
        assert answer.headers["transfer-encoding"] == "chunked"
        assert (answer.headers["x-voice"], answer.headers["x-emotion"]) == ("tone", "neutral")
        pcm = frames(answer.content)
        assert len(pcm) == 2 * 6 * SAMPLES_PER_CHARACTER
        assert any(pcm)


async def test_the_same_text_gives_the_same_bytes(core: Core) -> None:
    async with open_door(core) as door:
        request = {"text": "再见。明天见！", "emotion": "happy", "speed": 1.5}
        first, second = [(await door.client.post("/api/tts", json=request)).content for _ in range(2)]
        assert first == second


async def test_the_first_audio_comes_before_the_last_is_made(core: Core) -> None:
    async with open_door(core) as door:
        request = {"text": "一二三四五六七八九十" * 20, "voice": "stuck"}  # never gives its second chunk
        async with door.client.stream("POST", "/api/tts", json=request) as answer:
            assert len(await anext(answer.aiter_raw())) > HEADER_BYTES


async def test_the_emotion_used_is_told_in_whatever_language_it_was_asked_for(core: Core) -> None:
    async with open_door(core) as door:
        for asked, used in [("开心", "happy"), ("excited", "happy")]:
            answer = await door.client.post("/api/tts", json={"text": "好。", "emotion": asked})
            assert (answer.status_code, answer.headers["x-emotion"]) == (200, used)


async def test_a_request_without_an_emotion_gets_the_configured_one(core: Core) -> None:
    sad = Synthesizer(core.link, Turns(Scheduler(1)), CoreLimits(), default_emotion="sad")
    async with open_door(Core(sad, core.link)) as door:
        assert (await door.client.post("/api/tts", json={"text": "好。"})).headers["x-emotion"] == "sad"


async def test_json_is_answered_with_the_url_of_the_same_audio(core: Core) -> None:
    async with open_door(core) as door:
        request = {"text": "你好，世界。", "emotion": "sad"}
        reply = (await door.client.post("/api/tts", json=request, headers=JSON)).json()
        assert (reply["voice"], reply["emotion"], reply["sample_rate"]) == ("tone", "sad", RATE)
        fetched = await door.client.get(reply["audio_url"])
        assert (fetched.status_code, fetched.headers["content-type"]) == (200, "audio/wav")
        assert int(fetched.headers["content-length"]) == len(fetched.content)
        streamed = await door.client.post("/api/tts", json=request)
        assert frames(fetched.content) == frames(streamed.content)
        assert reply["duration_ms"] == 1000 * len(frames(fetched.content)) // 2 // RATE
        assert reply["marks"] == [[0, 1, 0, 100], [1, 2, 100, 200], [3, 4, 200, 300], [4, 5, 300, 400]]


async def test_a_kept_audio_can_be_fetched_more_than_once_and_is_gone_when_others_need_the_room(core: Core) -> None:
    async with open_door(core, HttpSettings(stored_audio_bytes=10_000)) as door:
        urls = []
        for _ in range(3):
            answer = await door.client.post("/api/tts", json={"text": "你好。"}, headers=JSON)
            urls.append(answer.json()["audio_url"])
            assert (await door.client.get(urls[-1])).content == (await door.client.get(urls[-1])).content
        gone = await door.client.get(urls[0])
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("text", [" ", "\n", "。。。", "……", "😀"])
async def test_a_text_with_nothing_to_say_is_a_short_silence(core: Core, text: str) -> None:
    async with open_door(core) as door:
        answer = await door.client.post("/api/tts", json={"text": text})
        assert (answer.status_code, frames(answer.content)) == (200, bytes(2 * RATE // 10))
        reply = (await door.client.post("/api/tts", json={"text": text}, headers=JSON)).json()
        assert (reply["duration_ms"], reply["marks"]) == (100, [])


@pytest.mark.parametrize("headers", [{}, JSON])
@pytest.mark.parametrize(
    ("request_fields", "status", "code", "param"),
    [
        ({"text": ""}, 422, "bad_field", "text"),
        ({}, 422, "bad_field", "text"),
        ({"text": "好", "speed": 9}, 422, "bad_field", "speed"),
        ({"text": "好", "mood": "happy"}, 422, "bad_field", "mood"),
        ({"text": "好" * 2001}, 413, "text_too_long", None),
        ({"text": "好", "voice": "nobody"}, 404, "voice_unknown", None),
        ({"text": "好", "voice": "missing"}, 500, "engine_failed", None),
    ],
)
async def test_an_error_before_the_first_audio_is_json_with_a_status(
    core: Core, headers: dict[str, str], request_fields: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    async with open_door(core) as door:
        answer = await door.client.post("/api/tts", json=request_fields, headers=headers)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], error.get("param")) == (status, code, param)
        assert error["message"]


async def test_an_error_in_the_middle_cuts_the_connection_so_that_the_client_notices(core: Core) -> None:
    async with open_door(core) as door:
        with pytest.raises(httpx.TransportError):
            await door.client.post("/api/tts", json={"text": "一二三四五六七八九十" * 20, "voice": "broken"})
        assert (await door.client.post("/api/tts", json={"text": "好。"})).status_code == 200


async def read_into(audio: bytearray, answer: httpx.Response) -> None:
    """What has come until an error stays there."""
    async for part in answer.aiter_bytes():
        audio += part


@pytest.mark.parametrize("form", ["pcm", "flac", "mp3", "opus"])
async def test_speech_that_fails_dies_away_and_its_listener_is_told(core: Core, form: str) -> None:
    request = {"text": "一二三四五六七八九十" * 20, "voice": "broken", "format": form}
    async with open_door(core) as door, door.client.stream("POST", "/api/tts", json=request) as answer:
        audio = bytearray()
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await read_into(audio, answer)
    sound = np.frombuffer(audio, "<i2") / 32768 if form == "pcm" else decoded(bytes(audio), RATE)
    sound = sound[: np.flatnonzero(np.abs(sound) > 0.001)[-1] + 1]
    assert len(sound) > RATE // 10  # two chunks; the tone itself goes on
    assert np.abs(sound[: -RATE // 50]).max() > 0.05
    steps = np.abs(np.diff(sound, append=0))
    assert steps[-RATE // 50 :].max() <= 1.2 * steps[: -RATE // 50].max()
    assert np.abs(sound[-RATE // 1000 :]).max() < 0.05


async def test_an_old_client_that_cannot_tell_half_an_answer_gets_a_reset(core: Core) -> None:
    body = json.dumps({"text": "一二三四五六七八九十" * 20, "voice": "broken"}).encode()
    async with open_door(core) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        head = f"POST /api/tts HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_an_error_in_the_middle_is_json_for_who_waits_for_the_whole(core: Core) -> None:
    async with open_door(core) as door:
        request = {"text": "一二三四五六七八九十" * 20, "voice": "broken"}
        answer = await door.client.post("/api/tts", json=request, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "engine_failed")


async def test_a_speech_longer_than_can_be_kept_is_refused_with_the_way_out(core: Core) -> None:
    async with open_door(core, HttpSettings(stored_audio_bytes=20_000)) as door:
        answer = await door.client.post("/api/tts", json={"text": "一二三四五六七八九十"}, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "text_too_long")
        assert "streamed" in answer.json()["error"]["message"]


@pytest.mark.parametrize("accept", ["*/*", "audio/wav", "application/json, audio/wav", "text/html", ""])
async def test_audio_is_what_who_does_not_ask_for_json_alone_gets(core: Core, accept: str) -> None:
    async with open_door(core) as door:
        answer = await door.client.post("/api/tts", json={"text": "好。"}, headers={"Accept": accept})
        assert answer.headers["content-type"] == "audio/wav"


async def test_two_requests_are_spoken_at_once(core: Core) -> None:
    async with open_door(core) as door, asyncio.TaskGroup() as tasks:
        requests = [
            tasks.create_task(door.client.post("/api/tts", json={"text": text}))
            for text in ("一二三四五六七八九十" * 10, "你好。")
        ]
        long, short = [frames((await request).content) for request in requests]
        assert (len(long), len(short)) == (2 * 100 * SAMPLES_PER_CHARACTER, 2 * 2 * SAMPLES_PER_CHARACTER)


async def test_too_much_at_once_is_told_with_when_to_come_back() -> None:
    async with running_core(CoreLimits(max_contexts=1)) as core, open_door(core) as door:
        request = {"text": "一二三四五六七八九十" * 100, "voice": "stuck"}
        async with door.client.stream("POST", "/api/tts", json=request):
            answer = await door.client.post("/api/tts", json={"text": "好。"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_busy")
            assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize("accept", [b"", b"Accept: application/json\r\n"])
async def test_a_client_that_leaves_stops_its_speech(accept: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with slow_core() as core, open_door(core) as door:
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        sent = speech_request("一二三四五六七八九十" * 150)  # 150 s of audio, 40 ms for each chunk of it
        writer.write(sent.replace(b"Content-Type", accept + b"Content-Type"))
        await until_answered(door, 503)
        leave(writer)
        await until_answered(door, 200)
    assert "end=cancelled" in caplog.text


async def test_a_listener_that_takes_no_data_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    settings = HttpSettings(write_stall_s=0.2)
    async with running_core(CoreLimits(max_contexts=1)) as core, open_door(core, settings) as door:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, ("127.0.0.1", door.port))
            await loop.sock_sendall(deaf, speech_request("一二三四五六七八九十" * 190))  # 6 MB
            await until_answered(door, 503)
            await until_answered(door, 200)
    assert "took no data" in caplog.text


def slow_core() -> AbstractAsyncContextManager[Core]:
    """A core that speaks one text at a time, slowly."""
    return running_core(CoreLimits(max_contexts=1), engine_settings={"tone": {"slow_s": 0.04}})


async def until_answered(door: Door, status: int) -> None:
    """Ask for a word until the answer has a status: 503 while another text is spoken, else 200."""
    while (await door.client.post("/api/tts", json={"text": "好。"})).status_code != status:
        pass


async def test_the_engine_host_dying_in_the_middle_is_noticed_and_the_next_request_is_spoken() -> None:
    async with running_core() as core, open_door(core) as door:
        with pytest.raises(httpx.TransportError):
            await door.client.post("/api/tts", json={"text": "一二三四五六七八九十" * 20, "voice": "crashing"})
        answer = await door.client.post("/api/tts", json={"text": "好。"})
        assert (answer.status_code, len(frames(answer.content))) == (200, 2 * SAMPLES_PER_CHARACTER)


async def test_a_text_of_every_kind_of_character_gives_an_answer(core: Core) -> None:
    async with open_door(core) as door:
        for text in ("\x00\x01", "‮abc", "👩‍👩‍👧", "[happy]好", "<speak>好</speak>", "a" * 300, "\ufeff好", "𠀀"):
            answer = await door.client.post(
                "/api/tts", content=json.dumps({"text": text}), headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 200, repr(text)


async def test_a_wav_that_was_spoken_before_tells_its_length_and_any_other_streams(core: Core) -> None:
    turns = Turns(Scheduler(2))
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), 2**20)
    cached = Core(Synthesizer(core.link, turns, CoreLimits(), cache=cache), core.link)
    async with open_door(cached) as door:
        first = await door.client.post("/api/tts", json={"text": "今天天气不错。我们去公园。"})
        again = await door.client.post("/api/tts", json={"text": "今天天气不错。我们去公园。"})
        half = await door.client.post("/api/tts", json={"text": "今天天气不错。我们回家。"})
    assert (first.headers.get("content-length"), half.headers.get("content-length")) == (None, None)
    assert int(again.headers["content-length"]) == len(again.content)
    with wave.open(io.BytesIO(again.content)) as reader:
        assert 2 * reader.getnframes() == len(again.content) - HEADER_BYTES
    assert frames(again.content) == frames(first.content)
    assert len(frames(half.content)) == 2 * 10 * SAMPLES_PER_CHARACTER


async def test_a_mood_may_stand_behind_the_voice_and_a_word_that_is_none_is_refused(core: Core) -> None:
    async with open_door(core) as door:
        happy = await door.client.post("/api/tts", json={"text": "好。", "voice": "tone||happy"})
        sad = await door.client.post("/api/tts", json={"text": "好。", "voice": "tone||happy", "emotion": "sad"})
        refused = [
            await door.client.post("/api/tts", json={"text": "好。", **wrong})
            for wrong in ({"voice": "tone||hapy"}, {"emotion": "hapy"})
        ]
    assert (happy.headers["x-emotion"], sad.headers["x-emotion"]) == ("happy", "sad")
    for answer in refused:
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "emotion_unknown")
        assert "neutral, happy, sad" in answer.json()["error"]["message"]


async def test_a_kept_reply_comes_by_any_end_of_its_name(core: Core) -> None:
    async with open_door(core) as door:
        told = (await door.client.post("/api/tts", json={"text": "你好。", "format": "json"})).json()
        for suffix, kind, begins in (
            ("ogg", "audio/ogg", b"OggS"),
            ("oga", "audio/ogg", b"OggS"),
            ("m4a", "audio/mp4", b""),
            ("MP3", "audio/mpeg", b"\xff"),
        ):
            answer = await door.client.get(f"{told['audio_url']}.{suffix}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
            assert answer.content.startswith(begins)
            assert len(decoded(answer.content, RATE)) == pytest.approx(2 * SAMPLES_PER_CHARACTER, rel=0.3)
        assert (await door.client.get(f"{told['audio_url']}.exe")).status_code == 404
