"""The mood of sentences, judged by written cases; the second half of them was set aside while the rules were made."""

from pathlib import Path

import pytest

from protocol.emotions import EMOTIONS
from tts_server.markup.mood import NO_MOOD, Mood, MoodFollower, mood_of

CASES = Path(__file__).parent / "mood_cases.tsv"


def cases() -> dict[str, list[tuple[str, str]]]:
    """(mood, sentence) by part: "made" and "held out"."""
    parts: dict[str, list[tuple[str, str]]] = {}
    part: list[tuple[str, str]] = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            part = parts.setdefault(line[2:], [])
        else:
            mood, _, sentence = line.partition("\t")
            part.append((mood, sentence))
    return {name: rows for name, rows in parts.items() if rows}


def precision_and_recall(rows: list[tuple[str, str]]) -> tuple[float, float]:
    found = [(wanted, mood_of(sentence).emotion) for wanted, sentence in rows]
    right = sum(wanted == told != "neutral" for wanted, told in found)
    return right / sum(told != "neutral" for _, told in found), right / sum(wanted != "neutral" for wanted, _ in found)


def test_there_are_enough_cases_and_half_of_them_were_set_aside() -> None:
    counts = {name: len(rows) for name, rows in cases().items()}
    assert set(counts) == {"made", "held out"}
    assert sum(counts.values()) >= 150
    assert counts["held out"] >= sum(counts.values()) / 2
    assert {mood for rows in cases().values() for mood, _ in rows} <= set(EMOTIONS)


@pytest.mark.parametrize("part", ["made", "held out"])
def test_a_mood_that_is_told_is_right_and_most_are_told(part: str) -> None:
    precision, recall = precision_and_recall(cases()[part])
    assert precision >= 0.95
    assert recall >= 0.75


def test_an_exclamation_makes_a_mood_plainer() -> None:
    assert mood_of("我很难过。") == Mood("sad", 1.0) or mood_of("我很难过。") == Mood("sad", 0.7)
    assert mood_of("我好难过！") == Mood("sad", 1.0)


def test_a_long_sentence_takes_little_time_and_any_text_has_a_mood() -> None:
    assert mood_of("好" * 100_000) == NO_MOOD
    assert mood_of("") == NO_MOOD
    assert mood_of("\ud800!?[") == NO_MOOD


def test_the_rest_of_a_sentence_keeps_the_mood_of_its_beginning() -> None:
    follower = MoodFollower()
    assert follower.mood_of("太好了，").emotion == "happy"
    assert follower.mood_of("你回来了！").emotion == "happy"
    assert follower.mood_of("门在左边。") == NO_MOOD
