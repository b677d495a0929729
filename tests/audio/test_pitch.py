import numpy as np
import pytest

from tests.support.audio import tone
from tts_server.audio.pitch import PitchShifter
from tts_server.engine import Samples

RATE = 24000


def shifted(samples: Samples, semitones: float, size: int, duration: float = 1.0) -> Samples:
    shifter = PitchShifter(RATE, semitones, duration)
    parts = [shifter.feed(samples[at : at + size]) for at in range(0, len(samples), size)]
    return np.concatenate([*parts, shifter.flush()])


@pytest.mark.parametrize("semitones", [-4.0, -0.5, 1.3, 3.0])
@pytest.mark.parametrize("duration", [0.9, 1.0, 1.25])
def test_pitch_and_length_change_as_asked_for(semitones: float, duration: float) -> None:
    samples = tone(2.0, RATE, 200.0)
    after = shifted(samples, semitones, 4800, duration)
    assert len(after) == round(len(samples) * duration)
    middle = after[RATE // 2 : RATE // 2 + RATE]
    heard = np.fft.rfftfreq(len(middle), 1 / RATE)[np.abs(np.fft.rfft(middle)).argmax()]
    assert heard == pytest.approx(200 * 2 ** (semitones / 12), abs=2)
    assert np.std(middle) == pytest.approx(np.std(samples), rel=0.1)


@pytest.mark.parametrize("size", [1, 317, 4801])
def test_any_chunks_give_the_same_samples(size: int) -> None:
    samples = np.random.default_rng(5).normal(0, 0.1, 6000).astype(np.float32)
    assert np.array_equal(shifted(samples, 2.0, size, 1.1), shifted(samples, 2.0, len(samples), 1.1))


def test_very_short_sounds_keep_their_length() -> None:
    for length in (0, 1, 10, 500):
        assert len(shifted(np.full(length, 0.1, np.float32), 2.0, 100)) == length
