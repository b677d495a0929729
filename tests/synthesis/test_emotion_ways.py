"""One emotion, asked for in every way there is: a real daemon says the same bytes."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.event import Event

from protocol.frames import Frame
from tests.support.daemon import Daemon, running_daemon

TEXT = "太好了，你终于回来了！我等了一天。"
WAV_HEADER = 44
SETTINGS = {
    "TTS_SERVER__CACHE__MODE": "off",
    "TTS_SERVER__TEXT__EMOJI": "emotion",
    "TTS_SERVER__VOICES__DEFAULT": "baker",
}
SSML = {
    "alibaba": f'<speak><emotion category="happy" intensity="1.0">{TEXT}</emotion></speak>',
    "microsoft": f'<speak xmlns:mstts="urn:x"><voice name="baker"><mstts:express-as style="cheerful" styledegree="1">\n'
    f"  {TEXT}\n</mstts:express-as></voice></speak>",
}

pytestmark = pytest.mark.timeout(90)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def daemon() -> AsyncGenerator[Daemon]:
    async with running_daemon(environment=SETTINGS) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wanted(daemon: Daemon) -> bytes:
    """The PCM of the JSON field."""
    return await over_http(daemon, text=TEXT, emotion="happy")


async def over_http(daemon: Daemon, **fields: Any) -> bytes:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{daemon.http_port}", trust_env=False, timeout=60
    ) as client:
        answer = await client.post("/api/tts", json=fields)
    assert answer.status_code == 200, answer.text
    return answer.content[WAV_HEADER:]


async def over_websocket(daemon: Daemon, *messages: dict[str, Any]) -> bytes:
    pcm = b""
    address = f"ws://127.0.0.1:{daemon.http_port}/ws/v1"
    async with connect(address, compression=None, proxy=None) as websocket:
        for message in messages:
            await websocket.send(json.dumps(message))
        async for received in websocket:
            if isinstance(received, bytes):
                pcm += Frame.parse(received).payload
            elif (told := json.loads(received))["type"] in ("done", "error"):
                assert told.get("reason") == "end", told
                break
    return pcm


async def over_wyoming(daemon: Daemon, *events: Event) -> bytes:
    pcm = b""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        for event in events:
            await client.write_event(event)
        while (received := await client.read_event()) is not None and received.type != "audio-stop":
            assert received.type != "error", received.data
            if AudioChunk.is_type(received.type):
                pcm += AudioChunk.from_event(received).audio
    return pcm


@pytest.mark.asyncio(loop_scope="module")
async def test_the_emotion_is_heard_at_all(daemon: Daemon, wanted: bytes) -> None:
    assert len(wanted) > 2 * 24000
    assert await over_http(daemon, text=TEXT) != wanted


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "fields",
    [
        {"text": TEXT, "emotion": "开心"},
        {"text": "[happy]" + TEXT},
        {"text": "[开心:1]" + TEXT, "text_format": "plain"},
        {"text": "[sad][happy]" + TEXT, "text_format": "markdown"},
        {"text": "😊" + TEXT},
        {"text": "👍🏽" + TEXT},
        {"text": SSML["alibaba"], "text_format": "ssml"},
        {"text": SSML["alibaba"]},
        {"text": SSML["microsoft"], "text_format": "ssml"},
        {"text": "[unheard-of]" + TEXT, "emotion": "laughing"},
    ],
    ids=[
        "chinese",
        "tag",
        "chinese-tag",
        "two-tags",
        "emoji",
        "skin",
        "ssml",
        "ssml-found",
        "express-as",
        "unknown-tag",
    ],
)
async def test_http_gives_the_same_bytes(daemon: Daemon, wanted: bytes, fields: dict[str, Any]) -> None:
    assert await over_http(daemon, **fields) == wanted


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("way", ["open", "event", "tag", "ssml"])
async def test_the_websocket_gives_the_same_bytes(daemon: Daemon, wanted: bytes, way: str) -> None:
    opened: dict[str, Any] = {"type": "open", "flow": "none"}
    end = {"type": "end"}
    match way:
        case "open":
            messages = [{**opened, "emotion": "happy"}, {"type": "text", "text": TEXT}]
        case "event":
            messages = [opened, {"type": "emotion", "emotion": "happy"}, {"type": "text", "text": TEXT}]
        case "tag":
            messages = [opened, *({"type": "text", "text": char} for char in "[happy]" + TEXT)]
        case _:
            pieces = [SSML["alibaba"][at : at + 7] for at in range(0, len(SSML["alibaba"]), 7)]
            messages = [{**opened, "text_format": "ssml"}, *({"type": "text", "text": piece} for piece in pieces)]
    assert await over_websocket(daemon, *messages, end) == wanted


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "data",
    [
        {"text": TEXT, "voice": {"name": "baker", "speaker": "happy"}},
        {"text": TEXT, "voice": {"name": "baker||happy"}},
        {"text": TEXT, "context": {"emotion": "happy"}},
        {"text": "[happy]" + TEXT},
        {"text": SSML["alibaba"]},
        {"text": SSML["microsoft"], "text_format": "ssml"},
    ],
    ids=["speaker", "variant", "context", "tag", "ssml-found", "ssml"],
)
async def test_wyoming_gives_the_same_bytes(daemon: Daemon, wanted: bytes, data: dict[str, Any]) -> None:
    assert await over_wyoming(daemon, Event("synthesize", data)) == wanted


@pytest.mark.asyncio(loop_scope="module")
async def test_streamed_wyoming_gives_the_same_bytes(daemon: Daemon, wanted: bytes) -> None:
    chunks = [
        Event("synthesize-chunk", {"text": piece})
        for piece in ("[hap", "py]太好了，你终", "于回来了！", "我等了一天。")
    ]
    assert await over_wyoming(daemon, Event("synthesize-start", {}), *chunks, Event("synthesize-stop")) == wanted


@pytest.mark.asyncio(loop_scope="module")
async def test_a_change_in_the_middle_is_the_same_by_event_tag_and_ssml(daemon: Daemon) -> None:
    first, second = "今天赢了比赛。", "可是腿受伤了。"
    by_tag = await over_http(daemon, text=f"[happy]{first}[sad:0.8]{second}")
    by_ssml = await over_http(
        daemon,
        text=f'<speak><emotion category="happy">{first}</emotion><emotion category="sad" intensity="0.8">{second}'
        "</emotion></speak>",
    )
    by_event = await over_websocket(
        daemon,
        {"type": "open", "flow": "none", "emotion": "happy"},
        {"type": "text", "text": first},
        {"type": "emotion", "emotion": "sad", "intensity": 0.8},
        {"type": "text", "text": second, "end": True},
    )
    assert by_tag == by_ssml == by_event


@pytest.mark.asyncio(loop_scope="module")
async def test_broken_ssml_is_refused_with_its_place(daemon: Daemon) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", trust_env=False) as client:
        answer = await client.post("/api/tts", json={"text": "<speak>\n你好<s>吧</speak>", "text_format": "ssml"})
        unclosed = await client.post("/api/tts", json={"text": "<speak>你好", "text_format": "ssml"})
    assert answer.status_code == unclosed.status_code == 422
    assert "line 2, column 9" in answer.json()["error"]["message"]
    assert "line 1, column 10" in unclosed.json()["error"]["message"]
    async with asyncio.timeout(20), AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as wyoming:
        await wyoming.write_event(Event("synthesize", {"text": "<speak>你好<s>", "text_format": "ssml"}))
        told = await wyoming.read_event()
    assert told is not None
    assert told.type == "audio-start"  # Home Assistant would say nothing at all: the text between the tags is said
