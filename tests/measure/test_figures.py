"""Figures of two runs: only ratios are compared, and only a clear change counts."""

import json

import pytest

from tts_server.measure.figures import Figure, compared, to_json

FAST = Figure("baker", "real-time factor", 0.02, "CPU s / s", ratio=2.0)
MANY = Figure("baker", "streams without a stutter", 20, "", ratio=20.0, more_is_better=True)
MEMORY = Figure("", "memory of the daemon", 70.0, "MiB")
BEFORE = json.loads(json.dumps(to_json([FAST, MANY, MEMORY])))


def test_the_same_figures_are_neither_better_nor_worse() -> None:
    changes = compared([FAST, MANY, MEMORY], BEFORE)
    assert [(change.figure.name, change.factor) for change in changes] == [(FAST.name, 1.0), (MANY.name, 1.0)]


@pytest.mark.parametrize(
    ("figure", "is_worse"),
    [
        (Figure("baker", FAST.name, 0.09, "", ratio=2.0), False),  # a slower box, the same ratio
        (Figure("baker", FAST.name, 0.02, "", ratio=2.3), False),  # noise
        (Figure("baker", FAST.name, 0.02, "", ratio=3.0), True),
        (Figure("baker", FAST.name, 0.02, "", ratio=1.0), False),
        (Figure("baker", MANY.name, 15, "", ratio=15.0, more_is_better=True), True),
        (Figure("baker", MANY.name, 40, "", ratio=40.0, more_is_better=True), False),
    ],
)
def test_a_ratio_is_worse_when_it_lost_more_than_noise(figure: Figure, is_worse: bool) -> None:
    (change,) = compared([figure], BEFORE)
    assert change.is_worse is is_worse


def test_what_was_not_measured_then_is_not_compared() -> None:
    assert compared([Figure("heart", FAST.name, 0.02, "", ratio=2.0)], BEFORE) == []


@pytest.mark.parametrize("before", [{}, {"figures": [{}]}, {"figures": 7}])
def test_a_file_of_something_else_is_noticed(before: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        compared([FAST], before)
