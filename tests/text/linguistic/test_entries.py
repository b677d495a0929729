"""Entries of a dictionary, in every spelling people use, and what is refused."""

import pytest

from tts_server.text.linguistic.entries import checked_entry


@pytest.mark.parametrize(
    "said",
    [
        *("chong2 qing4", "chong2qing4", "Chóngqìng", "CHONG2 QING4", "chóng qìng", "chóng'qìng", "chong2-qing4"),
        *(" chong2  qing4 ", "cho\u0301ngqi\u0300ng"),
    ],
)
def test_one_pinyin_in_all_its_spellings(said: str) -> None:
    assert checked_entry("重庆", said) == "chong2 qing4"


@pytest.mark.parametrize(
    ("word", "said", "entry"),
    [
        ("女儿", "nǚ'ér", "nv3 er2"),
        ("旅行", "lü3xing2", "lv3 xing2"),
        ("绿", "lu:4", "lv4"),
        ("西安", "xī'ān", "xi1 an1"),
        ("先", "xiān", "xian1"),
        ("妈妈", "māma", "ma1 ma5"),
        ("花儿", "huar1", "huar1"),
        ("花儿", "hua1 er5", "hua1 er5"),
        ("小米", "小麦", "小麦"),
        ("WiFi", "wai1 fai1", "WAI"),
        ("WiFi", "why fie", "why fie"),
        ("Siobhan", "shiv awn", "shiv awn"),
        ("3号", "三号", "三号"),
        ("iPhone", "ai4 feng1", "ai4 feng1"),
    ],
)
def test_what_is_kept(word: str, said: str, entry: str) -> None:
    if entry == "WAI":  # "wai1 fai1": the second is no syllable of Mandarin
        with pytest.raises(ValueError, match="no pinyin"):
            checked_entry(word, said)
    else:
        assert checked_entry(word, said) == entry


@pytest.mark.parametrize(
    ("word", "said", "reason"),
    [
        ("山", "shan9", "'9' in 'shan9' is no tone"),
        ("山", "shan", "has no tone"),
        ("山", "shang1x", "is no pinyin"),
        ("山", "sahn1", "is no pinyin"),
        ("山东", "shan1", "has 2 characters, and 'shan1' has 1 syllables"),
        ("山", "shan1 dong1", "has 1 characters"),
        ("山", "", "write pinyin or text"),
        ("山", "a" * 300, "1 to 256"),
        ("", "shan1", "a word of the dictionary has 1 to 64"),
        ("山\n", "shan1", "printable"),
    ],
)
def test_what_is_refused_says_why(word: str, said: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_entry(word, said)
