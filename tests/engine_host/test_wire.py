"""What goes over the link comes out as it was."""

import asyncio
import io
import json
from dataclasses import asdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.engines import voice
from tts_server.engine import AudioChunk, Timing
from tts_server.engine_host import framing, wire
from tts_server.text.linguistic.segment import Pause, Reading, SayAs, Segment, Style
from tts_server.text.linguistic.utterance import Prosody

SPANS = (Style(0, 2, Prosody("happy", 0.5, 1.1, -2, 3)), Pause(1, 300), Reading(0, 1, "ni3"), SayAs(1, 2, "digits"))


@given(st.text(max_size=50), st.binary(max_size=200))
def test_a_message_survives_the_wire_read_blocking_and_read_async(text: str, payload: bytes) -> None:
    sent = framing.encode({"type": "open", "text": text}, payload)
    assert framing.read(io.BytesIO(sent)) == ({"type": "open", "text": text}, payload)

    async def read() -> tuple[framing.Message, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(sent)
        return await framing.read_async(reader)

    assert asyncio.run(read()) == ({"type": "open", "text": text}, payload)


def test_the_end_of_the_stream_is_none() -> None:
    assert framing.read(io.BytesIO(b"")) is None


def test_a_segment_survives_the_wire() -> None:
    segment = Segment("你好", (0, 3, 4), SPANS)
    assert wire.segment_from_json(json.loads(json.dumps(wire.segment_to_json(segment)))) == segment


def test_a_chunk_survives_the_wire() -> None:
    chunk = AudioChunk(np.float32([0.5, -1.0]), 24000, (Timing(0, 1, 0, 2),))
    header, payload = wire.chunk_to_json(chunk)
    received = wire.chunk_from_json(json.loads(json.dumps(header)), payload)
    np.testing.assert_array_equal(received.samples, chunk.samples)
    assert (received.sample_rate, received.timings) == (24000, chunk.timings)


def test_a_voice_survives_the_wire() -> None:
    sent = voice("tone", "tone", emotion_strengths=(1.0, 0.4, 0.8))
    assert sent.strengths == {"neutral": 1.0, "happy": 0.4, "sad": 0.8}
    assert wire.voice_from_json(json.loads(json.dumps(asdict(sent)))) == sent
