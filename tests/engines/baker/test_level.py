import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.baker.conftest import chunk_plan
from tests.support.audio import tone
from tts_server.engine import Samples
from tts_server.engines.baker.level import EMPTY_HISTORY, Curve, apply

RATE, FRAMES = 24000, 80


def curve(
    gain: float | NDArray[np.float64], tilt: float | NDArray[np.float64], breath: float | NDArray[np.float64] = 0.0
) -> Curve:
    return Curve.of_decibels(
        np.broadcast_to(gain, FRAMES), np.broadcast_to(tilt, FRAMES), np.broadcast_to(breath, FRAMES)
    )


def shaped(samples: Samples, how: Curve, sizes: list[int] | None = None) -> Samples:
    history, parts = EMPTY_HISTORY, []
    for start, end in chunk_plan(len(samples), (sizes or [len(samples)])[0], sizes or [len(samples)]):
        part, history = apply(how, samples[start:end], start, history)
        parts.append(part)
    return np.concatenate(parts)


def decibels(after: Samples, before: Samples) -> float:
    """Change of level once the filter has settled."""
    return float(20 * np.log10(np.std(after[1000:]) / np.std(before[1000:])))


@pytest.mark.parametrize("volume", [-20.0, -6.0, 0.0, 6.0])
def test_gain_is_exact_below_the_limit(volume: float) -> None:
    quiet = tone(1.0, RATE)
    assert decibels(shaped(quiet, curve(volume, 0.0)), quiet) == pytest.approx(volume, abs=1e-4)


@pytest.mark.parametrize("tilt", [-5.0, 4.0])
def test_a_tilt_changes_high_sounds_and_leaves_low_ones(tilt: float) -> None:
    low, high = tone(1.0, RATE, 60.0), tone(1.0, RATE, 6000.0)
    assert decibels(shaped(low, curve(0.0, tilt)), low) == pytest.approx(0.0, abs=0.2)
    assert decibels(shaped(high, curve(0.0, tilt)), high) == pytest.approx(tilt, rel=0.15)


def test_nothing_clips() -> None:
    loud = shaped(tone(1.0, RATE, peak=0.9), curve(20.0, 5.0))
    assert np.abs(loud).max() <= 1.0


@pytest.mark.parametrize("sizes", [[1, 50, 3], [127], [300], [4801]], ids=str)
def test_any_chunks_give_the_samples_of_the_whole(sizes: list[int]) -> None:
    samples = np.random.default_rng(3).uniform(-0.5, 0.5, FRAMES * 300).astype(np.float32)
    changing = curve(np.linspace(-10, 3, FRAMES), np.linspace(4, -8, FRAMES), np.linspace(0, 0.3, FRAMES))
    assert np.abs(shaped(samples, changing, sizes) - shaped(samples, changing)).max() < 1e-6


def test_a_change_in_mid_clause_makes_no_step() -> None:
    steady = np.full(FRAMES * 300, 0.2, np.float32)
    changed = shaped(steady, curve(np.repeat([0.0, -12.0], FRAMES // 2), 0.0))
    assert changed[0] == pytest.approx(0.2)
    assert changed[-1] == pytest.approx(0.2 * 10 ** (-12 / 20))
    assert np.abs(np.diff(changed)).max() < 1e-3


def test_breath_is_noise_above_the_voice_that_swells_with_it() -> None:
    voiced = tone(1.0, RATE, 150.0)
    airy = shaped(voiced, curve(0.0, 0.0, 0.2)) - shaped(voiced, curve(0.0, 0.0))
    assert -45 < 20 * np.log10(np.std(airy) / np.std(voiced)) < -25
    silence = np.zeros(FRAMES * 300, np.float32)
    assert not shaped(silence, curve(0.0, 0.0, 1.0)).any()
