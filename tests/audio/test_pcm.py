import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.audio.pcm import from_s16le, silence, to_s16le, wav_bytes
from tts_server.audio.wav import wav_header


@given(st.lists(st.integers(-32768, 32767)))
def test_bytes_turned_into_samples_and_back_are_the_same_bytes(values: list[int]) -> None:
    pcm = np.asarray(values, "<i2").tobytes()
    assert to_s16le(from_s16le(pcm)) == pcm


def test_what_is_too_loud_is_clipped_and_never_wraps() -> None:
    loud = np.asarray([1.0, 1.5, 40000.0, np.inf, -1.0, -2.0, -np.inf], np.float32)
    assert np.frombuffer(to_s16le(loud), "<i2").tolist() == [32767] * 4 + [-32768] * 3


def test_a_sample_that_is_no_number_is_silence() -> None:
    assert to_s16le(np.asarray([np.nan], np.float32)) == b"\0\0"


def test_samples_are_rounded_to_the_nearest_step() -> None:
    steps = np.asarray([0.4, 0.6, -0.4, -0.6, 1.4], np.float32) / 32768
    assert np.frombuffer(to_s16le(steps), "<i2").tolist() == [0, 1, 0, -1, 1]


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        from_s16le(b"\0\0\0")


@pytest.mark.parametrize(("seconds", "count"), [(0.1, 2400), (0.0, 0), (-1.0, 0), (1 / 24000, 1)])
def test_silence_lasts_as_long_as_asked(seconds: float, count: int) -> None:
    assert silence(seconds, 24000).tolist() == [0.0] * count


def test_a_wav_file_is_read_by_the_standard_library() -> None:
    samples = np.linspace(-1, 1, 1001, dtype=np.float32)
    with wave.open(io.BytesIO(wav_bytes(samples, 22050))) as read:
        assert (read.getframerate(), read.getnchannels(), read.getsampwidth(), read.getnframes()) == (22050, 1, 2, 1001)
        assert read.readframes(1001) == to_s16le(samples)


def test_a_wav_of_unknown_length_is_read_to_its_end() -> None:
    samples = np.linspace(-1, 1, 1001, dtype=np.float32)
    streamed = wav_header(16000) + to_s16le(samples)
    with wave.open(io.BytesIO(streamed)) as read:
        assert read.getframerate() == 16000
        assert read.readframes(10_000) == to_s16le(samples)
