"""English sounds in IPA: what dictionaries print, in the signs of hibari and of ARPAbet."""

import pytest

from tts_server.text.english import own_words
from tts_server.text.linguistic.entries import checked_entry
from tts_server.text.linguistic.ipa import phonemes


@pytest.mark.parametrize(
    ("said", "signs", "arpabet"),
    [
        ("/ʃɪˈvɔːn/", "ʃɪvˈɔn", "SH IH0 . V AO1 N"),
        ("/ˈwaɪ.faɪ/", "wˈIfI", "W AY1 . F AY0"),
        ("/həˈləʊ/", "həlˈO", "HH AH0 . L OW1"),
        ("/ˈt͡ʃɜːrtʃ/", "ʧˈɜɹʧ", "CH ER1 CH"),
        ("/ˈbʌtn̩/", "bˈʌtᵊn", "B AH1 . T AH0 N"),
        ("/'kjuːkʌmbɚ/", "kjˈukʌmbəɹ", "K Y UW1 . K AH0 M . B ER0"),
        ("/gɪf/", "ɡˈɪf", "G IH1 F"),
        ("/ˈkwɛn ˈmæks/", "kwˈɛn mˈæks", "K W EH1 N . M AE1 K S"),
    ],
)
def test_what_a_dictionary_prints_is_understood(said: str, signs: str, arpabet: str) -> None:
    assert phonemes(said) == signs
    assert own_words.arpabet(signs) == arpabet


@pytest.mark.parametrize(
    ("word", "said", "reason"),
    [
        ("Siobhan", "/ʃɪˈv5n/", "Siobhan: '5' in '/ʃɪˈv5n/' is no sound of English"),
        ("Siobhan", "/ʃ/", "needs a vowel"),
        ("Siobhan", "/" + "ɪ" * 129 + "/", "128 signs"),
        ("山", "/ʃɑn/", "IPA, which is for words in Latin letters"),
    ],
)
def test_what_is_none_is_refused_with_the_sign(word: str, said: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_entry(word, said)


def test_an_entry_stays_as_it_was_written() -> None:
    assert checked_entry("Siobhan", " /ʃɪˈvɔːn/ ") == "/ʃɪˈvɔːn/"
