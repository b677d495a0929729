"""Everyday sentences that were written before the rules they test were tuned."""

import pytest

from tests.text.cases import GOLDEN
from tts_server.cli.frontend import analyse

MAY_BE_WRONG = {
    "everyday.tsv": 0,
    "everyday_second.tsv": 0,
    "everyday_third.tsv": 0,
    "relatives.tsv": 0,
    "relatives_second.tsv": 0,
    "relatives_third.tsv": 0,
    "relatives_fourth.tsv": 0,
}


def said(text: str) -> str:
    """Pinyin of all syllables, and what is said in English, between slashes."""
    found: list[str] = []
    for run in (run for sentence in analyse(text) for run in sentence.runs):
        spoken = [s.pinyin for s in run.syllables]
        found += spoken if run.language == "zh" else ["/" + run.text.lower().strip("，。,.!? ") + "/"]
    return " ".join(found)


def wrong(name: str = "everyday.tsv") -> list[str]:
    """The sentences of a set that are not said as expected."""
    lines = (GOLDEN / name).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if "\t" in line]
    return [text for text, expected in rows if said(text.replace("\\n", "\n")) != expected]


@pytest.mark.parametrize("name", MAY_BE_WRONG)
def test_nearly_all_are_said_as_people_do(name: str) -> None:
    found = wrong(name)
    assert len(found) <= MAY_BE_WRONG[name], found
