#!/usr/bin/env bash
# Seen: LiveKit's OpenAI speech plugin loses the end of FLAC: of one second at 24 kHz, 2304 samples are never played.
# Whom: whoever serves it FLAC: each reply ends a frame (24 to 96 ms) too early; a server sees nothing of it.
# Why:  the agents' decoder gives out whole chunks, and is not asked for what it holds when the stream ends.
# Way out: ask for response_format "wav" or "pcm", which arrive to the last sample.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet livekit-plugins-openai==1.8.9 || exit 2

"$folder/bin/python" - <<'PYTHON'
import asyncio
import io
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread

import av
import numpy as np
from livekit.plugins import openai

RATE, SECONDS = 24000, 1
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE)).astype(np.int16)


def encoded(name: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=name) as container:
        stream = container.add_stream("flac" if name == "flac" else "pcm_s16le", rate=RATE)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(TONE[None, :], format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = self.rfile.read(int(self.headers["content-length"]))
        name = "flac" if b'"flac"' in asked else "wav"
        body = encoded(name)
        self.send_response(200)
        self.send_header("content-type", f"audio/{name}")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


async def heard(address: str, form: str) -> int:
    samples = 0
    tts = openai.TTS(base_url=address, api_key="any", model="tts-1", voice="alloy", response_format=form)
    async with tts.synthesize("Hello.") as stream:
        async for event in stream:
            samples += event.frame.samples_per_channel
    await tts.aclose()
    return samples


server = HTTPServer(("127.0.0.1", 0), Server)
Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
print("livekit-plugins-openai", version("livekit-plugins-openai"))
counts = {form: asyncio.run(heard(address, form)) for form in ("wav", "flac")}
print(f"sent: {len(TONE)} samples   played: {counts}")
if counts["flac"] >= counts["wav"] or counts["wav"] != len(TONE):
    sys.exit("changed: FLAC arrives whole, or WAV does not")
PYTHON
