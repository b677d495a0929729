"""English forms that were reported of other programs, and relatives, said by an English voice."""

import pytest

from tests.text.cases import GOLDEN, heard
from tts_server.cli.frontend import analyse

ROWS = [line.split("\t") for line in (GOLDEN / "english_reported.tsv").read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_an_english_voice_says_it_in_english(text: str, expected: str) -> None:
    runs = [run for sentence in analyse(text, "en") for run in sentence.runs]
    assert {run.language for run in runs} == {"en"}
    assert heard(" ".join(run.text for run in runs)) in [heard(one) for one in expected.split("|")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12.6 kWh", "十二点六千瓦时"),
        ("850 ppm", "八百五十"),
        ("54 dB", "五十四分贝"),
        ("15 min", "十五分钟"),
        ("1013.2 hPa", "一千零一十三点二百帕"),
    ],
)
def test_a_mandarin_voice_says_measures_in_mandarin(text: str, said: str) -> None:
    assert "".join(sentence.normalised for sentence in analyse(text)).replace(" ", "").startswith(said)


def test_a_letter_is_said_by_its_name_and_an_article_is_not() -> None:
    words = [
        word
        for text in ("A cat.", "The AC is on.", "A座")
        for s in analyse(text)
        for run in s.runs
        for word in run.words
    ]
    assert [word.phones for word in words if word.text == "A"] == ["AH0", "EY1", "EY1"]
