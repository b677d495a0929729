"""What the link carries, as JSON values and bytes: segments, chunks, voices. `framing.py` puts it on the wire."""

from dataclasses import asdict
from typing import Any

import numpy as np

from tts_server.engine import AudioChunk, Timing, Voice
from tts_server.engine_host.framing import Message
from tts_server.text.linguistic.segment import Before, Language, Pause, Reading, SayAs, Segment, Span, Style, Unfinished
from tts_server.text.linguistic.utterance import Prosody

_SPANS: dict[str, type[Span]] = {
    "language": Language,
    "style": Style,
    "pause": Pause,
    "reading": Reading,
    "say_as": SayAs,
    "before": Before,
    "unfinished": Unfinished,
}


def segment_to_json(segment: Segment) -> Message:
    """A segment as JSON values."""
    return {"text": segment.text, "offsets": segment.offsets, "spans": [_span_to_json(span) for span in segment.spans]}


def segment_from_json(message: Message) -> Segment:
    """The reverse of `segment_to_json`."""
    spans = tuple(_span_from_json(dict(span)) for span in message["spans"])
    return Segment(message["text"], tuple(message["offsets"]), spans)


def chunk_to_json(chunk: AudioChunk) -> tuple[Message, bytes]:
    """A chunk as JSON values and its samples as bytes (float32, native order). Raises ValueError, TypeError."""
    samples = np.asarray(chunk.samples, np.float32)
    if not np.isfinite(samples).all():
        raise ValueError("an engine gave samples that are no numbers")
    timings = [(timing.start, timing.end, timing.first_sample, timing.last_sample) for timing in chunk.timings]
    return {"rate": chunk.sample_rate, "timings": timings}, samples.tobytes()


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
            "emotion_strengths": tuple(message["emotion_strengths"]),
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
