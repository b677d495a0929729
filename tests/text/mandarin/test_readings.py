"""Readings of polyphones."""

import pytest

from tests.text.cases import golden, segment
from tts_server.text.frontend import analyse
from tts_server.text.mandarin import readings


@pytest.mark.parametrize(("text", "expected"), golden("poly"))
def test_golden_sentences_are_read_as_expected(text: str, expected: str) -> None:
    found = {syllable.start: syllable.pinyin for run in analyse(segment(text)).runs for syllable in run.syllables}
    for pair in expected.split():
        at, _, pinyin = pair.partition(":")
        assert found[int(at)] in pinyin.split("/"), f"{text[int(at)]} at {at} in {text}"


def test_rare_characters_have_a_reading_and_unknown_ones_none() -> None:
    lexicon = readings.load()
    assert lexicon.usual("㐀") == "qiu1"
    assert lexicon.usual("龘") == "da2"
    assert lexicon.usual("a") == ""
    assert readings.load() is lexicon
