"""A spoken segment as it is kept: its chunks as 16-bit PCM, with timings, and the bytes that hold it on a disk.

The bytes: a digest of all that follows and of the key it is kept under, a JSON header, the chunks' samples one by one,
so that the first can be heard before the others are unpacked. The samples are second differences, low and high bytes
apart, deflated: as small as FLAC within a tenth, and the daemon does without the 44 MB that FLAC's library would take.
"""

import json
import struct
import time
import zlib
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final

import numpy as np

from tts_server.audio.pcm import from_s16le, to_s16le
from tts_server.audio.wav import BYTES_PER_SAMPLE
from tts_server.engine import AudioChunk, Timing

FORMAT: Final = b"tts-segment-2"
_DIGEST_BYTES: Final = 16
_LENGTH: Final = struct.Struct("!I")
_DEFLATE_LEVEL: Final = 1  # higher levels gain 2 % and take three times as long


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk as it was made. Every listener gets the same one, whether it was made for him or long ago."""

    pcm: bytes  # s16le
    sample_rate: int  # Hz
    timings: tuple[Timing, ...] = ()  # start and end: code points of the segment's text

    @classmethod
    def of(cls, chunk: AudioChunk) -> "Piece":
        """What is kept of a chunk."""
        return cls(to_s16le(chunk.samples), chunk.sample_rate, chunk.timings)

    @property
    def samples(self) -> int:
        """How many there are."""
        return len(self.pcm) // BYTES_PER_SAMPLE

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.samples / self.sample_rate

    def without(self, samples: int, known: int) -> "Piece":
        """What is left behind so many samples; timings before the segment's sample `known` were told already."""
        timings = tuple(timing for timing in self.timings if timing.first_sample >= known)
        return replace(self, pcm=self.pcm[BYTES_PER_SAMPLE * samples :], timings=timings)

    @property
    def size(self) -> int:
        """Bytes of memory, nearly."""
        return _size(self.pcm, self.timings)

    def packed(self) -> "PackedPiece":
        """The same in less room."""
        return PackedPiece(_packed(self.pcm), self.samples, self.sample_rate, self.timings)

    def chunk(self, offsets: tuple[int, ...]) -> AudioChunk:
        """The chunk for a segment with these offsets into its client's text."""
        return AudioChunk(from_s16le(self.pcm), self.sample_rate, tuple(_moved(t, offsets) for t in self.timings))


@dataclass(frozen=True, slots=True)
class PackedPiece:
    """A piece as it comes from the disk; unpacked each time it is heard."""

    deflated: bytes
    samples: int
    sample_rate: int  # Hz
    timings: tuple[Timing, ...] = ()  # as in `Piece`

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return self.samples / self.sample_rate

    @property
    def size(self) -> int:
        """Bytes of memory, nearly."""
        return _size(self.deflated, self.timings)

    def packed(self) -> "PackedPiece":
        """Itself."""
        return self

    def chunk(self, offsets: tuple[int, ...]) -> AudioChunk:
        """See `Piece.chunk`."""
        return Piece(_unpacked(self.deflated), self.sample_rate, self.timings).chunk(offsets)


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole segment, spoken."""

    pieces: tuple[Piece | PackedPiece, ...]
    made_at: float = field(default_factory=time.time)  # wall clock

    @property
    def size(self) -> int:
        """Bytes of memory, nearly."""
        return sum(piece.size for piece in self.pieces)

    def to_bytes(self, key: str) -> bytes:
        """As it is stored under the key."""
        pieces = [piece.packed() for piece in self.pieces]
        header = {
            "made_at": self.made_at,
            "rate": pieces[0].sample_rate if pieces else 0,
            "samples": [piece.samples for piece in pieces],
            "sizes": [len(piece.deflated) for piece in pieces],
            "timings": [[(t.start, t.end, t.first_sample, t.last_sample) for t in piece.timings] for piece in pieces],
        }
        head = json.dumps(header, separators=(",", ":")).encode("ascii")
        body = _LENGTH.pack(len(head)) + head + b"".join(piece.deflated for piece in pieces)
        return _digest(key, body) + body

    @classmethod
    def from_bytes(cls, key: str, stored: bytes) -> "Recording":
        """The reverse of `to_bytes`. Raises ValueError when a bit is not as it was, or it belongs to another key."""
        body = stored[_DIGEST_BYTES:]
        if stored[:_DIGEST_BYTES] != _digest(key, body):
            raise ValueError("the digest does not fit")
        at = _LENGTH.size + _LENGTH.unpack_from(body)[0]
        header, pieces = json.loads(body[_LENGTH.size : at]), []
        for samples, size, timings in zip(header["samples"], header["sizes"], header["timings"], strict=True):
            told = tuple(Timing(*timing) for timing in timings)
            pieces.append(PackedPiece(body[at : at + size], samples, header["rate"], told))
            at += size
        return cls(tuple(pieces), header["made_at"])


def _size(samples: bytes, timings: tuple[Timing, ...]) -> int:
    return len(samples) + 100 + 100 * len(timings)


def _digest(key: str, body: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST_BYTES, person=FORMAT, key=key.encode("ascii")[:64]).digest()


def _packed(pcm: bytes) -> bytes:
    """Deflated second differences: speech changes slowly, so most high bytes are 0."""
    samples = np.frombuffer(pcm, "<i2")
    change = np.diff(np.diff(samples, prepend=np.int16(0)), prepend=np.int16(0))  # wraps, and unwraps again
    zigzag = ((change << 1) ^ (change >> 15)).astype("<u2")
    return zlib.compress(zigzag.view(np.uint8).reshape(-1, 2).T.tobytes(), _DEFLATE_LEVEL)


def _unpacked(packed: bytes) -> bytes:
    low, high = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(2, -1)
    zigzag = (high.astype(np.uint16) << 8) | low
    change = ((zigzag >> 1) ^ (0 - (zigzag & 1))).astype(np.int16)
    samples: bytes = np.cumsum(np.cumsum(change, dtype=np.int16), dtype=np.int16).astype("<i2").tobytes()
    return samples


def _moved(timing: Timing, offsets: tuple[int, ...]) -> Timing:
    """From the segment's text to the client's; an end hugs its last character, so markup stays outside."""
    start = end = offsets[timing.start]
    if timing.start < timing.end:
        end = min(offsets[timing.end], offsets[timing.end - 1] + 1)
    return Timing(start, end, timing.first_sample, timing.last_sample)
