#!/usr/bin/env bash
# Seen: a CAF that FFmpeg has written to a pipe cannot be opened by soundfile: "Supported file format but file is malformed".
# Whom: who stores speech as CAF while it is being made (`ffmpeg … -f caf - > speech.caf`, a service's answer) and reads it with soundfile,
#       librosa or another program over libsndfile. FFmpeg reads it, and so does Apple, whose format it is.
# Why:  the size of the data chunk is -1 there, which the format has for a length that is not known (the chunk is the last one then);
#       libsndfile 1.2.2 takes that for damage. The same samples with their size in the head are read.
# Way out: write the size into bytes 60 to 67 once the file is whole (big-endian: the bytes of sound and 4 more), or write to a file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet soundfile==0.14.0 av==18.1.0 numpy==2.4.6 || exit 2

"$folder/bin/python" - <<'PYTHON'
import io
import sys
from importlib.metadata import version

import av
import numpy as np
import soundfile

RATE = 24000
TONE = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype("<i2")


class Pipe:
    """Takes bytes one after the other, as a socket does."""

    def __init__(self):
        self.written = bytearray()

    def write(self, data):
        self.written += bytes(data)
        return len(data)


def written_to(target):
    """The tone as a CAF by FFmpeg."""
    with av.open(target, "w", format="caf") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(TONE[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)


def read_by_soundfile(caf):
    """How many samples it finds, or what it says."""
    try:
        return len(soundfile.read(io.BytesIO(caf))[0])
    except soundfile.LibsndfileError as error:
        return error.error_string


def read_by_ffmpeg(caf):
    """How many samples it finds."""
    with av.open(io.BytesIO(caf)) as container:
        return sum(frame.samples for frame in container.decode(audio=0))


pipe, file = Pipe(), io.BytesIO()
written_to(pipe)
written_to(file)
print("soundfile", version("soundfile"), "libsndfile", soundfile.__libsndfile_version__, "av", version("av"))
seen = {}
for name, caf in (("pipe", bytes(pipe.written)), ("file", file.getvalue())):
    size = int.from_bytes(caf[caf.index(b"data") + 4 :][:8], "big", signed=True)
    seen[name] = (size, read_by_ffmpeg(caf), read_by_soundfile(caf))
    print(f"to a {name}: data chunk of {size}; FFmpeg reads {seen[name][1]} samples, soundfile: {seen[name][2]}")
if not (seen["pipe"][:2] == (-1, RATE) and seen["file"][2] == RATE):
    sys.exit("changed: FFmpeg writes another CAF")
if seen["pipe"][2] == RATE:
    sys.exit("changed: a CAF of unknown length is read")
PYTHON
