#!/usr/bin/env bash
# Seen: chunks of MicProcessAsyncClient that hold 50 ms of sound are stamped 50,000,000 apart: in nanoseconds, while the protocol's
#       timestamps are milliseconds, and those of wav_to_chunks are.
# Whom: who puts a wake word or the start of speech in its place by `timestamp`: a Detection or VoiceStarted from such a microphone is a
#       million times too late, and with wyoming-openwakeword, which adds its 80 ms to that, in no unit at all.
# Why:  it stamps with time.monotonic_ns(); README and `Detection`, `VoiceStarted` and the rest speak of milliseconds.
# Way out: count the samples of the chunks yourself, or divide what comes from a microphone by 1,000,000.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet wyoming==1.10.2 || exit 2

"$folder/bin/python" - <<'PYTHON'
import asyncio
import io
import re
import sys
import wave
from importlib.metadata import metadata, version

from wyoming.audio import AudioChunk, wav_to_chunks
from wyoming.mic import MicProcessAsyncClient

RATE, SAMPLES = 16000, 800
RECORDER = "import sys, time\nfor _ in range(6): sys.stdout.buffer.write(bytes(1600)); sys.stdout.flush(); time.sleep(0.05)"


async def recorded():
    """Chunks of a program that records, as arecord does: 50 ms of silence every 50 ms."""
    async with MicProcessAsyncClient(RATE, 2, 1, SAMPLES, sys.executable, ["-c", RECORDER]) as microphone:
        return [AudioChunk.from_event(await microphone.read_event()) for _ in range(6)]


def read():
    """Chunks of the same sound in a file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setparams((1, 2, RATE, 0, "NONE", ""))
        made.writeframes(bytes(6 * 2 * SAMPLES))
    file.seek(0)
    with wave.open(file) as opened:
        return list(wav_to_chunks(opened, SAMPLES))


print("wyoming", version("wyoming"))
print("its manual:", *re.findall(r"timestamp of audio chunk in \w+", metadata("wyoming").get_payload())[:1])
apart = {}
for name, chunks in (("wav_to_chunks", read()), ("MicProcessAsyncClient", asyncio.run(recorded()))):
    apart[name] = (chunks[-1].timestamp - chunks[0].timestamp) / 5
    print(f"{name}: chunks of {chunks[0].milliseconds} ms, stamps {apart[name]:.0f} apart")
if not apart["MicProcessAsyncClient"] > 1000 * apart["wav_to_chunks"]:
    sys.exit("changed: a microphone's chunks are no longer stamped in nanoseconds")
PYTHON
