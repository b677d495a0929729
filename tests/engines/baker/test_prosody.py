from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from protocol.emotions import EMOTIONS
from tts_server.engine import Break, Prosody
from tts_server.engines.baker.prosody import (
    F0_LIMITS,
    RAMP_HEADROOM,
    SHORT_END_ENERGY,
    asked_pause_ms,
    changing_over,
    controls,
    pause_seconds,
    shape_durations,
    shape_energy,
    shape_f0,
)
from tts_server.presets import PRESETS

EMOTIONAL = [name for name in PRESETS if name != "neutral"]
INTENSITIES = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0)
F0 = np.array([0.2, -0.6, 1.1, 0.4, -1.4, 0.9, 0.0, 0.3], np.float32)
DURATIONS = np.array([4.0, 8.2, 6.6, 10.1, 5.4, 9.3, 7.7, 6.0], np.float32)


def f0_for(prosody: Prosody) -> NDArray[np.float32]:
    return shape_f0(F0, DURATIONS, [controls(prosody)] * len(F0))


def test_the_presets_have_canonical_names_and_neutral_is_first() -> None:
    assert next(iter(PRESETS)) == "neutral"
    assert set(PRESETS) <= set(EMOTIONS)
    assert len(PRESETS) == 9


@pytest.mark.parametrize(
    "prosody", [Prosody(), Prosody("sad", 0.0), Prosody("neutral", 2.0), Prosody("disgust")], ids=str
)
def test_what_asks_for_nothing_changes_nothing(prosody: Prosody) -> None:
    wild = np.array([-4.0, -2.5, 0.0, 3.0], np.float32)  # also what is out of the limits
    wanted = [controls(prosody)] * 4
    assert np.allclose(shape_f0(wild, np.ones(4, np.float32), wanted), wild, atol=1e-6)
    assert np.array_equal(shape_energy(wild, wanted)[:3], wild[:3])
    assert shape_durations(np.array([1.4, 2.6, 0.2, 7.5], np.float32), wanted).tolist() == [1, 3, 0, 8]
    assert controls(prosody).gain == controls(prosody).tilt == 0


@pytest.mark.parametrize("emotion", EMOTIONAL)
@pytest.mark.parametrize("control", ["f0", "f0_range", "energy", "duration", "tilt", "breath", "ramp", "pause", "gain"])
def test_every_control_moves_one_way_with_intensity(emotion: str, control: str) -> None:
    values = [getattr(controls(Prosody(emotion, k)), control) for k in INTENSITIES]
    steps = [b - a for a, b in pairwise(values)]
    assert all(step >= 0 for step in steps) or all(step <= 0 for step in steps)
    assert (values[3] != values[0]) == (getattr(PRESETS[emotion], control) != getattr(PRESETS["neutral"], control))


@pytest.mark.parametrize(
    ("emotion", "sign"), [("happy", 1), ("surprise", 1), ("fear", 1), ("sad", -1), ("serious", -1)]
)
def test_the_register_moves_with_the_emotion(emotion: str, sign: int) -> None:
    means = [float(f0_for(Prosody(emotion, k)).mean()) * sign for k in (0.0, 0.5, 1.0)]
    assert means[0] < means[1] < means[2]


def test_pitch_is_in_semitones() -> None:
    hertz = 252.7 + 55.1 * F0
    raised = 252.7 + 55.1 * f0_for(Prosody(pitch=2.0))
    assert 12 * np.log2(raised[:4] / hertz[:4]) == pytest.approx(2.0, abs=0.01)


def test_a_voice_that_would_break_is_held() -> None:
    for pitch in (-24.0, 24.0):
        held = f0_for(Prosody("surprise", 2.0, pitch=pitch))
        assert held.min() >= F0_LIMITS[0]
        assert held[:2].max() <= F0_LIMITS[1] + 0.1
        assert held.max() <= F0_LIMITS[1] + RAMP_HEADROOM


@pytest.mark.parametrize("intensity", [-1.0, 5.0, 1e9])
def test_intensity_beyond_its_range_counts_as_its_end(intensity: float) -> None:
    assert controls(Prosody("angry", intensity)) == controls(Prosody("angry", 0.0 if intensity < 0 else 2.0))


