#!/usr/bin/env bash
# Seen: FFmpeg's atempo gives nothing at all for 20 ms of sound, and of 0.1 s slowed down it loses the last 5 ms.
# Whom: programs that change the tempo of speech piece by piece (a filter a chunk, a word, a syllable): each end is cut, short ones vanish.
# Why:  it works in windows, and at the end of the input it does not fill the last one up.
# Way out: one filter for the whole stream; count what went in and pad what comes out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet av==18.1.0 numpy==2.4.6 || exit 2

"$folder/bin/python" - <<'PYTHON'
import sys
from fractions import Fraction
from importlib.metadata import version

import av
import numpy as np
from av.filter import Graph

RATE = 24000


def stretched(seconds, tempo):
    """How many samples come out of so many seconds of a tone."""
    tone = np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono", time_base=Fraction(1, RATE))
    filters = [source, graph.add("atempo", str(tempo)), graph.add("abuffersink")]
    for one, next_one in zip(filters, filters[1:]):
        one.link_to(next_one)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(tone[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    graph.push(frame)
    graph.push(None)
    count = 0
    while True:
        try:
            count += graph.pull().samples
        except (BlockingIOError, EOFError):
            return count


print("av", version("av"), "libavfilter", ".".join(map(str, av.library_versions["libavfilter"])))
seen = {}
for seconds in (0.02, 0.1, 0.3, 1.0):
    for tempo in (0.95, 1.05):
        wanted, given = round(seconds * RATE / tempo), stretched(seconds, tempo)
        seen[seconds, tempo] = given - wanted
        missing = (given - wanted) / RATE * 1000
        print(f"{seconds:.2f} s at tempo {tempo}: {given} of {wanted} samples ({missing:+.1f} ms)")
if seen[0.02, 0.95] != -round(0.02 * RATE / 0.95) or seen[0.1, 0.95] > -0.004 * RATE:
    sys.exit("changed: atempo no longer loses short sounds and ends")
PYTHON
