"""A context's samples cut into frames, and a frame as the message of each framing. Pure."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from protocol.answers import AudioText
from protocol.fields import Framing
from protocol.frames import Frame, FrameFlags
from tts_server.audio.opus import OpusEncoder
from tts_server.audio.pcm import to_s16le
from tts_server.engine import Samples

FRAMINGS: Final[tuple[Framing, ...]] = ("header16", "raw", "base64")


class Coder(Protocol):
    """Samples of one frame to its payload."""

    @property
    def tail_samples(self) -> int | None:
        """Silence that must follow the last sample; None: frames may be shorter than others."""

    def prepare(self, samples: Samples) -> NDArray[Any]:
        """Samples (N,) as `encode` takes them. Cheaper for many at a time than frame by frame."""

    def died_away(self, prepared: NDArray[Any], count: int) -> NDArray[Any]:
        """One frame of which the first `count` samples fall to nothing, and nothing follows."""

    def encode(self, prepared: NDArray[Any]) -> bytes:
        """The payload of one frame's samples (N,). Frames are given in the order in which they are sent, each once."""


class PcmCoder:
    """16-bit little-endian PCM."""

    tail_samples: int | None = None

    def prepare(self, samples: Samples) -> NDArray[Any]:
        """int16 (N,)."""
        return np.frombuffer(to_s16le(samples), "<i2")

    def died_away(self, prepared: NDArray[Any], count: int) -> NDArray[Any]:
        """Cut there: a frame may be short."""
        return np.rint(_fallen(prepared[:count])).astype("<i2")

    def encode(self, prepared: NDArray[Any]) -> bytes:
        """The samples themselves."""
        return prepared.tobytes()


class OpusCoder:
    """One Opus packet a frame."""

    def __init__(self, sample_rate: int, frame_ms: int, bitrate: int) -> None:
        self._encoder = OpusEncoder(sample_rate, frame_ms, bitrate)
        self.tail_samples: int | None = self._encoder.delay_samples  # or the last sounds stay in the encoder

    def prepare(self, samples: Samples) -> NDArray[Any]:
        """As they are."""
        return samples

    def died_away(self, prepared: NDArray[Any], count: int) -> NDArray[Any]:
        """A packet is always whole."""
        return np.pad(_fallen(prepared[:count]).astype(np.float32), (0, len(prepared) - min(count, len(prepared))))

    def encode(self, prepared: NDArray[Any]) -> bytes:
        """The packet."""
        return self._encoder.encode(prepared)


@dataclass(frozen=True, slots=True)
class Sound:
    """A frame on its way, with its place in the context's audio in samples.

    It is coded when it is sent: what a codec's next packet holds depends on the packets before it, and after a stop
    another one comes next than was thought.
    """

    frame: Frame
    position: int
    samples: int
    coder: Coder
    prepared: NDArray[Any] | None  # None: it is coded

    def coded(self) -> "Sound":
        """With its payload."""
        if self.prepared is None:
            return self
        return replace(self, frame=replace(self.frame, payload=self.coder.encode(self.prepared)), prepared=None)

    def died_away(self, count: int) -> "Sound | None":
        """The frame with `count` samples that fall to nothing, the last one of its segment; None if it is coded."""
        if self.prepared is None:
            return None
        prepared = self.coder.died_away(self.prepared, count)
        frame = replace(self.frame, flags=self.frame.flags | FrameFlags.LAST)
        return replace(self, frame=frame, samples=len(prepared), prepared=prepared)


def _fallen(samples: NDArray[Any]) -> NDArray[np.float64]:
    fallen: NDArray[np.float64] = samples * np.cos((np.arange(len(samples)) + 1) / len(samples) * (np.pi / 2)) ** 2
    return fallen


class Framer:
    """Cuts the segments of one context into frames of equal length; the last one of a segment may be shorter."""

    def __init__(self, ch: int, frame_samples: int, coder: Coder) -> None:
        self._ch = ch
        self._frame_samples = frame_samples
        self._coder = coder
        self._waiting = coder.prepare(np.zeros(0, np.float32))  # one frame at most: it may be the segment's last
        self._seq = 0
        self._flags = FrameFlags.NONE  # of all frames of the segment
        self.segment = 0  # the one that frames belong to now
        self._is_first = True
        self.position = 0  # of the next frame, in samples
        self.segment_position = 0  # of the segment's first frame

    @property
    def is_holding(self) -> bool:
        """Whether samples wait for the end."""
        return len(self._waiting) > 0

    def begin(self, segment: int, is_cached: bool = False) -> None:
        """What follows belongs to this segment."""
        self._flags = FrameFlags.CACHED if is_cached else FrameFlags.NONE
        self.segment, self.segment_position = segment, self.position
        self._is_first = True

    def feed(self, samples: Samples) -> Iterator[Sound]:
        """The frames that are whole with samples (N,). One frame at most is held back: it may be the last."""
        size, start = self._frame_samples, 0
        ready = np.concatenate([self._waiting, self._coder.prepare(samples)])
        while len(ready) - start > size:
            yield self._frame(ready[start : start + size], FrameFlags.NONE)
            start += size
        self._waiting = ready[start:].copy()  # what has gone is not kept

    def end(self) -> Iterator[Sound]:
        """The rest of the segment."""
        rest, self._waiting = self._waiting, self._waiting[:0]
        tail, size = self._coder.tail_samples, self._frame_samples
        if tail is not None and not (self._is_first and not len(rest)):
            frames = -(-(len(rest) + tail) // size)
            rest = np.pad(rest, (0, frames * size - len(rest)))
        for start in range(0, len(rest), size):
            is_last = start + size >= len(rest)
            yield self._frame(rest[start : start + size], FrameFlags.LAST if is_last else FrameFlags.NONE)

    def _frame(self, samples: NDArray[Any], flags: FrameFlags) -> Sound:
        flags |= self._flags | (FrameFlags.FIRST if self._is_first else FrameFlags.NONE)
        frame = Frame(self._ch, self._seq, self.segment, self.position, b"", flags)
        sound = Sound(frame, self.position, len(samples), self._coder, samples)
        self._is_first = False
        self._seq += 1
        self.position += sound.samples
        return sound


def as_message(frame: Frame, ctx: str, framing: Framing) -> bytes | str:
    """The frame as a binary or a text message."""
    match framing:
        case "header16":
            return frame.pack()
        case "raw":
            return frame.payload
        case "base64":
            place = {"ctx": ctx, "ch": frame.ch, "seq": frame.seq, "segment": frame.segment, "pts": frame.pts}
            data = base64.b64encode(frame.payload).decode()
            return AudioText.model_validate({**place, "flags": int(frame.flags), "data": data}).to_json()
