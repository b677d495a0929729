import numpy as np
import pytest
from scipy.signal import resample_poly

from tts_server.audio.limiter import CEILING, Limiter, limited
from tts_server.engine import AudioChunk, Timing

RATE = 24_000


def speech_like(seconds: float = 1.0, level: float = 0.5) -> np.ndarray:
    """Noise in bursts, with the fall of a voice's spectrum."""
    random = np.random.default_rng(0)
    noise = np.convolve(random.standard_normal(round(seconds * RATE)), [0.25, 0.5, 0.25], "same")
    swell = np.abs(np.sin(np.arange(len(noise)) / RATE * 2 * np.pi * 3)) ** 3
    return (noise * swell * level).astype(np.float32)


def through(samples: np.ndarray, size: int, ceiling: float = CEILING) -> np.ndarray:
    limiter = Limiter(RATE, ceiling)
    parts = [limiter.feed(samples[at : at + size]) for at in range(0, len(samples), size)]
    return np.concatenate([*parts, limiter.flush()])


def true_peak_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.abs(resample_poly(samples.astype(np.float64), 8, 1)).max()))


@pytest.mark.parametrize("gain_db", [0, 6, 12, 18])
def test_true_peaks_stay_below_one_decibel_under_full_scale(gain_db: float) -> None:
    samples = speech_like() * np.float32(10 ** (gain_db / 20))
    held = through(samples, 3000)
    assert true_peak_db(samples) > -1  # without the limiter
    assert -3 < true_peak_db(held) < -1
    assert len(held) == len(samples)


@pytest.mark.parametrize("frequency", [5990.0, 8000.0, 997.0])
def test_peaks_between_the_samples_count(frequency: float) -> None:
    tone = np.sin(2 * np.pi * frequency * (np.arange(RATE) + 0.5) / RATE).astype(np.float32)
    tone *= np.hanning(RATE).astype(np.float32) * np.float32(1.3)
    assert true_peak_db(through(tone, 1000)) < -1


@pytest.mark.parametrize("size", [1, 7, 50, 333, 4096])
def test_any_chunks_give_the_same_bytes(size: int) -> None:
    samples = speech_like(0.4, 1.0)
    assert through(samples, size).tobytes() == through(samples, len(samples)).tobytes()


def test_what_is_below_the_ceiling_passes_unchanged() -> None:
    samples = speech_like(level=0.1)
    assert through(samples, 480).tobytes() == samples.tobytes()
    loud = samples.copy()
    loud[12_000:12_010] = 0.99
    held = through(loud, 480)
    changed = np.flatnonzero(held != loud)
    assert 0 < len(changed) < 0.03 * RATE
    assert abs(changed - 12_000).max() < 0.015 * RATE


def test_the_gain_moves_softly() -> None:
    steady = np.full(RATE, 0.5, np.float32)
    steady[12_000] = 1.7
    gain = through(steady, 480) / steady
    assert np.abs(np.diff(gain)).max() < 0.015
    assert gain[12_000] == pytest.approx(CEILING / 1.7, abs=0.01)


def test_chunks_keep_their_timings_and_the_end_is_not_lost() -> None:
    samples = speech_like(0.5, 1.0)
    chunks = [
        AudioChunk(samples[:5000], RATE, (Timing(0, 1, 100, 4000),)),
        AudioChunk(samples[5000:5020], RATE, (Timing(1, 2, 5010, 9000),)),
        AudioChunk(samples[5020:], RATE),
    ]
    given = list(limited(chunks, 6.0))
    assert [timing for chunk in given for timing in chunk.timings] == [
        timing for chunk in chunks for timing in chunk.timings
    ]
    together = np.concatenate([chunk.samples for chunk in given])
    assert together.tobytes() == through(samples * np.float32(10 ** (6 / 20)), len(samples)).tobytes()
    assert list(limited([])) == []
