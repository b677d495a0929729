"""A context's samples cut into frames, and a frame as the message of each framing. Pure."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from protocol.answers import AudioText
from protocol.frames import Frame, FrameFlags
from protocol.messages import Framing
from tts_server.audio.pcm import BYTES_PER_SAMPLE, to_s16le
from tts_server.engine import Samples

FRAMINGS: Final[tuple[Framing, ...]] = ("header16", "raw", "base64")


@dataclass(frozen=True, slots=True)
class Sound:
    """A frame on its way, with its place in the context's audio in samples."""

    frame: Frame
    position: int
    samples: int


class Framer:
    """Cuts the segments of one context into frames of equal length; the last one of a segment is shorter."""

    def __init__(self, ch: int, frame_samples: int) -> None:
        self._ch = ch
        self._frame_bytes = BYTES_PER_SAMPLE * frame_samples
        self._waiting = bytearray()
        self._seq = 0
        self.segment = 0  # the one that frames belong to now
        self._is_first = True
        self.position = 0  # of the next frame, in samples

    def begin(self, segment: int) -> None:
        """What follows belongs to this segment."""
        self.segment = segment
        self._is_first = True

    def feed(self, samples: Samples) -> Iterator[Sound]:
        """The frames that are whole with samples (N,). One frame at most is held back: it may be the last."""
        self._waiting += to_s16le(samples)
        while len(self._waiting) > self._frame_bytes:
            yield self._take(self._frame_bytes, FrameFlags.NONE)

    def end(self) -> Iterator[Sound]:
        """The last frame of the segment, unless it has no samples."""
        if self._waiting:
            yield self._take(len(self._waiting), FrameFlags.LAST)

    def _take(self, size: int, flags: FrameFlags) -> Sound:
        payload = bytes(self._waiting[:size])
        del self._waiting[:size]
        flags |= FrameFlags.FIRST if self._is_first else FrameFlags.NONE
        sound = Sound(
            Frame(self._ch, self._seq, self.segment, self.position, payload, flags),
            self.position,
            size // BYTES_PER_SAMPLE,
        )
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
