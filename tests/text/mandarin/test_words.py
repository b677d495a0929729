"""Mandarin words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.text.mandarin.words import cut, has_light_er

HAN = st.text(st.sampled_from("一二三十百万亿点分之第年月日个儿里这那本书小老王李花园地走了的我们零两半"), max_size=24)


def words(text: str) -> list[str]:
    return [token.text for token in cut(text)]


@given(HAN)
def test_words_make_up_the_text(text: str) -> None:
    tokens = cut(text)
    assert "".join(token.text for token in tokens) == text
    assert [token.start for token in tokens[1:]] == [token.end for token in tokens[:-1]]
    assert all(token.end - token.start == len(token.text) > 0 for token in tokens)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("圆周率约三点一四一五九", "三点一四一五九"), ("二零二六年", "二零二六"), ("分机八零一二", "八零一二"),
        ("占百分之三十五点六", "百分之三十五点六"), ("有三分之二的人", "三分之二"), ("打幺二三零六", "幺二三零六"),
        ("约一点五万人", "一点五万"), ("二十三点五十九分", "二十三"),
    ],
)  # fmt: skip
def test_a_number_is_one_word(text: str, number: str) -> None:
    assert number in words(text)


@pytest.mark.parametrize("word", ["五四运动", "百万富翁", "十二生肖", "千万别"])
def test_a_word_that_holds_a_number_stays(word: str) -> None:
    assert words(word) == [word]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("花园儿里有花", ["花园儿", "里", "有", "花"]), ("小王和小李", ["小王", "和", "小李"]),
        ("他头也不回地走了", ["他", "头", "也", "不", "回", "地", "走", "了"]),
    ],
)  # fmt: skip
def test_what_was_cut_amiss_is_put_right(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("word", ["花园儿", "小孩儿", "墙根儿", "冰棍儿", "玩儿"])
def test_a_light_er_is_told(word: str) -> None:
    assert has_light_er(word)


@pytest.mark.parametrize("word", ["女儿", "婴儿", "新生儿", "幸运儿", "孩儿", "儿", "幼儿", "孙儿", "儿童"])
def test_a_child_is_no_light_er(word: str) -> None:
    assert not has_light_er(word)
