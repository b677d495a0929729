"""The owner's own words."""

from collections.abc import Iterator

import pytest

from tests.support.growth import MOST, growth
from tests.text.cases import segment
from tts_server.text import frontend
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.dictionary import Dictionary
from tts_server.text.linguistic.segment import Reading, SayAs

WORDS = {"单小雨": "shan4 xiao3 yu3", "NAS": "网盘", "小雨": "xiao3 yu3", "3号机": "三号机器", "重行": "Chong2 hang2"}


@pytest.fixture(autouse=True)
def _own_words() -> Iterator[None]:
    frontend.load(WORDS)
    yield
    frontend.load({})


def syllables(text: str) -> list[tuple[str, str, int, int]]:
    return [(s.char, s.pinyin, s.start, s.end) for run in analyse(segment(text)).runs for s in run.syllables]


def test_a_given_reading_wins_and_stands_in_its_place() -> None:
    assert syllables("问单小雨。")[1:] == [("单", "shan4", 1, 2), ("小", "xiao3", 2, 3), ("雨", "yu3", 3, 4)]
    assert [pinyin for _, pinyin, _, _ in syllables("重行")] == ["chong2", "hang2"]


def test_a_given_reading_takes_part_in_sandhi() -> None:
    [run] = analyse(segment("我问单小雨。")).runs
    assert [s.spoken for s in run.syllables] == ["wo3", "wen4", "shan4", "xiao2", "yu3"]
    frontend.load({"布朗": "bu4 lang3", "洗": "xi3"})
    [run] = analyse(segment("不布朗")).runs
    assert [s.spoken for s in run.syllables] == ["bu2", "bu4", "lang3"]
    [run] = analyse(segment("洗脸")).runs
    assert [(s.pinyin, s.spoken) for s in run.syllables] == [("xi3", "xi2"), ("lian3", "lian3")]


def test_other_text_is_said_in_place_of_a_word_and_covers_it() -> None:
    assert syllables("开NAS吧") == [
        ("开", "kai1", 0, 1), ("网", "wang3", 1, 4), ("盘", "pan2", 1, 4), ("吧", "ba5", 4, 5),
    ]  # fmt: skip
    assert analyse(segment("启动3号机2次")).normalised == "启动三号机器两次"


def test_latin_words_are_matched_whole() -> None:
    assert analyse(segment("NASA和NAS")).normalised == "NASA和网盘"


def test_the_longest_word_counts() -> None:
    assert [reading.said for reading in Dictionary.of(WORDS).readings(segment("单小雨"))] == ["shan4 xiao3 yu3"]


def test_what_the_client_says_about_a_stretch_is_left_alone() -> None:
    [run] = analyse(segment("单小雨", Reading(0, 3, "dan1 xiao3 yu3"))).runs
    assert run.syllables[0].pinyin == "dan1"
    assert [run.text for run in analyse(segment("NAS", SayAs(0, 3, "characters"))).runs] == ["N A S"]


def test_a_word_said_again_and_again_takes_linear_time() -> None:
    assert len(analyse(segment("重行" * 5000)).runs[0].syllables) == 10_000
    assert growth(analyse, lambda length: segment("重行" * (length // 2)), 10_000) < MOST


def test_an_empty_dictionary_changes_nothing() -> None:
    frontend.load({})
    assert analyse(segment("开NAS吧")).normalised == "开NAS吧"
