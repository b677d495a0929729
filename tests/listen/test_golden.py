"""The voices sound as they did when the figures were written: `make listen`, then `python -m tests.listen.golden`."""

import json
from typing import Final

import pytest

from tests.listen.acoustics import Figures
from tests.listen.golden import GOLDEN, SAID, measured

# How far a figure may move before somebody has to listen: other processors round differently, and so do newer packages.
TOLERANCES: Final = {"seconds": 0.05, "lufs": 0.7, "final_st": 0.8, "end_db": 1.0, "pauses_s": 0.08}
WORST_CUT_DB: Final = -35.0  # the last 12.5 ms before a silence, below the loudest
WRITTEN: Final[dict[str, dict[str, float]]] = json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found() -> dict[str, Figures]:
    return measured()


def test_the_figures_are_those_that_were_written(found: dict[str, Figures]) -> None:
    assert list(found) == list(WRITTEN) == [" ".join(said) for said in SAID]
    moved = [
        f"{name}: {key} was {WRITTEN[name][key]:.2f}, is {getattr(has, key):.2f}"
        for name, has in found.items()
        for key, tolerance in TOLERANCES.items()
        if abs(getattr(has, key) - WRITTEN[name][key]) > tolerance
    ]
    assert not moved


def test_no_clause_is_cut_off(found: dict[str, Figures]) -> None:
    assert {name: has.cut_db for name, has in found.items() if has.cut_db > WORST_CUT_DB} == {}


def test_marks_are_heard(found: dict[str, Figures]) -> None:
    stop, rising, particle, loud, trailing = (
        found[f"baker neutral 你明天上班{end}"] for end in ("。", "？", "吗？", "！", "……")
    )
    assert rising.final_st - stop.final_st >= 1.5
    assert particle.final_st != stop.final_st
    assert loud.end_db - stop.end_db >= 1.5
    assert trailing.end_db - stop.end_db <= -1.5
