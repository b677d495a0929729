import numpy as np
import pytest

from tests.support.audio import chunked, together, tone
from tts_server.audio.level import KNEE, active_level_dbfs, match_level, soft_limit

RATE = 24000


def test_the_level_of_a_full_scale_sine_is_minus_three() -> None:
    assert active_level_dbfs(tone(1.0, RATE, peak=1.0), RATE) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("pause_s", [0.0, 0.5, 5.0])
def test_pauses_do_not_change_the_level(pause_s: float) -> None:
    pause = 1e-4 * np.random.default_rng(0).standard_normal(round(pause_s * RATE)).astype(np.float32)
    speech = tone(2.0, RATE, peak=0.1)
    level = active_level_dbfs(np.concatenate([speech, pause, speech]), RATE)
    assert level == pytest.approx(-23.01, abs=0.1)


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.float32), np.zeros(0, np.float32), tone(1.0, RATE, peak=1e-4)])
def test_silence_has_no_level(samples: np.ndarray) -> None:
    assert active_level_dbfs(samples, RATE) == -np.inf


def test_audio_is_made_louder_by_the_gain_asked() -> None:
    quiet = tone(1.0, RATE, peak=0.05)
    louder = together(match_level(chunked(quiet, RATE, 700), 6.0))
    assert len(louder) == len(quiet)
    assert active_level_dbfs(louder, RATE) - active_level_dbfs(quiet, RATE) == pytest.approx(6.0, abs=0.01)


def test_what_would_be_too_loud_stays_within_full_scale_in_order() -> None:
    ramp = np.linspace(-10, 10, 4001, dtype=np.float32)
    limited = soft_limit(ramp)
    assert np.abs(limited).max() <= 1.0
    assert np.all(np.diff(limited) >= 0)
    assert np.array_equal(limited[np.abs(ramp) <= KNEE], ramp[np.abs(ramp) <= KNEE])
    assert np.abs(np.diff(limited)).max() <= np.diff(ramp).max() * 1.001


def test_the_limiter_does_not_pump() -> None:
    """A loud moment leaves what comes after it as it is."""
    quiet = tone(0.5, RATE, peak=0.1)
    loud = tone(0.1, RATE, peak=3.0)
    after = together(match_level(chunked(np.concatenate([loud, quiet]), RATE, 480), 0.0))[len(loud) :]
    assert np.array_equal(after, quiet)


@pytest.mark.parametrize("size", [1, 480, 100_000])
def test_chunk_sizes_do_not_change_the_result(size: int) -> None:
    loud = tone(0.05, RATE, peak=0.9)
    whole = together(match_level(chunked(loud, RATE, len(loud)), 3.0))
    assert np.array_equal(together(match_level(chunked(loud, RATE, size), 3.0)), whole)
