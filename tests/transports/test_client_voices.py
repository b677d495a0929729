"""An address or a token has a voice of its own at every door, and what a request names wins."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from protocol.client import Chunk, TtsClient
from tests.engines.doors import heard_at_every_door
from tests.support.daemon import running_daemon
from tests.support.xiaozhi_double_stream import client_frame, request, xiaozhi

TEXT = "The light is on."
SECRET = "0123456789abcdef0123"


@pytest.mark.timeout(60)
async def test_an_address_has_its_voice_at_every_door(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[clients."127.0.0.0/8"]\nvoice = "heart"\nvolume = -6.0\n', encoding="utf-8")
    async with running_daemon("-c", str(file)) as daemon:
        given = await heard_at_every_door(daemon, TEXT, None, 24_000)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=30, trust_env=False
        ) as client:
            wanted = {"text": TEXT, "voice": "heart", "format": "pcm"}
            named = await client.post("/api/tts", json={**wanted, "volume": -6})
            zero = await client.post("/api/tts", json={**wanted, "volume": 0})
            address = await client.get("/api/tts", params={**wanted, "volume": "0"})
            other = await client.post("/api/tts", json={"text": "灯开了。", "voice": "baker"})
            openai = await client.post("/v1/audio/speech", json={"input": TEXT, "response_format": "wav"})
            guest = await client.get("/compat/gpt_sovits", params={"text": TEXT, "text_language": "en"})
        wyoming = await _over_wyoming(daemon.wyoming_port, {"volume": 0})
    assert set(given.values()) == {named.content}
    assert named.headers["x-voice"] == "heart"
    assert other.headers["x-voice"] == "baker"
    assert openai.headers["x-voice"] == "heart"
    assert guest.headers["x-voice"] == "heart"
    assert address.content == wyoming == zero.content
    assert _level(zero.content) - _level(named.content) == pytest.approx(6.0, abs=0.5)


@pytest.mark.timeout(60)
async def test_a_token_has_its_voice_at_every_door_that_takes_tokens(tmp_path: Path) -> None:
    file, tokens = tmp_path / "config.toml", tmp_path / "tokens"
    tokens.write_text(f"kitchen {SECRET}\nother another-{SECRET}\n", encoding="utf-8")
    tokens.chmod(0o600)
    access = f'[access]\nmode = "token"\ntokens_file = "{tokens}"\n'
    file.write_text(f'{access}[clients.kitchen]\nvoice = "heart"\nvolume = -6.0\n', encoding="utf-8")
    async with running_daemon("-c", str(file)) as daemon:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=30, trust_env=False
        ) as client:
            bearer = {"Authorization": f"Bearer {SECRET}"}
            http = await client.post("/api/tts", json={"text": TEXT, "format": "pcm"}, headers=bearer)
            bearer["Authorization"] = f"Bearer another-{SECRET}"
            other = await client.post("/api/tts", json={"text": "灯开了。", "format": "pcm"}, headers=bearer)
        websocket = await _over_websocket(daemon.http_port)
        guest = await _over_volcengine(daemon.http_port)
    assert (http.headers["x-voice"], other.headers["x-voice"]) == ("heart", "baker")
    assert websocket == http.content
    assert guest[: len(http.content)] == http.content


def _level(pcm: bytes) -> float:
    """dB."""
    return float(20 * np.log10(np.sqrt(np.mean(np.square(np.frombuffer(pcm, "<i2").astype(float))))))


async def _over_wyoming(port: int, context: dict[str, object]) -> bytes:
    audio, event = b"", Synthesize(text=TEXT).event()
    event.data["context"] = context
    event.data["voice"] = {"name": "heart"}
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(event)
        while (answer := await client.read_event()) is not None and not AudioStop.is_type(answer.type):
            if AudioChunk.is_type(answer.type):
                audio += AudioChunk.from_event(answer).audio
    return audio


async def _over_websocket(port: int) -> bytes:
    audio = b""
    async with TtsClient(f"ws://127.0.0.1:{port}", SECRET) as tts, tts.open(flow="none") as speech:
        await speech.say_all(TEXT)
        async for event in speech:
            if isinstance(event, Chunk):
                audio += event.pcm
    return audio


async def _over_volcengine(port: int) -> bytes:
    """A guest's WebSocket; it names no speaker."""
    async with xiaozhi(port, SECRET) as client:
        client.session = "0" * 32
        for event, text in ((100, ""), (200, TEXT)):
            payload = request(event, text)
            payload["req_params"]["speaker"] = ""
            await client.websocket.send(client_frame(event, client.session, payload))
        await client.finish()
        return bytes((await client.hear()).pcm)
