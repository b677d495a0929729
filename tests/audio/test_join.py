import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.audio import CLICK, chunked, click, together, tone
from tts_server.audio.join import EdgeTrimmer, Joiner, trim_edges
from tts_server.engine import Timing

RATE = 24000


def quiet(seconds: float) -> np.ndarray:
    """The silence of a neural voice: noise at -80 dBFS."""
    return (1e-4 * np.random.default_rng(1).standard_normal(round(seconds * RATE))).astype(np.float32)


def joined(pieces: list[np.ndarray], size: int) -> np.ndarray:
    joiner = Joiner(RATE)
    parts = []
    for piece in pieces:
        parts += [joiner.feed(piece[at : at + size]) for at in range(0, len(piece), size)]
        parts.append(joiner.end_piece())
    return np.concatenate(parts)


@pytest.mark.parametrize("phase", [0.0, 0.8, np.pi / 2, 2.5])
def test_a_join_in_the_middle_of_sound_does_not_click(phase: float) -> None:
    first, second = tone(0.2137, RATE, 180), tone(0.2, RATE, 260, phase=phase)
    plain = np.concatenate([first, second])
    assert click(joined([first, second], 480), len(first)) <= 1.0
    if phase == np.pi / 2:
        assert click(plain, len(first)) > CLICK  # the measure hears the click that the joiner takes away


@given(st.integers(1, 700), st.lists(st.integers(1, 900), min_size=1, max_size=4))
def test_joining_keeps_every_sample_in_its_place(size: int, lengths: list[int]) -> None:
    pieces = [tone(length / RATE, RATE, 333, phase=1.0) for length in lengths]
    whole = np.concatenate(pieces)
    made = joined(pieces, size)
    assert len(made) == len(whole)
    assert np.array_equal(made, joined(pieces, 10_000))
    assert np.all(np.abs(made) <= np.abs(whole) + 1e-7)


def test_quiet_edges_are_left_exactly_as_they_are() -> None:
    pieces = [np.concatenate([quiet(0.02), tone(0.1, RATE), quiet(0.02)]) for _ in range(2)]
    assert np.array_equal(joined(pieces, 480), np.concatenate(pieces))


def test_the_joiner_holds_back_five_milliseconds() -> None:
    joiner = Joiner(RATE)
    assert joiner.delay_samples == 120
    assert len(joiner.feed(tone(0.1, RATE))) == 2400 - 120
    assert joiner.position == 2400


@pytest.mark.parametrize("size", [1, 100, 480, 100_000])
@pytest.mark.parametrize(("lead_s", "trail_s"), [(0.3, 0.4), (0.01, 0.02), (0.0, 0.0), (1.5, 0.9)])
def test_long_silence_at_the_edges_is_cut_to_forty_milliseconds(lead_s: float, trail_s: float, size: int) -> None:
    sound = np.concatenate([tone(0.1, RATE, phase=1.0), quiet(0.3), tone(0.1, RATE, phase=1.0)])
    made = together(trim_edges(chunked(np.concatenate([quiet(lead_s), sound, quiet(trail_s)]), RATE, size)))
    expected = [quiet(lead_s)[max(0, round(lead_s * RATE) - 960) :], sound, quiet(trail_s)[:960]]
    np.testing.assert_array_equal(made, np.concatenate(expected))


def test_an_end_that_is_to_stay_stays() -> None:
    piece = np.concatenate([quiet(0.3), tone(0.1, RATE), quiet(0.3)])
    for lead_s, trail_s, length in [
        (None, 0.04, 7200 + 2400 + 960),
        (0.04, None, 960 + 2400 + 7200),
        (None, None, 16800),
    ]:
        made = together(trim_edges(chunked(piece, RATE, 480), lead_s, trail_s))
        assert abs(len(made) - length) <= 4  # the tone's own zero crossings


def test_sound_is_not_held_back() -> None:
    trimmer = EdgeTrimmer(RATE)
    trimmer.feed(quiet(0.3))
    sound = tone(0.1, RATE, phase=1.0)
    assert len(trimmer.feed(sound)) >= 960 + len(sound) - 4


def test_silence_is_held_back_for_a_bounded_time() -> None:
    trimmer = EdgeTrimmer(RATE, max_hold_s=0.5)
    trimmer.feed(tone(0.1, RATE))
    given_out = sum(len(trimmer.feed(quiet(0.1))) for _ in range(20))
    assert given_out >= round(1.5 * RATE)


def test_a_piece_without_sound_vanishes() -> None:
    assert list(trim_edges(chunked(quiet(0.5), RATE, 480))) == []
    assert list(trim_edges([])) == []


def test_timings_move_with_the_sound() -> None:
    piece = np.concatenate([quiet(0.3), tone(0.2, RATE, phase=1.0), quiet(0.3)])
    timings = (Timing(0, 1, 0, 8000), Timing(1, 2, 8400, 12000), Timing(2, 3, 12100, 19200))
    made = list(trim_edges(chunked(piece, RATE, 480, timings)))
    length = len(together(made))
    moved = [timing for chunk in made for timing in chunk.timings]
    assert moved == [
        Timing(0, 1, 0, 8000 - 6240),
        Timing(1, 2, 8400 - 6240, 12000 - 6240),
        Timing(2, 3, 12100 - 6240, length),
    ]
