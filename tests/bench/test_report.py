"""docs/BENCHMARKS.md: everything that was measured is in it, and what was not is named with its reason."""

import pytest

from tests.bench.report import Measured, Peer, Row, document

PEER = Peer("other-tts", "joe", ("other",), "other.py", ("a", "b", "c"))
BENCH = {
    "box": {"processor": "Test 1", "cores": 2, "system": "Linux", "machine": "x86_64", "python": "3.11"},
    "figures": [{"voice": "baker", "name": "real-time factor", "value": 0.0212, "unit": "CPU s / s", "ratio": 2.1}],
}


def test_a_row_is_made_of_medians() -> None:
    rounds = [[Measured(first, 1.0, 0.2, 2.0, 100.0) for first in (0.1, 0.3, 9.0)] for _ in range(3)]
    row = Row.of(PEER, rounds)
    assert row.first_ms == pytest.approx((300, 300, 300))
    assert row.rtf == pytest.approx(0.1)


def test_all_that_was_measured_is_shown() -> None:
    row = Row(PEER, 0.1, (10.0, 20.0, 30.0), 123.0)
    told = document(BENCH, [row], {"third-tts": "no wheel"}, {"server a": (12.0, 34.0), "server b": "it ended"})
    for wanted in (
        "Test 1, 2 cores",
        "| baker | real-time factor | 0.0212 | CPU s / s |",
        "| other-tts | joe | 0.100 | 10 ms | 20 ms | 30 ms | 123 MiB |",
        "Not measured: third-tts (no wheel).",
        "| server a | 12 ms | 34 ms |",
        "| server b | it ended | |",
    ):
        assert wanted in told
