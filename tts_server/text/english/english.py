"""Latin words, and numbers between them, as an English engine reads them. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from re import Match, Pattern

from tts_server.text.linguistic.aligned import Aligned

_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*")
_TOKEN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*|\S")
# Said as words although written in capitals, or mixed so that case alone does not tell.
SPOKEN_AS_WORDS = frozenset({
    "APP", "OK", "NASA", "NATO", "OPEC", "SIM", "PIN", "RAM", "ROM", "JPEG", "JSON", "LASER", "RADAR", "SARS",
    "COVID", "AIDS", "ASCII", "BIOS", "CAD", "GIF", "LAN", "WAN", "ZIP", "WIFI", "NO", "YES", "HI", "HELLO", "THE",
    "AND", "FOR", "YOU", "ARE", "IS", "IN", "ON", "AT", "TO", "OF", "MY", "WE", "HE", "SHE", "AN", "SO", "GO",
    "UP", "LOVE", "STOP", "START", "PLAY", "OFF", "NEW",
})  # fmt: skip
_MAX_ACRONYM = 5
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"))


_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny"), "¥": ("yuan", "fen")}
_SENTENCE = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Z]*+[a-z][A-Za-z]+|[A-Z]++[a-z]|I(?= )|(?:[A-Z]++[ ,]{1,2}){2}[A-Z]++)(?![0-9A-Za-z])"
)
_MANDARIN_MARKS = re.compile("[。，、；：！？]")
_HAN = re.compile(r"[〇㐀-鿿豈-﫿\U00020000-\U0003ffff]")
_MONEY = re.compile(r"([$€£¥])\s?([0-9][0-9,]*)(?:\.([0-9]{2}))?(?![0-9])( (?:million|billion|thousand)\b)?")
_CLOCK = re.compile(r"(?<![0-9:])([01]?[0-9]|2[0-4]):([0-5][0-9])(?![0-9:])")
_NTH = re.compile(r"(?<![0-9.,])([0-9]{1,6})(?:st|nd|rd|th)\b")
_NUMBER = re.compile(r"([0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(%)?")
_ADDRESS = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9_+-]*(?:[.@][A-Za-z0-9_-]+)*[.@][A-Za-z0-9_-]*[A-Za-z]{2}"
    r"(?:/[A-Za-z0-9._~/-]*)?(?![A-Za-z0-9])"
)
_ON_THE_NET = re.compile(
    r"@|^www\.|\.(?:com|net|org|io|cn|co|uk|edu|gov|dev|app|ai|py|txt|pdf|md|json|toml|js|html?)(?:/|$)"
)
_ADDRESS_SIGNS = {".": " dot ", "@": " at ", "/": " slash ", "_": " underscore ", "-": " dash ", "+": " plus "}
_NEGATIVE = re.compile(r"(?<![0-9A-Za-z)])[-−](?=[0-9])")


def is_english(text: str) -> bool:
    """Say whether a text is English throughout, numbers included: Latin words, no Chinese; not a mere code."""
    if _HAN.search(text) is not None:
        return False
    words = _SENTENCE.findall(text)
    return len(words) > bool(_MANDARIN_MARKS.search(text))


def normalise(aligned: Aligned) -> Aligned:
    """Every number of an English text in words: money, times, ordinals, percentages, plain ones."""
    for pattern, say in _RULES:
        aligned = aligned.substitute(pattern, say)
    return aligned


def _say_address(match: Match[str]) -> str | None:
    """An address on the net or a file name; not the full stop between two sentences written without a space."""
    if not _ON_THE_NET.search(match[0]):
        return None
    return "".join(_ADDRESS_SIGNS.get(char, char) for char in match[0].removesuffix("/"))


def _say_money(match: Match[str]) -> str:
    unit, part = _CURRENCIES[match[1]]
    whole, scale = match[2].replace(",", ""), match[4] or ""
    said = f"{number(whole)}{scale} {unit}" + ("" if whole == "1" and not scale else "s")
    return (
        said
        if not match[3] or match[3] == "00"
        else f"{said} {number(str(int(match[3])))}" + (f" {part}s" if part == "cent" else "")
    )


def _say_clock(match: Match[str]) -> str:
    hour, minute = number(str(int(match[1]))), match[2]
    if minute == "00":
        return f"{hour} o'clock" if int(match[1]) <= 12 else f"{hour} hundred"
    return f"{hour} oh {number(minute[1])}" if minute[0] == "0" else f"{hour} {number(minute)}"


def _say_nth(match: Match[str]) -> str:
    words = number(match[1]).split() if len(match[1]) != 4 else _cardinal(int(match[1])).split()
    last = words[-1]
    words[-1] = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return " ".join(words)


def _say_minus(match: Match[str]) -> str:
    return "minus "


def _say_number(match: Match[str]) -> str:
    """A plain number; one that touches letters, as in MP3, is set apart."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() :][:1]
    return " " * before.isalpha() + number(match[1]) + " percent" * bool(match[2]) + " " * after.isalpha()


_RULES: tuple[tuple[Pattern[str], Callable[[Match[str]], str | None]], ...] = (
    (_ADDRESS, _say_address),
    (_MONEY, _say_money),
    (_CLOCK, _say_clock),
    (_NTH, _say_nth),
    (_NEGATIVE, _say_minus),
    (_NUMBER, _say_number),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said for code points [start, end) of the stretch; punctuation has is_word False."""

    text: str
    start: int
    end: int
    is_word: bool = True


def pieces(text: str) -> list[Piece]:
    """Split a stretch of Latin text: words, letters of acronyms, and marks."""
    found: list[Piece] = []
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        if not _WORD.fullmatch(token):
            found.append(Piece(_SIGN_NAMES.get(token, token), start, match.end(), is_word=token in _SIGN_NAMES))
        elif is_spelled(token):
            found += (Piece(letter, start + index, start + index + 1) for index, letter in enumerate(token))
        else:
            found.append(Piece(token, start, match.end()))
    return found


_SIGN_NAMES = {"&": "and", "+": "plus", "=": "equals", "@": "at", "°": "degrees"}


def is_spelled(word: str) -> bool:
    """Say whether a word is read letter by letter: short and all capitals, unless it is known to be a word."""
    return word.isascii() and word.isupper() and len(word) <= _MAX_ACRONYM and word not in SPOKEN_AS_WORDS


def number(written: str) -> str:
    """A number in English words: "1,234.5" is "one thousand two hundred thirty four point five"."""
    whole, point, fraction = written.replace(",", "").partition(".")
    if len(whole) > 12 or (len(whole) > 1 and whole[0] == "0"):
        spoken = " ".join(_ONES[int(digit)] for digit in whole)
    elif len(whole) == 4 and not point and whole[:2] in ("19", "20") and whole[2] != "0":
        spoken = f"{_cardinal(int(whole[:2]))} {_cardinal(int(whole[2:]))}"
    else:
        spoken = _cardinal(int(whole))
    return spoken + (" point " + " ".join(_ONES[int(digit)] for digit in fraction) if fraction else "")


def _cardinal(value: int) -> str:
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (" " + _ONES[value % 10] if value % 10 else "")
    for scale, name in _SCALES:
        if value >= scale:
            rest = value % scale
            return f"{_cardinal(value // scale)} {name}" + (f" {_cardinal(rest)}" if rest else "")
    raise AssertionError(value)
