"""How much of the golden cases is right, whole sets at a time."""

import pytest

from tests.text import report

IN_SIGHT = ("frontend_cases.tsv", "frontend_more_cases.tsv", "frontend_reported.tsv")
SETS = [name for name in report.SETS if name not in IN_SIGHT]


@pytest.mark.parametrize("name", SETS)
def test_sentences_and_readings_nobody_tuned_for_are_right(name: str) -> None:
    said = [
        report.heard(report.normalised(text)) in [report.heard(one) for one in expected.split("|")]
        for kind, text, expected in report.rows(name)
        if kind != "poly"
    ]
    read = [
        report.ours(text).get(int(pair.partition(":")[0])) in pair.partition(":")[2].split("/")
        for kind, text, expected in report.rows(name)
        if kind == "poly"
        for pair in expected.split()
    ]
    assert sum(said) >= 0.95 * len(said)
    assert sum(read) >= 0.95 * len(read)
