"""Numbers in Mandarin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.text.mandarin.numbers import cardinal, decimal, digits, quantity

VALUES = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
POWERS = {"十": 10, "百": 100, "千": 1000}


def value(spoken: str) -> int:
    """Reads a Chinese cardinal back, below 1e16."""
    total = group = digit = 0
    for char in spoken:
        if char in VALUES:
            digit = VALUES[char]
        elif char in POWERS:
            group, digit = group + (digit or 1) * POWERS[char], 0
        elif char == "万":
            total, group, digit = total + (group + digit) * 10_000, 0, 0
        else:
            total, group, digit = (total + group + digit) * 100_000_000, 0, 0
    return total + group + digit


@given(st.integers(0, 999_999_999_999))
def test_a_cardinal_says_its_value(number: int) -> None:
    assert value(cardinal(str(number))) == number
    assert "零零" not in cardinal(str(number))
    assert number == 0 or not cardinal(str(number)).endswith("零")


@pytest.mark.parametrize(
    ("number", "spoken"),
    [("10", "十"), ("110", "一百一十"), ("1010", "一千零一十"), ("10086", "一万零八十六"), ("100005000", "一亿零五千"),
     ("1,234", "一千二百三十四"), ("2300", "两千三百"), ("12000", "一万二千"), ("007", "七"), ("1" * 17, "一" * 17)],
)  # fmt: skip
def test_cardinals_are_said_as_people_say_them(number: str, spoken: str) -> None:
    assert cardinal(number) == spoken


def test_fractions_signs_and_single_digits() -> None:
    assert decimal("-1,234.50") == "负一千二百三十四点五零"
    assert decimal(".5") == "零点五"
    assert digits("110", yao=True) == "幺幺零"
    assert (quantity("2"), quantity("12")) == ("两", "十二")
