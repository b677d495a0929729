"""The soak's own yardsticks: growth that is there is found, none is found where none is; gaps are told from pauses."""

import time
from pathlib import Path

import numpy as np
import pytest

from tests.soak.player import Player
from tests.soak.record import Record
from tests.soak.slopes import slope


def record(growth: float, pieces: int = 2) -> list[dict[str, float]]:
    """Samples of two days a piece, with noise that lasts for hours."""
    noise = np.random.default_rng(3)
    made = []
    for piece in range(pieces):
        drift = 0.0
        for step in range(720):
            day = 2 * piece + step / 360
            drift = 0.95 * drift + 0.02 * noise.standard_normal()
            made.append({"piece": piece, "day": day, "rss": 100 + 30 * piece + growth * day + drift})
    return made


@pytest.mark.parametrize("growth", [0.0, 3.0, -2.0])
def test_growth_is_found_over_pieces_of_different_heights(growth: float) -> None:
    found = slope(record(growth), "rss")
    assert found is not None
    assert found.lowest < growth < found.highest
    assert found.highest - found.lowest < 1


def test_what_a_day_holds_more_than_a_night_is_no_growth() -> None:
    samples = record(0.0)
    busy = [{**sample, "rss": sample["rss"] + (20 if 7 <= 24 * sample["day"] % 24 < 22 else 0)} for sample in samples]
    quiet, found = slope(samples, "rss"), slope(busy, "rss")
    assert quiet is not None
    assert found is not None
    assert found.lowest < 0 < found.highest
    assert found.highest - found.lowest < 1.5 * (quiet.highest - quiet.lowest)


def test_what_is_too_little_gives_no_slope() -> None:
    assert slope(record(0.0)[:200], "rss") is None


def test_audio_that_comes_too_late_is_a_gap_but_not_behind_a_pause_of_the_text() -> None:
    ran_dry, waited = Player(), Player()
    waited.text_paused_at = time.monotonic()
    for player in (ran_dry, waited):
        player.heard(0.01)
        player._plays_until -= 1  # a second passes
        player.heard(0.5)
        player.heard(0.5)
    assert (len(ran_dry.gaps_s), len(ran_dry.waits_s)) == (1, 0)
    assert (len(waited.gaps_s), len(waited.waits_s)) == (0, 1)


def test_a_record_that_was_cut_off_is_read_to_its_last_whole_line(tmp_path: Path) -> None:
    kept = Record(tmp_path)
    kept.add("samples", piece=0, day=0.5)
    with (tmp_path / "samples.jsonl").open("a") as lines:
        lines.write('{"piece": 1, "d')
    assert kept.lived() == (1, 43_200.0)
