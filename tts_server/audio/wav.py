"""The head of a WAV file: mono, 16 bits. Needs no numpy."""

import struct
from typing import Final

BYTES_PER_SAMPLE: Final = 2
UNKNOWN_SIZE: Final = 0xFFFFFFFF  # what ffmpeg and sox write, and read, for a WAV that is still being made


def wav_header(sample_rate: int, data_bytes: int | None = None) -> bytes:
    """The 44 bytes before the PCM of a mono 16-bit WAV. data_bytes: None while the length is not known (streaming)."""
    if data_bytes is None:
        riff_size = data_size = UNKNOWN_SIZE
    else:
        riff_size, data_size = data_bytes + 36, data_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", riff_size, b"WAVE"),
        *(b"fmt ", 16, 1, 1, sample_rate, sample_rate * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 8 * BYTES_PER_SAMPLE),
        *(b"data", data_size),
    )
