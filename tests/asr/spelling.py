"""What was said and what was heard, brought to one spelling, and the edits between them."""

import re
import unicodedata
from collections.abc import Sequence

import zhconv
from pypinyin import Style, lazy_pinyin

DIGITS = "零一二三四五六七八九"


def characters(text: str) -> list[str]:
    """Chinese characters one by one, Latin words whole."""
    return re.findall(r"[\u4e00-\u9fff]|[a-z]+", _normalised(text))


def syllables(text: str) -> list[str]:
    """Toneless pinyin, fair to homophones; Latin words whole."""
    found: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[a-z]+", _normalised(text)):
        found += [run] if run[0].isascii() else lazy_pinyin(run, style=Style.NORMAL)
    return found


def toned(text: str) -> list[str]:
    """Pinyin with its tones, 5 for the neutral one; Latin words whole."""
    found: list[str] = []
    for run in re.findall(r"[\u4e00-\u9fff]+|[a-z]+", _normalised(text)):
        style = Style.TONE3
        found += [run] if run[0].isascii() else lazy_pinyin(run, style=style, neutral_tone_with_five=True)
    return found


def edits(said: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein distance."""
    row = list(range(len(heard) + 1))
    for i, a in enumerate(said, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(heard, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def _normalised(text: str) -> str:
    text = zhconv.convert(unicodedata.normalize("NFKC", text).lower(), "zh-cn")
    text = _spell_digits(text).replace("wi-fi", "wifi")
    return text.translate(str.maketrans({"幺": "一", "两": "二", "〇": "零"})).replace("℃", "摄氏度")


def _spell_digits(text: str) -> str:
    """The recogniser likes to write digits: both sides are spelled by the same rules."""
    text = re.sub(r"(\d{4})年", lambda m: _one_by_one(m[1]) + "年", text)
    text = re.sub(r"(\d+(?:\.\d+)?)[%％]", r"百分之\1", text)
    text = re.sub(r"(\d{1,2})[:：](\d{2})", lambda m: f"{_number(m[1])}点{_number(m[2])}分", text)
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{_number(m[1])}点{_one_by_one(m[2])}", text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"\d+(?:[-–— ]\d+)+", _joined_if_long, text)
    text = re.sub(r"\d{7,}", lambda m: _one_by_one(m[0]), text)
    return re.sub(r"\d+", lambda m: _number(m[0]), text)


def _joined_if_long(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return digits if len(digits) >= 7 else match[0]


def _one_by_one(digits: str) -> str:
    return "".join(DIGITS[int(digit)] for digit in digits)


def _number(digits: str) -> str:
    value = int(digits)
    if value >= 10**8:
        return _one_by_one(digits)
    high, low = divmod(value, 10**4)
    said = (_below_10000(high) + "万" if high else "") + ("零" if high and 0 < low < 1000 else "") + _below_10000(low)
    said = said or "零"
    return said[1:] if said.startswith("一十") else said


def _below_10000(value: int) -> str:
    said, skipped = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            said += ("零" if skipped and said else "") + DIGITS[digit] + name
        skipped = not digit
    return said
