"""Units of Sambert."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tts_server.engine import Break, Prosody, Run, Syllable, Word
from tts_server.engines.sambert.units.symbols import STREAMS, encode, from_string, table_sizes, to_string, units

GOLDEN = Path(__file__).parents[3] / "golden" / "sambert"
CASES = json.loads((GOLDEN / "frontend_cases.json").read_text("utf-8"))
SPEAKERS = ("F7", "F74", "FBYN", "FRXL", "M7", "xiaoyu")
LEVELS = {"#0": 0, " ": 1, "#1": 1, "/": 2, "#2": 2, "%": 3, "#3": 3, "#4": 4}


def annotated(prosody_text: str, pinyin: str) -> Iterator[Run]:
    """Runs as the front end would make them, from text with break marks and its pinyin; each word is a run."""
    sounds = re.findall(r"[A-Z][A-Z0-9 .]*[A-Z0-9]|[a-z]+[0-9]+", pinyin)
    for written, mark in re.findall(r"([^#/% 。？]+)(#[0-4]|[ /%]|$)", prosody_text):
        level = Break(LEVELS.get(mark, 4))
        if written.isascii():
            yield Run("en", written, 0, 1, (Word(written, 0, 1, phones=sounds.pop(0)),), break_after=level)
            continue
        count = len(written.replace("儿", "")) + written.startswith("儿")
        if "儿" in written and "er2" in sounds[: len(written)]:
            count = len(written)
        syllables = tuple(Syllable("字", sound, sound, 0, 1) for sound in sounds[:count])
        del sounds[:count]
        yield Run("zh", written, 0, 1, (), syllables, break_after=level)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["prosody_text"]))
def test_annotated_text_gives_the_published_units_and_ids(case: dict[str, Any]) -> None:
    made = units(list(annotated(case["prosody_text"], case["pinyin"])), speaker="F7", emotion_on_breaks=True)
    assert to_string(made) == case["symbols"]
    ids = encode(made, SPEAKERS)
    assert {stream: ids[:, column].tolist() for column, stream in enumerate(STREAMS)} == {
        stream: numbers[:-1]
        for stream, numbers in case["ids"].items()  # the last one is the end symbol, which the model never sees
    }
    assert from_string(case["symbols"])[0].sy == made[0].sy


def test_the_tables_are_as_large_as_the_published_ones() -> None:
    assert list(table_sizes(SPEAKERS).values()) == [147, 10, 8, 8, 36, 9]


def test_marks_carry_no_emotion_unless_asked_to_and_ends_are_ends() -> None:
    happy = Prosody(emotion="happy")
    syllables = (Syllable("好", "hao3", "hao3", 0, 1, Break.SENTENCE), Syllable("吗", "ma5", "ma5", 1, 2))
    runs = [Run("zh", "好。吗", 0, 2, (), syllables, happy, Break.CLAUSE)]
    marks = [unit for unit in units(runs, speaker="F7") if unit.is_break]
    assert [(mark.sy, mark.emotion) for mark in marks] == [("#3", "emotion_none"), ("#4", "emotion_none")]
    assert {unit.emotion for unit in units(runs, speaker="F7", emotion_on_breaks=True)} == {"emotion_happy"}


def test_units_know_where_their_syllable_stands() -> None:
    runs = [Run("zh", "花儿", 3, 5, (), (Syllable("花儿", "huar1", "huar1", 3, 5),), break_after=Break.SENTENCE)]
    assert [(unit.sy, unit.start, unit.end) for unit in units(runs, speaker="F7")] == [
        ("h_c", 3, 5), ("uar_c", 3, 5), ("#4", 3, 5),
    ]  # fmt: skip


def test_punctuation_parts_english_words() -> None:
    words = (Word("Hello", 0, 5, phones="HH AH0 . L OW1"), Word("I", 7, 8, phones="AY1"))
    run = Run("en", "Hello, I", 0, 8, words, break_after=Break.WORD)
    made = units([run], speaker="F7")
    assert [unit.sy for unit in made] == ["hh", "ah", "l", "ow", "#3", "ay", "#4"]
    assert (made[5].syllable_flag, made[5].word_segment, made[5].tone) == ("s_both", "word_both", "tone1")


def test_nothing_to_say_gives_no_units() -> None:
    assert units([], speaker="F7") == []
    assert encode([], SPEAKERS).shape == (0, 6)


def test_what_a_voice_does_not_have_is_refused() -> None:
    made = units([Run("zh", "好", 0, 1, (), (Syllable("好", "hao3", "hao3", 0, 1),))], speaker="F9")
    with pytest.raises(ValueError, match="F9"):
        encode(made, SPEAKERS)
    with pytest.raises(ValueError, match="Korean"):
        encode(made, ("F9",), language="Korean")
    with pytest.raises(ValueError, match="six fields"):
        from_string("{a$b}")
