"""Mapped tables and our own search through them cut as rjieba does."""

import random
import re
from pathlib import Path

import pytest
import rjieba
from marisa_trie import Trie

from tts_server.text.mandarin.cutting import cutter, word_table

CASES = Path(__file__).parents[1] / "conventions.tsv"
COMMON = (
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起还发成事只作当想看文"
    "无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等"
)
RARE = "菤碪舄辻聠弼嚙衪豹噅螬藽喉藠餡軵恍瘊孻狓罶㐀㒰\uf900\ufa10鿿鿖\U00020000\U0002a6df\U00030000〇丽安녕a1. \0"


def texts(alphabet: str, count: int, longest: int) -> list[str]:
    """Random texts, always the same ones."""
    chance = random.Random(alphabet)
    return ["".join(chance.choices(alphabet, k=chance.randint(1, longest))) for _ in range(count)]


def stretches(text: str) -> list[str]:
    """The stretches of Chinese characters in it."""
    return re.findall("[〇\u3400-\u9fff]+", text)


@pytest.mark.parametrize(
    "given",
    [
        texts(COMMON, 8000, 14),
        texts(RARE[: RARE.index("安")], 8000, 8),
        ["二零二五年五月", "调慢一点吧", "鱼丽于罶兴安", "张尧和小芳儿把门关上", "", "的", "一" * 200],
        stretches(CASES.read_text("utf-8")),
    ],
    ids=["common characters", "rare characters", "known cases", "everyday texts"],
)
def test_text_is_cut_and_tagged_as_rjieba_does(given: list[str]) -> None:
    assert len(given) > 5
    for text in given:
        assert cutter.tag(text) == rjieba.tag(text)


def test_words_of_the_dictionary_are_those_of_rjieba() -> None:
    words = Trie().mmap(str(word_table.WORDS)).keys()
    assert len(words) > 348_000
    for word in random.Random(7).sample(words, 20_000):
        assert rjieba.has_word(word)
        assert cutter.has_word(word)
        if not re.search("[^\u3400-\u9fff]", word):
            assert cutter.tag(word) == rjieba.tag(word)


def test_no_text_makes_it_fail_and_nothing_is_lost() -> None:
    for text in [*texts(RARE, 2000, 8), "\ud800", "词\ud800词", "词\0词"]:
        assert "".join(cutter.cut(text)) == text
        assert "".join(word for word, _ in cutter.tag(text)) == text
    assert not cutter.has_word("我们\0")
    assert cutter.has_word("我们")
