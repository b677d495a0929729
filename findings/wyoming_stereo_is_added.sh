#!/usr/bin/env bash
# Seen: AudioChunkConverter(channels=1) adds left and right: a stereo tone at 70 % of full scale comes out clipped, half of its samples at it.
# Whom: whoever hands stereo to a Wyoming server: wyoming-faster-whisper and wyoming-openwakeword convert what they hear with it, so a
#       microphone array or a stereo recording is recognised from distorted sound as soon as somebody speaks up.
# Why:  it calls audioop.tomono with 1.0 for each side, which adds them and cuts off what is above full scale; 0.5 each would be the mean.
# Way out: send mono, or add 0.5 of each side before AudioChunk is made.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet wyoming==1.10.2 || exit 2

"$folder/bin/python" - <<'PYTHON'
import array
import math
import sys
from importlib.metadata import version

from wyoming.audio import AudioChunk, AudioChunkConverter

RATE, FULL = 16000, 32767
print("wyoming", version("wyoming"))
clipped = {}
for part in (0.3, 0.7):
    one_side = [round(part * FULL * math.sin(2 * math.pi * 300 * n / RATE)) for n in range(RATE)]
    both_sides = array.array("h", [sample for sample in one_side for _ in "lr"])
    converted = AudioChunkConverter(channels=1).convert(AudioChunk(RATE, 2, 2, both_sides.tobytes()))
    mono = array.array("h", converted.audio)
    clipped[part] = sum(abs(sample) >= FULL for sample in mono) / len(mono)
    print(f"each side peaks at {max(one_side)}; mono peaks at {max(mono)}, {clipped[part]:.0%} of its samples are at full scale")
if not clipped[0.7] > 0.2:
    sys.exit("changed: stereo is no longer added up")
PYTHON
