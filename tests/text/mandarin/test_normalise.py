"""Written forms to spoken ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.growth import MOST, growth
from tests.text.cases import golden, heard
from tts_server.text.mandarin import grammar
from tts_server.text.mandarin.normalise import normalise

FORMS = st.lists(
    st.sampled_from(
        [*list("0123456789.,:/-~%℃¥$+=年月日号点分个元第 ABkgmv@二到，。"), "2026", "km/h", "电话", "用时", "℃"]
    ),
    max_size=24,
).map("".join)


@pytest.mark.parametrize(("text", "expected"), golden("tn:"))
def test_golden_sentences_are_heard_as_expected(text: str, expected: str) -> None:
    assert heard(normalise(text).text) in [heard(one) for one in expected.split("|")]


def test_without_wetext_own_rules_still_read_nearly_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "load", lambda: None)
    rows = golden("tn:")
    right = [heard(normalise(text).text) in [heard(one) for one in expected.split("|")] for text, expected in rows]
    assert sum(right) >= 0.95 * len(rows)
    assert normalise("重5oz").text == "重五盎司"
    assert normalise("距离3yd").text == "距离三码"


def test_wetext_reads_measures_that_our_tables_lack() -> None:
    assert grammar.say("5yd") == "五码"
    assert grammar.say("5qx") is None


@settings(max_examples=300)
@given(FORMS | st.text(st.characters(), max_size=40))
def test_alignment_covers_every_character_in_order(text: str) -> None:
    aligned = normalise(text)
    assert len(aligned.text) == len(aligned.starts) == len(aligned.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(aligned.starts, aligned.ends, strict=True))
    assert list(aligned.starts) == sorted(aligned.starts)


@settings(max_examples=200)
@given(FORMS)
def test_no_digit_is_left(text: str) -> None:
    assert not any("0" <= char <= "9" for char in normalise(text + "好").text)


def spans(text: str) -> list[tuple[str, str]]:
    """Each spoken character with the written ones it stands for."""
    aligned = normalise(text)
    return [(char, text[a:b]) for char, a, b in zip(aligned.text, aligned.starts, aligned.ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("还剩 2 小时", "还剩两小时"),
        ("有 2 个设备离线", "有两个设备离线"),
        ("明天 2 点提醒你", "明天两点提醒你"),
        ("2-3个", "两到三个"),
        ("第 2 天", "第二天"),
        ("3天2晚", "三天两晚"),
        ("2300", "两千三百"),
        ("200", "二百"),
        ("20000", "两万"),
        ("2 月 14 日", "二月十四日"),
        ("传感器 2 位置", "传感器二 位置"),
        ("2026 年 11 月 28 日下午 3 点 20 分", "二零二六年十一月二十八日下午三点二十分"),
        ("1990 年代", "一九九零年代"),
        ("11/28 有雨", "十一月二十八日 有雨"),
    ],
)
def test_a_blank_around_a_number_changes_nothing(text: str, said: str) -> None:
    assert normalise(text).text == said


def test_digits_read_one_by_one_keep_their_own_places() -> None:
    assert spans("2026年") == [("二", "2"), ("零", "0"), ("二", "2"), ("六", "6"), ("年", "年")]
    assert spans("打110。")[1:4] == [("幺", "1"), ("幺", "1"), ("零", "0")]


def test_a_quantity_covers_its_whole_number() -> None:
    assert spans("共15个") == [("共", "共"), ("十", "15"), ("五", "15"), ("个", "个")]
    assert {written for _, written in spans("2026年3月15日")[-3:-1]} == {"15"}


@pytest.mark.parametrize("char", ["1", "1.", "1:", "1-", "1/", "a1", "%", "@a.", "+", "1,", "２", "１万"])
def test_long_repetitions_take_linear_time(char: str) -> None:
    assert growth(normalise, lambda length: char * (length // len(char)), 20_000) < MOST
