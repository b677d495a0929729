"""The link's wire: JSON header + raw payload, each with its length before it. Both ends are ours, of one version."""

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, BinaryIO

import numpy as np

from tts_server.engine import AudioChunk, Timing, Voice
from tts_server.text.linguistic.segment import Before, Language, Pause, Reading, SayAs, Segment, Span, Style, Unfinished
from tts_server.text.linguistic.utterance import Prosody

_LENGTHS = struct.Struct("!II")
_SPANS: dict[str, type[Span]] = {
    "language": Language,
    "style": Style,
    "pause": Pause,
    "reading": Reading,
    "say_as": SayAs,
    "before": Before,
    "unfinished": Unfinished,
}
Message = dict[str, Any]


def encode(message: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One message as bytes."""
    header = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return _LENGTHS.pack(len(header), len(payload)) + header + payload


def read(stream: BinaryIO) -> tuple[Message, bytes] | None:
    """The next message, blocking; None at the end of the stream."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_length, payload_length = _LENGTHS.unpack(lengths)
    return json.loads(stream.read(header_length)), stream.read(payload_length)


async def read_async(stream: asyncio.StreamReader) -> tuple[Message, bytes]:
    """The next message. Raises IncompleteReadError at the end of the stream."""
    header_length, payload_length = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
    return json.loads(await stream.readexactly(header_length)), await stream.readexactly(payload_length)


def segment_to_json(segment: Segment) -> Message:
    """A segment as JSON values."""
    return {"text": segment.text, "offsets": segment.offsets, "spans": [_span_to_json(span) for span in segment.spans]}


def segment_from_json(message: Message) -> Segment:
    """The reverse of `segment_to_json`."""
    spans = tuple(_span_from_json(dict(span)) for span in message["spans"])
    return Segment(message["text"], tuple(message["offsets"]), spans)


def chunk_to_json(chunk: AudioChunk) -> tuple[Message, bytes]:
    """A chunk as JSON values and its samples as bytes (float32, native order)."""
    timings = [(timing.start, timing.end, timing.first_sample, timing.last_sample) for timing in chunk.timings]
    return {"rate": chunk.sample_rate, "timings": timings}, np.asarray(chunk.samples, np.float32).tobytes()


def chunk_from_json(message: Message, payload: bytes) -> AudioChunk:
    """The reverse of `chunk_to_json`."""
    timings = tuple(Timing(*timing) for timing in message["timings"])
    return AudioChunk(np.frombuffer(payload, np.float32), message["rate"], timings)


def voice_from_json(message: Message) -> Voice:
    """A voice from `dataclasses.asdict` and JSON."""
    return Voice(
        **{
            **message,
            "speaks": tuple(message["speaks"]),
            "emotions": tuple(message["emotions"]),
            "by_signal": tuple(message["by_signal"]),
        }
    )


def _span_to_json(span: Span) -> Message:
    kind = next(kind for kind, cls in _SPANS.items() if isinstance(span, cls))
    return {"kind": kind, **asdict(span)}


def _span_from_json(message: Message) -> Span:
    cls: Any = _SPANS[message.pop("kind")]
    if "prosody" in message:
        message["prosody"] = Prosody(**message["prosody"])
    span: Span = cls(**message)
    return span
