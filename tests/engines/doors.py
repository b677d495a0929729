"""One text at every door of a daemon, by clients that know only their own protocol."""

import asyncio
import io
import wave

import httpx
import numpy as np
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from protocol.client import Chunk, TtsClient
from tests.support.daemon import Daemon


async def heard_at_every_door(daemon: Daemon, text: str, voice: str | None, rate: int) -> dict[str, bytes]:
    """Samples (16 bit) by door, asked for at the same time. voice: None names none. rate: its own, which all tell."""
    wyoming, http, websocket = await asyncio.gather(
        _over_wyoming(daemon.wyoming_port, text, voice, rate),
        _over_http(daemon.http_port, text, voice, rate),
        _over_websocket(daemon.http_port, text, voice, rate),
    )
    return {"wyoming": wyoming, "http": http, "websocket": websocket}


async def _over_wyoming(port: int, text: str, voice: str | None, rate: int) -> bytes:
    audio, rates = b"", set()
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Synthesize(text=text, voice=SynthesizeVoice(name=voice) if voice else None).event())
        while (event := await client.read_event()) is not None and not AudioStop.is_type(event.type):
            if AudioChunk.is_type(event.type):
                chunk = AudioChunk.from_event(event)
                audio += chunk.audio
                rates.add(chunk.rate)
    assert rates == {rate}
    return audio


async def _over_http(port: int, text: str, voice: str | None, rate: int) -> bytes:
    named = {"voice": voice} if voice else {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
        answer = await client.post("/api/tts", json={"text": text, "format": "pcm", **named})
    assert answer.headers["x-sample-rate"] == str(rate)
    return answer.content


async def _over_websocket(port: int, text: str, voice: str | None, rate: int) -> bytes:
    audio = b""
    async with TtsClient(f"ws://127.0.0.1:{port}") as tts, tts.open(voice=voice, flow="none") as speech:
        assert speech.sample_rate == rate
        await speech.say_all(text)
        async for event in speech:
            if isinstance(event, Chunk):
                audio += event.pcm
    return audio


def spoken_s(audio: bytes, rate: int) -> float:
    """Seconds with sound in them, of a WAV file or of bare samples."""
    if audio[:4] == b"RIFF":
        with wave.open(io.BytesIO(audio)) as wav:
            audio = wav.readframes(wav.getnframes())
    samples, window = np.frombuffer(audio[: len(audio) // 2 * 2], "<i2"), rate // 50
    windows = samples[: len(samples) // window * window].reshape(-1, window)
    return float((np.abs(windows).max(axis=1) > 300).sum() * window / rate)