@pytest.mark.parametrize("speed", [0.6, 0.8, 1.25, 1.6, 2.0])
def test_speed_holds_for_the_sum_of_the_durations(speed: float) -> None:
    plain = shape_durations(DURATIONS, [controls(Prosody())] * len(DURATIONS)).sum()
    changed = shape_durations(DURATIONS, [controls(Prosody(speed=speed))] * len(DURATIONS)).sum()
    assert abs(changed - plain / speed) <= 0.5


def test_units_of_one_clause_may_be_said_in_different_ways() -> None:
    wanted = [controls(Prosody())] * 4 + [controls(Prosody("sad", speed=0.5, pitch=-1.0))] * 4
    changed_f0, changed_energy = shape_f0(F0, DURATIONS, wanted), shape_energy(F0, wanted)
    assert np.allclose(changed_f0[:4], F0[:4], atol=1e-6)
    assert (changed_f0[4:] < F0[4:]).sum() >= 3
    assert np.array_equal(changed_energy[:4], F0[:4])
    assert np.allclose(changed_energy[4:7], F0[4:7] + PRESETS["sad"].energy)
    frames = shape_durations(DURATIONS, wanted)
    assert frames[:4].tolist() == [4, 8, 7, 10]
    assert frames[4:].sum() == pytest.approx(np.rint(DURATIONS[4:]).sum() * 2 * PRESETS["sad"].duration, abs=1)


@pytest.mark.parametrize("emotion", PRESETS)
def test_an_emotion_makes_no_silence_louder(emotion: str) -> None:
    predicted = np.array([-1.3, 0.4, 0.1, -0.2, 0.9], np.float32)  # silence, two sounds, silence, end mark
    shaped = shape_energy(predicted, [controls(Prosody(emotion, 2.0))] * 5)
    assert shaped[-2] <= predicted[-2]
    assert shaped[-1] == predicted[0]
    short = shape_energy(predicted, [controls(Prosody(emotion, 2.0))] * 5, is_short_end=True)
    assert short[-2] <= SHORT_END_ENERGY < predicted[-2]
    assert np.array_equal(np.delete(short, 3), np.delete(shaped, 3))


def test_pauses_follow_break_speed_and_emotion() -> None:
    assert pause_seconds(Break.WORD, Prosody()) == 0
    comma, full_stop = (pause_seconds(after, Prosody()) for after in (Break.CLAUSE, Break.SENTENCE))
    assert 0.2 < comma < full_stop < 0.6
    assert pause_seconds(Break.CLAUSE, Prosody(speed=2.0)) == pytest.approx(comma / 2)
    assert pause_seconds(Break.CLAUSE, Prosody("sad")) == pytest.approx(comma * PRESETS["sad"].pause)
    asked = Prosody("sad", speed=2.0, clause_pause_ms=0, sentence_pause_ms=600)
    assert [asked_pause_ms(after, asked) for after in (Break.CLAUSE, Break.SENTENCE, Break.PHRASE)] == [0, 600, None]


def test_the_first_syllables_come_out_of_the_emotion_before() -> None:
    angry, sad = Prosody("angry"), Prosody("sad", 0.8)
    f0 = [control.f0 for control in changing_over([sad] * 5, angry)]
    assert controls(angry).f0 > f0[0] > f0[1] > f0[2] > f0[3] == f0[4] == controls(sad).f0
    assert changing_over([sad] * 5, None) == [controls(sad)] * 5


def test_a_change_of_emotion_is_no_change_of_speed_or_pitch() -> None:
    low, high = Prosody(speed=0.8, pitch=-2.0, volume=-3.0), Prosody("neutral", 0.5, speed=1.5, pitch=2.0)
    assert changing_over([high], low) == [controls(high)]


def test_surprise_ends_high_and_anger_low() -> None:
    frames = np.full(24, 9.0, np.float32)  # longer than the ramp
    flat = np.zeros(24, np.float32)
    for emotion, sign in (("surprise", 1), ("angry", -1)):
        moved = shape_f0(flat, frames, [controls(Prosody(emotion))] * 24)
        assert sign * (moved[-3] - moved[5]) > 0.3
        assert np.allclose(moved[:15], moved[0], atol=1e-6)
