#!/usr/bin/env bash
# Seen: ffmpeg that reads a WAV from a pipe gives nothing before 4.3 s (24 kHz) have come; of the same samples as CAF, 0.2 s are enough.
# Whom: whoever converts speech while it is being made. Home Assistant does (`-f wav -i pipe:0 -f mp3 -q:a 0 pipe:1`): a reply
#       that comes at the pace of its player is heard seconds late, whatever the voice's own first audio.
# Why:  what the demuxers of WAV, W64, AU and PVF give is probed for seconds before the first of it goes on (a WAV may hide DTS or
#       S/PDIF); with 5.1 AU and PVF take 2.0 s. CAF tells all there is to know in its head.
# Way out: hand it CAF (a head of 64 bytes, little-endian samples, length -1), or raw samples where -ar can be given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet imageio-ffmpeg==0.8.1 || exit 2

"$folder/bin/python" - <<'PYTHON'
import array
import os
import random
import struct
import subprocess
import sys
import time
from importlib.metadata import version

import imageio_ffmpeg

RATE, STEP_S, UNKNOWN = 24000, 0.1, 0xFFFFFFFF
noise = array.array("h", (random.Random(0).randrange(-2000, 2000) for _ in range(round(RATE * STEP_S))))
form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
HEADS = {
    "wav": b"RIFF" + struct.pack("<I", UNKNOWN) + b"WAVEfmt " + form + b"data" + struct.pack("<I", UNKNOWN),
    "caf": b"caff\0\1\0\0desc"
    + struct.pack(">qd4sIIIII", 32, RATE, b"lpcm", 2, 2, 1, 1, 16)
    + b"data"
    + struct.pack(">qI", -1, 0),
}


def first_output_s(kind, to):
    """Seconds of sound that had been given when the first of it came out."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-f", kind, "-i", "pipe:0"]
    with subprocess.Popen([*command, *to, "pipe:1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        os.set_blocking(process.stdout.fileno(), False)
        process.stdin.write(HEADS[kind])
        given_s, found = 0.0, None
        while given_s < 20 and not found:
            process.stdin.write(noise.tobytes())
            process.stdin.flush()
            given_s += STEP_S
            time.sleep(0.05)  # far more than it needs for a tenth of a second of sound
            found = process.stdout.read()
        process.kill()
    return given_s


print("imageio-ffmpeg", version("imageio-ffmpeg"), "ffmpeg", imageio_ffmpeg.get_ffmpeg_version())
given = {}
for name, to in (("mp3", ["-f", "mp3", "-q:a", "0"]), ("samples", ["-f", "s16le"])):
    for kind in HEADS:
        given[kind, name] = first_output_s(kind, to)
        print(f"{kind:3} to {name:7}: the first comes out when {given[kind, name]:.1f} s have gone in")
if not (given["wav", "samples"] > 2 and given["wav", "samples"] > 2 * given["caf", "samples"]):
    sys.exit("changed: a WAV is no longer held back for seconds")
PYTHON
