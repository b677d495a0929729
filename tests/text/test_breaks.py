"""Prosodic breaks."""

import pytest

from tests.text.cases import segment
from tts_server.text.breaks import Unit, mark_break, prosodic_breaks
from tts_server.text.frontend import analyse
from tts_server.text.linguistic import Break, Syllable


def syllables(text: str) -> list[Syllable]:
    return [syllable for run in analyse(segment(text)).runs for syllable in run.syllables]


@pytest.mark.parametrize(
    ("mark", "strength"), [("，", 3), ("、", 3), ("：", 3), ("。", 4), ("？”", 4), ("“", 0), ("·", 0), ("；", 3)]
)
def test_marks_make_breaks(mark: str, strength: int) -> None:
    assert mark_break(mark) == strength


def test_punctuation_and_the_end_make_strong_breaks() -> None:
    found = syllables("你好，世界。再见")
    assert [s.break_after for s in found if s.break_after >= Break.CLAUSE] == [3, 4, 4]
    assert [s.punctuation for s in found if s.punctuation] == ["，", "。"]
    assert syllables("今天很好，")[-1].break_after == Break.CLAUSE


def test_prosodic_words_are_short_and_particles_lean_on_what_is_before() -> None:
    found = syllables("我们的老师正在教室里看一本很厚的书")
    length = 0
    for syllable in found:
        length += 1
        if syllable.break_after:
            assert length <= 5
            length = 0
    assert next(s for s in found if s.char == "们").break_after == Break.NONE


def test_a_long_clause_falls_into_phrases() -> None:
    found = syllables("中国科学院计算技术研究所的研究人员昨天在北京发布了最新的人工智能芯片")
    sizes, length = [], 0
    for syllable in found:
        length += 1
        if syllable.break_after >= Break.PHRASE:
            sizes.append(length)
            length = 0
    assert len(sizes) >= 4
    assert max(sizes) <= 12
    assert min(sizes) >= 2


def test_a_short_clause_has_no_phrase_break() -> None:
    assert all(s.break_after < Break.PHRASE for s in syllables("今天天气很好")[:-1])


def test_there_is_one_break_for_each_word() -> None:
    assert prosodic_breaks([]) == []
    assert prosodic_breaks([Unit("好", "a", 1)]) == [Break.NONE]
    assert len(prosodic_breaks([Unit("好的", "a", 2)] * 500)) == 500
