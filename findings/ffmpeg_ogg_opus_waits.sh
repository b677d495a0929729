#!/usr/bin/env bash
# Seen: FFmpeg's Ogg muxer (by PyAV too) gives nothing but the head for the first 2 s of a live Opus stream, then a second at a time.
# Whom: servers that stream speech as Ogg Opus while it is being made: the listener hears the first word two seconds late.
# Why:  a page is closed when it holds page_duration, a second by default; flush_packets does not change that.
# Way out: page_duration=20000 (microseconds): each packet comes as it is made, for 1.4 kB/s more. WebM has the same habit
#       (cluster_time_limit); MP3, AAC (ADTS) and FLAC do not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet av==18.1.0 numpy==2.4.6 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import av
import numpy as np

RATE, FRAME = 24000, 480  # 20 ms
noise = np.random.default_rng(0).normal(0, 1000, (1, FRAME)).astype(np.int16)


class Pipe:
    """Cannot go back, like a socket."""

    size = 0

    def write(self, data):
        self.size += len(data)
        return len(data)


def first_sound_s(container, codec, options):
    """Seconds of sound given to the encoder before the first of it comes out: more bytes than the head's."""
    pipe = Pipe()
    with av.open(pipe, "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=RATE, layout="mono")
        for index in range(200):
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, index * FRAME
            for packet in stream.encode(frame):
                output.mux(packet)
            head = pipe.size if index == 0 else head
            if pipe.size > head:
                return (index + 1) * FRAME / RATE
    return float("inf")


print("av", version("av"), "libavformat", ".".join(map(str, av.library_versions["libavformat"])))
kinds = (("ogg", "libopus"), ("webm", "libopus"), ("mp3", "libmp3lame"), ("adts", "aac"), ("flac", "flac"))
waits = {container: first_sound_s(container, codec, {}) for container, codec in kinds}
for container, wait in waits.items():
    print(f"{container:5} first sound after {wait:.2f} s")
flushed = first_sound_s("ogg", "libopus", {"flush_packets": "1"})
paged = first_sound_s("ogg", "libopus", {"page_duration": "20000"})
print(f"ogg   with flush_packets=1: {flushed:.2f} s; with page_duration=20000: {paged:.2f} s")
if not (waits["ogg"] >= 1 and flushed >= 1 and paged < 0.1):
    sys.exit("changed: a page of Ogg Opus no longer waits for a second of sound")
PYTHON
