"""English words in ARPAbet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.growth import MOST, growth
from tests.text.cases import segment
from tts_server.text.english import arpabet
from tts_server.text.english import build_lexicon as english_words
from tts_server.text.english.arpabet import PHONES, phones
from tts_server.text.frontend import analyse


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("WiFi", "W AY1 . F AY0"),
        ("Hello", "HH AH0 . L OW1"),
        ("kitty", "K IH1 . T IY0"),
        ("it's", "IH1 T S"),
        ("extra", "EH1 K . S T R AH0"),
        ("I", "AY1"),
        ("W", "D AH1 . B AH0 L . Y UW0"),
        ("ChatGPT", "CH AE1 T . JH IY1 . P IY1 . T IY1"),
        ("Café", "K AH0 . F EY1"),
        ("grobe", "G R OW1 B"),
        ("", ""),
        ("42", ""),
    ],
)
def test_words_are_read_as_expected(word: str, expected: str) -> None:
    assert phones(word) == expected


@settings(max_examples=300)
@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'’é1"), max_size=40))
def test_any_word_gives_known_phones(word: str) -> None:
    said = phones(word)
    assert set(said.split()) <= {*PHONES, "."}
    assert not said.startswith(".")
    assert not said.endswith(".")
    if any(char.isalpha() for char in word):
        assert said


def test_the_lexicon_finds_its_first_and_last_word() -> None:
    lines = arpabet._lexicon().splitlines()
    assert lines == sorted(lines)
    assert len(lines) > 120_000
    for line in (lines[0], lines[len(lines) // 2], lines[-1]):
        assert arpabet._look_up(line.partition(b"\t")[0].decode())


def test_packing_leaves_variants_out() -> None:
    assert english_words.pack("a-b EY1\nab AE1 B # note\nab(2) EY1 B\n") == english_words.pack("ab AE1 B")


def test_a_long_word_takes_linear_time() -> None:
    assert growth(phones, lambda length: "ab" * (length // 2), 100_000) < MOST


def test_words_of_a_text_carry_their_phones() -> None:
    said = [(word.text, word.phones) for run in analyse(segment("打开WiFi和TV")).runs for word in run.words]
    assert ("WiFi", "W AY1 . F AY0") in said
    assert ("T", "T IY1") in said
