"""The first frame of an MP3: silent, and with room for what a player must know to be exact to the sample. Pure.

Xing's fields (how many frames and bytes) and LAME's (how much sound the codec put before and behind). Players look for
the name LAME before they believe the latter: so Media Player Daemon and Firefox, for two.
"""

import struct
from dataclasses import dataclass
from typing import Final

DELAY: Final = 576  # samples that LAME puts before the sound; a decoder adds 529 of its own
DECODER_DELAY: Final = 529
_RATES: Final = {  # Hz: version bits and rate bits of the header
    **{44100: (3, 0), 48000: (3, 1), 32000: (3, 2), 22050: (2, 0), 24000: (2, 1), 16000: (2, 2)},
    **{11025: (0, 0), 12000: (0, 1), 8000: (0, 2)},
}
_MPEG_1: Final = 3
_MPEG_1_KBITS: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_OTHER_KBITS: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_ALL_FIELDS: Final = 0xF  # frames, bytes, table of contents, quality
_NAME: Final = b"LAME3.100"
_CBR: Final = 1
_MAX_12_BITS: Final = 4095


@dataclass(frozen=True, slots=True)
class Length:
    """Of a finished MP3."""

    samples: int
    frames: int  # the first one not counted
    frame_bytes: int  # of those


def frame_samples(sample_rate: int) -> int:
    """Samples of a frame."""
    return 1152 if _RATES[sample_rate][0] == _MPEG_1 else 576


def info_frame(sample_rate: int, bit_rate: int, length: Length | None = None) -> bytes:
    """The frame, as long as the others, mono. length: None while it is not known; all frames have the same size."""
    version, rate = _RATES[sample_rate]
    kbits = (_MPEG_1_KBITS if version == _MPEG_1 else _OTHER_KBITS).index(bit_rate // 1000)
    header = bytes((0xFF, 0xE0 | version << 3 | 0b011, kbits << 4 | rate << 2, 0b11 << 6))  # layer III, no CRC, mono
    side = bytes(17 if version == _MPEG_1 else 9)
    size = frame_samples(sample_rate) // 8 * bit_rate // sample_rate
    frame = header + side + _xing(length, size) + _lame(sample_rate, bit_rate, length, size)
    frame += struct.pack(">H", _crc16(frame))
    assert len(frame) <= size
    return frame.ljust(size, b"\0")


def _xing(length: Length | None, size: int) -> bytes:
    if length is None:
        return b"Info" + struct.pack(">I", 0)
    contents = bytes(index * 256 // 100 for index in range(100))  # even, as all frames are equally long
    return b"Info" + struct.pack(">III100sI", _ALL_FIELDS, length.frames, length.frame_bytes + size, contents, 0)


def _lame(sample_rate: int, bit_rate: int, length: Length | None, size: int) -> bytes:
    padding = 0 if length is None else length.frames * frame_samples(sample_rate) - DELAY - length.samples
    delays = DELAY << 12 | min(max(padding, 0), _MAX_12_BITS)
    return (
        _NAME
        + bytes((_CBR, 0))  # method; the low-pass is not told
        + bytes(8)  # peak and gains: not told
        + bytes((0, bit_rate // 1000))
        + delays.to_bytes(3, "big")
        + bytes(4)  # noise shaping, gain, preset
        + struct.pack(">IH", 0 if length is None else length.frame_bytes + size, 0)
    )


def _crc16(data: bytes) -> int:
    """CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
