"""The table of readings that travels with the package says what pypinyin says."""

import subprocess
import sys

import pytest
from pypinyin import phrases_dict, pinyin_dict

from tts_server.text.mandarin import pinyin_table
from tts_server.text.mandarin.build_pinyin_table import build, numbered


@pytest.mark.parametrize(
    ("marked", "expected"),
    [("lǜ", "lv4"), ("de", "de5"), ("zhōng", "zhong1"), ("ǹg", "ng4"), ("ê̄", "e1"), ("nǚ", "nv3")],
)
def test_tone_marks_become_digits(marked: str, expected: str) -> None:
    assert numbered(marked) == expected


def test_the_table_is_what_the_installed_dictionaries_give() -> None:
    assert build() == pinyin_table.FILE.read_bytes()


def test_every_character_has_the_readings_of_the_dictionary() -> None:
    table = pinyin_table.load()
    for code, marked in pinyin_dict.pinyin_dict.items():
        assert table.character(chr(code)) == list(dict.fromkeys(map(numbered, marked.split(","))))


def test_every_phrase_with_a_polyphone_is_read_as_in_the_dictionary() -> None:
    table, compared = pinyin_table.load(), 0
    several = {chr(code) for code, marked in pinyin_dict.pinyin_dict.items() if "," in marked}
    for phrase, readings in phrases_dict.phrases_dict.items():
        found = table.phrase(phrase)
        if found is None:
            assert len(phrase) > pinyin_table.MAX_PHRASE or len(readings) != len(phrase) or several.isdisjoint(phrase)
            continue
        compared += 1
        for char, said, (marked, *_) in zip(phrase, found.split(), readings, strict=True):
            assert said == {"一": "yi1", "不": "bu4"}.get(char, numbered(marked))
    assert compared > 45_000


@pytest.mark.parametrize("unknown", ["", "x", "\0", "\0\0", "行" * 100, "😀"])
def test_what_is_not_in_it_is_not_found(unknown: str) -> None:
    assert pinyin_table.load().phrase(unknown) is None
    assert pinyin_table.load().character(unknown) == []


def test_the_front_end_neither_imports_pypinyin_nor_looks_for_it() -> None:
    code = (
        "import sys; sys.modules['pypinyin'] = None\n"
        "from tts_server.text import frontend\n"
        "frontend.load(); print(frontend.spoken('重庆')['sentences'][0]['syllables'][0]['pinyin'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "chong2"
