"""The 16 bytes before the audio in a binary message (framing `header16`), and how to read them."""

import struct
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

VERSION: Final = 1
AUDIO: Final = 1  # the only kind of frame so far; clients skip the others
HEADER: Final = struct.Struct("!BBHIII")
_MASK_32: Final = 0xFFFFFFFF


class FrameFlags(IntFlag):
    """What is special about a frame."""

    NONE = 0
    FIRST = 0x01  # of its segment
    LAST = 0x02  # of its segment
    DISCONTINUITY = 0x04  # samples before it are missing
    CACHED = 0x08
    SETUP = 0x10  # the payload sets the codec up, it holds no sound


class FrameInvalid(ValueError):
    """A binary message that is no frame of ours."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of a context's audio."""

    ch: int  # the context's channel, from `opened`
    seq: int  # 0, 1, 2, … within the context
    segment: int
    pts: int  # of the first sample, in samples from the context's start, modulo 2^32
    payload: bytes
    flags: FrameFlags = FrameFlags.NONE
    kind: int = AUDIO

    def pack(self) -> bytes:
        """The binary message."""
        return (
            HEADER.pack(
                *(VERSION << 4 | self.kind, self.flags, self.ch),
                *(self.seq & _MASK_32, self.segment & _MASK_32, self.pts & _MASK_32),
            )
            + self.payload
        )

    @classmethod
    def parse(cls, message: bytes) -> "Frame":
        """The frame in a binary message. Raises FrameInvalid; unknown kinds and flags are kept as they are."""
        if len(message) < HEADER.size:
            raise FrameInvalid(f"a frame has {HEADER.size} bytes at least, this one {len(message)}")
        first, flags, ch, seq, segment, pts = HEADER.unpack_from(message)
        if first >> 4 != VERSION:
            raise FrameInvalid(f"the frame has version {first >> 4}; known is {VERSION}")
        return cls(ch, seq, segment, pts, message[HEADER.size :], FrameFlags(flags), first & 0x0F)
