import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.audio import chunked, together, tone
from tts_server.audio.resample import Resampler, resampled
from tts_server.engine import Timing

RATES = (8000, 16000, 22050, 24000, 44100, 48000)


def at_once(samples: np.ndarray, rate_in: int, rate_out: int) -> np.ndarray:
    resampler = Resampler(rate_in, rate_out)
    return np.concatenate([resampler.feed(samples), resampler.flush()])


@settings(max_examples=40)
@given(
    st.sampled_from(RATES),
    st.sampled_from(RATES),
    st.lists(st.integers(0, 3000), max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_any_cutting_gives_the_same_samples(rate_in: int, rate_out: int, sizes: list[int], seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, sum(sizes)).astype(np.float32)
    resampler = Resampler(rate_in, rate_out)
    bounds = np.cumsum(sizes[:-1]) if sizes else []
    parts = [resampler.feed(part) for part in np.split(samples, bounds)]
    streamed = np.concatenate([*parts, resampler.flush()])
    assert len(streamed) == round(len(samples) * rate_out / rate_in)
    np.testing.assert_allclose(streamed, at_once(samples, rate_in, rate_out), atol=1e-6)


def test_equal_rates_change_nothing() -> None:
    samples = tone(0.1, 24000)
    chunks = chunked(samples, 24000, 480, (Timing(0, 1, 0, 900),))
    assert list(resampled(chunks, 24000)) == chunks


@pytest.mark.parametrize(("rate_in", "rate_out"), [(24000, 16000), (16000, 24000), (24000, 48000), (22050, 24000)])
def test_a_tone_stays_the_same_tone(rate_in: int, rate_out: int) -> None:
    made = at_once(tone(0.5, rate_in, hertz=440), rate_in, rate_out)
    inner = slice(rate_out // 50, -rate_out // 50)
    assert np.abs(made - tone(0.5, rate_out, hertz=440))[inner].max() < 2e-3


def test_the_delay_is_known_and_short() -> None:
    resampler = Resampler(24000, 16000)
    delays = []
    for chunk in chunked(tone(1.0, 24000), 24000, 480):
        resampler.feed(chunk.samples)
        delays.append(resampler.delay_s)
    assert 0 <= max(delays) < 0.05
    resampler.flush()
    assert resampler.delay_s == pytest.approx(0, abs=1 / 16000)


def test_timings_follow_the_audio() -> None:
    samples = np.concatenate([np.zeros(12000, np.float32), tone(0.5, 24000)])
    made = list(resampled(chunked(samples, 24000, 480, (Timing(3, 5, 12000, 24000),)), 16000))
    assert [timing for chunk in made for timing in chunk.timings] == [Timing(3, 5, 8000, 16000)]
    onset = int(np.flatnonzero(np.abs(together(made)) > 0.02)[0])
    assert abs(onset - 8000) < 20
    assert all(len(chunk.samples) and chunk.sample_rate == 16000 for chunk in made)
