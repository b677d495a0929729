import numpy as np
import pytest

from tests.support.audio import tone
from tts_server.audio.spectral_tilt import SpectralTilt
from tts_server.engine import Samples

RATE = 24000


def coloured(samples: Samples, size: int, gain: float = 0.0, tilt: float = 0.0, breath: float = 0.0) -> Samples:
    colour = SpectralTilt(RATE, gain, tilt, breath)
    return np.concatenate([colour.feed(samples[at : at + size]) for at in range(0, len(samples), size)])


@pytest.mark.parametrize("size", [1, 100, 4801])
def test_any_chunks_give_the_samples_of_the_whole(size: int) -> None:
    samples = np.random.default_rng(1).uniform(-0.4, 0.4, 9000).astype(np.float32)
    whole = coloured(samples, len(samples), 2.0, -4.0, 0.5)
    assert np.abs(coloured(samples, size, 2.0, -4.0, 0.5) - whole).max() < 1e-6


@pytest.mark.parametrize("tilt", [-6.0, 5.0])
def test_a_tilt_leaves_low_sounds_and_changes_high_ones(tilt: float) -> None:
    low, high = tone(1.0, RATE, 60.0, 0.1), tone(1.0, RATE, 6000.0, 0.1)
    for samples, expected in ((low, 0.0), (high, tilt)):
        after = coloured(samples, 2400, tilt=tilt)[2000:]
        assert 20 * np.log10(np.std(after) / np.std(samples[2000:])) == pytest.approx(expected, abs=0.9)


def test_no_colour_changes_nothing_and_nothing_clips() -> None:
    samples = tone(0.5, RATE)
    assert np.array_equal(coloured(samples, 1000), samples)
    assert np.abs(coloured(tone(0.5, RATE, peak=0.9), 1000, 20.0, 8.0, 1.0)).max() <= 1.0
    assert len(SpectralTilt(RATE, 1.0, 1.0, 1.0).feed(samples[:0])) == 0
