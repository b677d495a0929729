"""Speaks through every door of a daemon on this machine and prints seconds of speech, as JSON. Runs inside a box:

    /opt/tts-server/bin/python doors.py [--token TOKEN] [--text TEXT] [--only http|wyoming|websocket] [--voice VOICE]
        [--patience SECONDS]

A door that does not speak has its reason in place of the seconds.
"""

import argparse
import asyncio
import json
import sys
import urllib.request

from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize, SynthesizeVoice

from protocol.client import TtsClient

SENTENCE = "今天天气很好，我们去公园走走吧。"
PATIENCE_S = 60.0


def http(text: str, voice: str | None, token: str | None, patience_s: float) -> float:
    body = json.dumps({"text": text, "format": "pcm", "rate": 24000, **({"voice": voice} if voice else {})}).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request("http://127.0.0.1:8080/api/tts", body, headers)
    with urllib.request.urlopen(request, timeout=patience_s) as answer:
        return len(answer.read()) / 2 / 24000


async def wyoming(text: str, voice: str | None, _: str | None) -> float:
    async with AsyncTcpClient("127.0.0.1", 10200) as client:
        await client.write_event(Synthesize(text, SynthesizeVoice(voice) if voice else None).event())
        spoken_s = 0.0
        while (event := await client.read_event()) is not None and event.type != "audio-stop":
            if event.type == "error":
                raise RuntimeError(event.data["code"])
            if AudioChunk.is_type(event.type):
                spoken_s += AudioChunk.from_event(event).seconds
        return spoken_s


async def websocket(text: str, voice: str | None, token: str | None) -> float:
    async with TtsClient("ws://127.0.0.1:8080", token=token) as client:
        return sum([len(chunk.pcm) / 2 / chunk.sample_rate async for chunk in client.say(text, voice=voice)])


async def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--token")
    parser.add_argument("--voice")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds for each door")
    parser.add_argument("--text", default=SENTENCE)
    parser.add_argument("--only", choices=("http", "wyoming", "websocket"))
    chosen = parser.parse_args()
    asked = (chosen.text, chosen.voice, chosen.token)
    doors = {
        "http": lambda: asyncio.to_thread(http, *asked, chosen.patience),
        "wyoming": lambda: wyoming(*asked),
        "websocket": lambda: websocket(*asked),
    }
    found: dict[str, float | str] = {}
    for name, speak in doors.items():
        if chosen.only in (None, name):
            try:
                async with asyncio.timeout(chosen.patience):
                    found[name] = round(await speak(), 2)
            except Exception as error:  # whatever goes wrong is what we are here to tell
                found[name] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps(found))
    return int(not all(isinstance(spoken, float) and spoken > 0 for spoken in found.values()))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
