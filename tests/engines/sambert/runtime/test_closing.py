import numpy as np
import pytest

from tts_server.engines.sambert.runtime.closing import FADE_S, QUIET_FRAMES, Closing, End, faded, levels_of, risen

RATE = 16_000
SPEECH, DECAY, SILENCE = [-10.0] * 20, [-20.0, -30.0, -45.0, -58.0], [-90.0] * 16


def test_the_last_sound_is_kept_until_it_is_quiet() -> None:
    levels = np.array(SPEECH + DECAY + SILENCE)
    assert Closing(20, 40).end(levels) == End(24 + QUIET_FRAMES, QUIET_FRAMES)
    assert Closing(30, 40).end(levels) == End(30, 6)
    assert Closing(40, 40).end(levels) == End(40, 16)


def test_frames_that_end_while_loud_are_told() -> None:
    levels = np.array(SPEECH + DECAY)
    assert not Closing(20, 24).end(np.array(SPEECH + DECAY[:3] + [-70.0])).is_loud
    assert Closing(20, 24).end(levels).is_loud
    assert Closing(20, 22).end(levels) == End(22, 0)
    assert not Closing(0, 0).end(np.zeros(0)).is_loud


def test_levels_follow_the_loudest_bands() -> None:
    mel = np.zeros((3, 80), np.float32)
    mel[1, 5:13] = 1.0
    before, here, after = levels_of(mel)
    assert here - before == pytest.approx(16.0)
    assert before == after


@pytest.mark.parametrize("size", [100, 333, 4000])
def test_a_loud_end_dies_away_whatever_the_chunks(size: int) -> None:
    loud = np.ones(4000, np.float32)
    whole = faded(loud, 0, 4000, RATE)
    parts = [faded(loud[at : at + size], at, 4000, RATE) for at in range(0, 4000, size)]
    assert np.array_equal(np.concatenate(parts), whole)
    fade = round(FADE_S * RATE)
    assert np.array_equal(whole[:-fade], loud[:-fade])
    assert (np.diff(whole[-fade:]) < 0).all()
    assert whole[-1] < 1e-6


def test_a_loud_start_rises_and_a_quiet_one_is_left_alone() -> None:
    loud, quiet = np.ones(800, np.float32), np.linspace(0, 1, 800, dtype=np.float32)
    assert risen(loud, RATE)[0] < 0.02
    assert np.array_equal(risen(loud, RATE)[80:], loud[80:])
    assert risen(quiet, RATE) is quiet
