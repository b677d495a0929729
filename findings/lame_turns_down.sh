#!/usr/bin/env bash
# Seen: an MP3 made at up to 160 kbit/s is 0.45 dB quieter than what went in, at 192 kbit/s 0.26 dB, at 320 kbit/s not at all.
# Whom: services that offer one recording in several formats, or measure loudness before they encode: MP3 falls behind the others.
# Why:  LAME scales its input in the presets of lower rates (0.95 up to 160 kbit/s), against clipping; FFmpeg passes no way to switch that off.
# Way out: multiply the samples by 1 / 0.95 before they are encoded at such a rate, where their peaks leave room for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet av==18.1.0 numpy==2.4.6 || exit 2

"$folder/bin/python" - <<'PYTHON'
import io
import sys
from importlib.metadata import version

import av
import numpy as np

RATE = 48000
TONE = 0.25 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)


def change_db(kbit):
    """How much louder the tone comes out of an MP3 of so many kbit/s."""
    made = io.BytesIO()
    with av.open(made, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono", bit_rate=1000 * kbit)
        pcm = np.rint(32767 * TONE).astype("<i2")[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=RATE, frame_size=stream.frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    made.seek(0)
    with av.open(made) as container:
        heard = np.concatenate([part.to_ndarray().ravel() for part in container.decode(audio=0)])
    middle = heard[RATE : 2 * RATE].astype(float)
    middle /= 1 if np.issubdtype(heard.dtype, np.floating) else 32768
    return 20 * np.log10(np.sqrt(np.mean(middle**2)) / np.sqrt(np.mean(TONE**2)))


print("av", version("av"), "libavcodec", ".".join(map(str, av.library_versions["libavcodec"])))
seen = {kbit: change_db(kbit) for kbit in (64, 128, 160, 192, 320)}
for kbit, change in seen.items():
    print(f"{kbit} kbit/s: {change:+.2f} dB")
if not all((-0.6 < change < -0.3) == (kbit <= 160) for kbit, change in seen.items()):
    sys.exit("changed: LAME no longer turns down at low rates")
PYTHON
