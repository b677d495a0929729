"""Latin words, and numbers between them, as an English engine reads them. Pure."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*")
_TOKEN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*|[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?|\S")
# Said as words although written in capitals, or mixed so that case alone does not tell.
SPOKEN_AS_WORDS = frozenset(
    "APP OK NASA NATO UNESCO OPEC SIM PIN RAM ROM JPEG JSON LASER RADAR SARS COVID AIDS ASCII BIOS CAD GIF LAN WAN ZIP VIP_ "
    "NO YES HI HELLO THE AND FOR YOU ARE IS IT IN ON AT TO OF MY WE HE SHE AN SO GO UP LOVE STOP START PLAY OFF NEW".split()
)
_MAX_ACRONYM = 5
_ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
         "eighteen nineteen").split()  # fmt: skip
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"), (100, "hundred"))


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said for code points [start, end) of the stretch; punctuation has is_word False."""

    text: str
    start: int
    end: int
    is_word: bool = True


def pieces(text: str) -> list[Piece]:
    """Split a stretch of Latin text: words, letters of acronyms, numbers in words, and marks."""
    found: list[Piece] = []
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        if token[0].isascii() and token[0].isdigit():
            found.append(Piece(number(token), start, match.end()))
        elif not _WORD.fullmatch(token):
            found.append(Piece(_SIGN_NAMES.get(token, token), start, match.end(), is_word=token in _SIGN_NAMES))
        elif is_spelled(token):
            found += (Piece(letter, start + index, start + index + 1) for index, letter in enumerate(token))
        else:
            found.append(Piece(token, start, match.end()))
    return found


_SIGN_NAMES = {"%": "percent", "&": "and", "+": "plus", "=": "equals", "@": "at", "°": "degrees"}


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
