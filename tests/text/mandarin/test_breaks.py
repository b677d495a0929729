"""Prosodic breaks."""

from itertools import pairwise

import pytest

from tests.text.cases import GOLDEN, golden, segment
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.utterance import Break, Syllable
from tts_server.text.mandarin.breaks import Unit, mark_break, prosodic_breaks

AT_LEAST = {"|": Break.WORD, "/": Break.PHRASE}
NUMERALS = "零一二三四五六七八九十百千"


def syllables(text: str) -> list[Syllable]:
    return [syllable for run in analyse(segment(text)).runs for syllable in run.syllables]


def marked() -> list[str]:
    return [line for line in (GOLDEN / "frontend_breaks.tsv").read_text("utf-8").splitlines() if line[:1] not in "#"]


def stretches(text: str, strength: Break) -> list[str]:
    """The text between breaks of at least this strength."""
    found = [""]
    for syllable in syllables(text):
        found[-1] += syllable.char
        if syllable.break_after >= strength:
            found.append("")
    return [stretch for stretch in found if stretch]


@pytest.mark.parametrize("line", marked())
def test_breaks_are_where_speakers_make_them_and_nowhere_else(line: str) -> None:
    text, wanted = "", {}
    for sign in line:
        if sign in "|/_":
            wanted[len(text)] = sign
        else:
            text += sign
    found = {syllable.end: syllable.break_after for syllable in syllables(text)}
    for at, sign in wanted.items():
        strength = found.get(at, Break.NONE)
        fits = strength == Break.NONE if sign == "_" else strength >= AT_LEAST[sign]
        assert fits, f"{text[:at]}{sign}{text[at:]} has {strength!r}"


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


@pytest.mark.parametrize("text", [text for text, _ in golden("")])
def test_no_break_falls_inside_a_word(text: str) -> None:
    for run in analyse(segment(text)).runs:
        for word in run.words:
            assert all(syllable.break_after == Break.NONE for syllable in run.syllables[word.first : word.last - 1])


@pytest.mark.parametrize(
    "text", ["共3456人", "有1208个", "卖98.75元", "占百分之37.5", "第265次", "约2万5千人", "剩3分之2"]
)
def test_numbers_stay_whole(text: str) -> None:
    found = syllables(text)
    for left, right in pairwise(found):
        if left.char in NUMERALS and right.char in NUMERALS:
            assert left.break_after == Break.NONE


def test_only_a_very_long_number_has_a_seam_and_only_after_its_myriads() -> None:
    assert stretches("有1234567人", Break.WORD) == ["有一百二十三万", "四千五百六十七人"]


@pytest.mark.parametrize("text", [text for text, _ in golden("poly")])
def test_particles_never_begin_a_prosodic_word(text: str) -> None:
    for run in analyse(segment(text)).runs:
        for left, right in pairwise(run.syllables):
            if right.pinyin in ("de5", "le5", "zhe5", "men5", "ma5", "ne5"):
                assert left.break_after in (Break.NONE, Break.CLAUSE, Break.SENTENCE) or left.punctuation


LONG = [
    "中国科学院计算技术研究所的研究人员昨天在北京发布了最新的人工智能芯片",
    "随着社会的不断发展人们的生活水平和居住条件都有了很大的提高和改善",
    "经过三个多小时的谈判双方终于在今天凌晨就贸易问题达成了初步协议",
]


@pytest.mark.parametrize("text", LONG)
def test_a_long_clause_falls_into_phrases_of_like_length(text: str) -> None:
    sizes = [len(stretch) for stretch in stretches(text, Break.PHRASE)]
    assert 4 <= len(sizes) <= 7
    assert min(sizes) >= 3
    assert max(sizes) <= 13
    assert max(map(len, stretches(text, Break.WORD))) <= 13


@pytest.mark.parametrize("text", LONG)
def test_nobody_speaks_on_without_a_breath(text: str) -> None:
    assert max(len(stretch) for stretch in stretches(text, Break.CLAUSE)) <= 24


def test_a_short_clause_has_no_phrase_break() -> None:
    assert all(s.break_after < Break.PHRASE for s in syllables("今天天气很好")[:-1])


def test_there_is_one_break_for_each_word() -> None:
    assert prosodic_breaks([]) == []
    assert prosodic_breaks([Unit("好", "a", 1)]) == [Break.NONE]
    assert len(prosodic_breaks([Unit("好的", "a", 2)] * 500)) == 500


def test_a_title_is_said_on_without_a_pause_whatever_its_language() -> None:
    said = analyse(segment("我在看《Friends》第一季。")).runs
    before, title, after = said
    assert (before.language, title.language, after.language) == ("zh", "en", "zh")
    assert before.break_after < Break.CLAUSE
    assert title.break_after < Break.CLAUSE
