"""Which language a text tells of, and what nobody reads."""

import pytest

from tts_server.text.linguistic.language import own_language, unreadable


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("你好", "zh"), ("Hello there", "en"), ("OK 你好", "zh"), ("12.6 kWh", None), ("850 ppm", None),
        ("15 min", None),
        ("$0.12/kWh", None),
        ("10:05 AM", None), ("3", None), ("1、 Milk", "en"), ("TVOC 120 ppb", None), ("", None),
    ],
)  # fmt: skip
def test_a_text_tells_by_its_words(text: str, code: str | None) -> None:
    assert own_language(text) == code


@pytest.mark.parametrize(
    ("text", "letters"), [
        ("你好 hello π é ℃ ＡＢ 3", 0), ("привет你好", 6), ("안녕", 2), ("", 0), ("😀。", 0),
        ("奈雪の茶", 0),
        ("私の本です", 3),
        ("说「ありがとう」", 5),
    ],
)  # fmt: skip
def test_letters_of_other_scripts_are_counted(text: str, letters: int) -> None:
    assert unreadable(text) == letters
