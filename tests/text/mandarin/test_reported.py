"""What was reported of other programs, and relatives: readings, the tones of 一, and what is heard."""

import pytest

from tests.text.cases import heard, reported
from tts_server.cli.frontend import analyse


@pytest.mark.parametrize(("text", "expected"), reported("poly"))
def test_polyphones_are_read_as_people_do(text: str, expected: str) -> None:
    runs = [run for sentence in analyse(text) for run in sentence.runs]
    found = {syllable.start: syllable.pinyin for run in runs for syllable in run.syllables}
    for pair in expected.split():
        at, _, pinyin = pair.partition(":")
        assert found.get(int(at)) in pinyin.split("/"), f"{text[int(at)]} at {at} in {text}"


@pytest.mark.parametrize(("text", "expected"), reported("yi"))
def test_yi_counts_or_stands_in_a_row(text: str, expected: str) -> None:
    runs = [run for sentence in analyse(text) for run in sentence.runs]
    spoken = [syllable.spoken for run in runs for syllable in run.syllables if syllable.char[0] == "一"]
    assert spoken[0 if text[0] == "一" else -1] in expected.split("/")


@pytest.mark.parametrize(("text", "expected"), reported("tn"))
def test_written_forms_are_heard_as_people_say_them(text: str, expected: str) -> None:
    said = "".join(sentence.normalised for sentence in analyse(text))
    assert heard(said) in [heard(one) for one in expected.split("|")]
