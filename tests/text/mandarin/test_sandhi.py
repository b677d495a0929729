"""Tones in the mouth."""

import pytest

from tests.text.cases import segment
from tts_server.text.frontend import analyse
from tts_server.text.mandarin.sandhi import Sound, apply


def spoken(text: str) -> str:
    """Characters and their spoken pinyin."""
    return " ".join(s.spoken for run in analyse(segment(text)).runs for s in run.syllables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好", "ni2 hao3"),
        ("老虎", "lao2 hu3"),
        ("小老虎", "xiao3 lao2 hu3"),
        ("展览馆", "zhan2 lan2 guan3"),
        ("我很好", "wo3 hen2 hao3"),
        ("我想走", "wo3 xiang2 zou3"),
        ("水果", "shui2 guo3"),
        ("好，我走", "hao3 wo2 zou3"),
        ("一个", "yi2 ge4"),
        ("一天", "yi4 tian1"),
        ("一年", "yi4 nian2"),
        ("一起", "yi4 qi3"),
        ("一样", "yi2 yang4"),
        ("第一", "di4 yi1"),
        ("第一次", "di4 yi1 ci4"),
        ("统一", "tong3 yi1"),
        ("一月一日", "yi1 yue4 yi1 ri4"),
        ("二零二一年", "er4 ling2 er4 yi1 nian2"),
        ("十一个", "shi2 yi1 ge4"),
        ("星期一", "xing1 qi1 yi1"),
        ("看一看", "kan4 yi5 kan4"),
        ("一百", "yi4 bai3"),
        ("不是", "bu2 shi4"),
        ("不好", "bu4 hao3"),
        ("不去", "bu2 qu4"),
        ("好不好", "hao3 bu5 hao3"),
        ("不", "bu4"),
    ],
)
def test_tones_change_as_speakers_change_them(text: str, expected: str) -> None:
    assert spoken(text) == expected


def test_third_tones_do_not_meet_across_a_pause() -> None:
    apart = [Sound("好", "hao3", 0, 0, 0), Sound("我", "wo3", 1, 1, 1)]
    assert apply(apart) == ["hao3", "wo3"]
    together = [Sound("好", "hao3", 0, 0, 0), Sound("我", "wo3", 1, 0, 0)]
    assert apply(together) == ["hao2", "wo3"]


def test_a_given_reading_is_left_alone() -> None:
    assert apply([Sound("你", "ni3", 0, 0, 0, fixed=True), Sound("好", "hao3", 0, 0, 0)]) == ["ni3", "hao3"]
