#!/usr/bin/env bash
# Seen: AudioChunkConverter(rate=16000) turns a 10 kHz tone into one of 6 kHz: of 48 kHz sound at its full level, of 24 kHz sound 4 dB below.
# Whom: speech at 22 to 48 kHz that goes to 16 kHz: what a satellite's loudspeaker is given (SndProcessAsyncClient), and what
#       wyoming-faster-whisper and wyoming-openwakeword are to understand. Every s and sh carries its treble down into the vowels.
# Why:  audioop.ratecv interpolates between neighbours and has no low-pass filter in front; nothing else filters.
# Way out: record and speak at the rate that is wanted, or convert with soxr or FFmpeg before AudioChunk is made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet wyoming==1.10.2 || exit 2

"$folder/bin/python" - <<'PYTHON'
import array
import cmath
import math
import sys
from importlib.metadata import version

from wyoming.audio import AudioChunk, AudioChunkConverter

TO, TONE_HZ, LEVEL = 16000, 10000, 16000


def level(samples, rate, tone_hz):
    """How large the sine of that frequency in the samples is."""
    turns = (sample * cmath.exp(-2j * math.pi * tone_hz * n / rate) for n, sample in enumerate(samples))
    return 2 * abs(sum(turns)) / len(samples)


print("wyoming", version("wyoming"))
folded = {}
for rate in (48000, 44100, 24000):
    tone = array.array("h", (round(LEVEL * math.sin(2 * math.pi * TONE_HZ * n / rate)) for n in range(rate)))
    converter, heard = AudioChunkConverter(rate=TO), array.array("h")
    for start in range(0, rate, 1024):  # as it comes over the wire
        heard.frombytes(converter.convert(AudioChunk(rate, 2, 1, tone[start : start + 1024].tobytes())).audio)
    folded[rate] = 20 * math.log10(level(heard, TO, TO - TONE_HZ) / LEVEL)
    print(f"a tone of {TONE_HZ} Hz, {rate} to {TO} Hz: heard as {TO - TONE_HZ} Hz, {folded[rate]:+.1f} dB")
if not all(change > -6 for change in folded.values()):
    sys.exit("changed: what 16 kHz cannot hold is no longer folded down")
PYTHON
