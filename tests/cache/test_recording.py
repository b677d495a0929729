"""What is kept of a spoken segment comes back as it was, or not at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.audio.pcm import to_s16le
from tts_server.cache.recording import Piece, Recording
from tts_server.engine import AudioChunk, Timing

KEY = "0123456789abcdef"
PLACES = tuple(range(102))
samples = st.lists(st.integers(-32768, 32767), max_size=200).map(lambda values: np.array(values, "<i2").tobytes())
timings = st.builds(Timing, *(st.integers(0, 100) for _ in range(4)))
pieces = st.builds(Piece, samples, st.just(24000), st.lists(timings, max_size=3).map(tuple))
recordings = st.builds(Recording, st.lists(pieces, max_size=4).map(tuple), st.floats(0, 2e9))


@given(recordings)
def test_a_recording_survives_its_bytes(recording: Recording) -> None:
    stored = recording.to_bytes(KEY)
    kept = Recording.from_bytes(KEY, stored)
    assert kept.made_at == recording.made_at
    assert [piece.seconds for piece in kept.pieces] == [piece.seconds for piece in recording.pieces]
    for mine, theirs in zip(recording.pieces, kept.pieces, strict=True):
        assert np.array_equal(theirs.chunk(PLACES).samples, mine.chunk(PLACES).samples)
        assert theirs.chunk(PLACES).timings == mine.chunk(PLACES).timings
    assert kept.to_bytes(KEY) == stored


@given(recordings, st.data())
def test_one_changed_bit_is_noticed(recording: Recording, data: st.DataObject) -> None:
    stored = bytearray(recording.to_bytes(KEY))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ValueError, match="digest"):
        Recording.from_bytes(KEY, bytes(stored))


@given(recordings, st.data())
def test_a_torn_file_is_noticed(recording: Recording, data: st.DataObject) -> None:
    stored = recording.to_bytes(KEY)
    with pytest.raises(ValueError, match="digest"):
        Recording.from_bytes(KEY, stored[: data.draw(st.integers(0, len(stored) - 1))])


def test_a_recording_under_another_name_is_not_believed() -> None:
    stored = Recording((Piece(b"\1\0", 8000),)).to_bytes(KEY)
    with pytest.raises(ValueError, match="digest"):
        Recording.from_bytes("another", stored)


def test_speech_takes_less_room_than_its_samples() -> None:
    time_s = np.arange(24000) / 24000
    voiced = 0.2 * np.sin(2 * np.pi * 200 * time_s) * np.sin(2 * np.pi * 2 * time_s)
    piece = Piece(to_s16le(voiced.astype(np.float32)), 24000)
    assert len(Recording((piece,)).to_bytes(KEY)) < 0.7 * len(piece.pcm)


def test_timings_are_placed_where_the_segment_stands_in_its_text() -> None:
    chunk = AudioChunk(np.zeros(8, np.float32), 8000, (Timing(0, 1, 0, 4), Timing(1, 2, 4, 8), Timing(2, 2, 8, 8)))
    offsets = (10, 19, 20)  # a tag stood between the two signs
    assert Piece.of(chunk).chunk(offsets).timings == (
        Timing(10, 11, 0, 4),
        Timing(19, 20, 4, 8),
        Timing(20, 20, 8, 8),
    )
