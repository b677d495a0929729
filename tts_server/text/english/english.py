"""Latin words, and numbers between them, as an English engine reads them. Pure."""

import re
from dataclasses import dataclass
from functools import cache

from tts_server.text.english import arpabet
from tts_server.text.english.rules import Rule
from tts_server.text.linguistic.aligned import Aligned

_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*")
_TOKEN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*|\S")
# Said as words although written in capitals, or mixed so that case alone does not tell.
SPOKEN_AS_WORDS = frozenset({
    "APP", "OK", "NASA", "NATO", "OPEC", "SIM", "PIN", "RAM", "ROM", "JPEG", "JSON", "LASER", "RADAR", "SARS",
    "COVID", "AIDS", "ASCII", "BIOS", "CAD", "GIF", "LAN", "WAN", "ZIP", "WIFI", "NO", "YES", "HI", "HELLO", "THE",
    "AND", "FOR", "YOU", "ARE", "IS", "IN", "ON", "AT", "TO", "OF", "MY", "WE", "HE", "SHE", "AN", "SO", "GO",
    "UP", "LOVE", "STOP", "START", "PLAY", "OFF", "NEW", "PRO", "MAX", "AIR", "YAML", "TOML",
    "HEPA", "FOMO", "NAND", "LIDAR", "TOEFL", "CUDA", "POSIX", "HIPAA", "SCADA", "UEFA", "OPPO", "GMAT",
})  # fmt: skip
# Letters although a lexicon has a word of that spelling.
_LETTERS = frozenset({
    "AI", "AKA", "BMW", "ETA", "FYI", "GDP", "GPS", "IEEE", "LED", "LOL", "OTA", "ROI", "UPS", "UN", "US", "IT", "TV",
    "AC", "DC", "IP", "ID", "PC", "CD", "AM", "PM", "EU", "UK", "HR", "PR", "QR", "LA", "ER", "ED", "MS", "MR", "DR",
    "ST",
})  # fmt: skip
_MAX_ACRONYM = 5
_MIN_WORD = 4  # capitals of a word that a lexicon knows, DOOR, are that word


def normalise(aligned: Aligned) -> Aligned:
    """Every number, sign and abbreviation of an English text in words."""
    if "、" in aligned.text[:4] or _WORTH_A_LOOK.search(aligned.text) is not None:
        there = set(aligned.text)
        for pattern, say, needs in _rules():
            if not needs or not there.isdisjoint(needs):
                said = aligned.substitute(pattern, say)
                if said is not aligned:
                    aligned, there = said, set(said.text)
    return aligned


def load() -> None:
    """Make the rules ready."""
    _rules()


@cache
def _rules() -> tuple[Rule, ...]:
    """All rules in order. Their patterns take 0.05 s: text without digits or signs is said before."""
    from tts_server.text.english.abbreviations import ABBREVIATIONS
    from tts_server.text.english.moments import MOMENTS
    from tts_server.text.english.spoken_codes import ADDRESSES, CODES
    from tts_server.text.english.spoken_forms import FORMS
    from tts_server.text.english.spoken_names import NAMES

    return (*ADDRESSES, *ABBREVIATIONS, *CODES, *MOMENTS, *NAMES, *FORMS)


_WORTH_A_LOOK = re.compile(
    r"[0-9%¢$€£¥￥₩₹₽°℃℉µμ#<>≤≥≈§©@/=+★⌘α-ωΔΘΛΞΠΣΦΨΩ]|\+\+|[A-Za-z]\.[A-Za-z]|[IVXL]{2}|[a-z][A-Z]|[a-z]\.|St "
    r"|, [A-Z]{2}\b|(?:ection|hapter|art|igure|age|lause) [ivxl]{2}|\b[NSEW]{2,3}\b|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said for code points [start, end) of the stretch; punctuation has is_word False."""

    text: str
    start: int
    end: int
    is_word: bool = True
    is_article: bool = False  # "A" that begins a sentence: no letter


def pieces(text: str) -> list[Piece]:
    """Split a stretch of Latin text: words, letters of acronyms, and marks."""
    found: list[Piece] = []
    shouted = _is_shouted(text)
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        if not _WORD.fullmatch(token):
            found.append(Piece(_SIGN_NAMES.get(token, token), start, match.end(), is_word=token in _SIGN_NAMES))
        elif token == "A" and _ARTICLE.match(text, start) and _begins(text, start):
            found.append(Piece(token, start, match.end(), is_article=True))
        elif is_spelled(token, shouted):
            found += (Piece(letter, start + index, start + index + 1) for index, letter in enumerate(token))
        else:
            found.append(Piece(token, start, match.end()))
    return found


_ARTICLE = re.compile("A [a-z]{2}")


def _begins(text: str, at: int) -> bool:
    """Whether a sentence begins here."""
    before = text[:at].rstrip(" \"'“‘(")
    return not before or before[-1] in ".!?:;\n"


_SIGN_NAMES = {"&": "and", "+": "plus", "=": "equals", "@": "at", "°": "degrees"}


def is_spelled(word: str, shouted: bool = False) -> bool:
    """Say whether a word is read letter by letter: short and all capitals, unless it is known to be a word.

    shouted: all of the text is in capitals, so that they tell nothing of a word.
    """
    if not (word.isascii() and word.isupper()) or len(word) > _MAX_ACRONYM or word in SPOKEN_AS_WORDS:
        return False
    return word in _LETTERS or not (len(word) >= _MIN_WORD - shouted and arpabet.is_word(word))


def _is_shouted(text: str) -> bool:
    """LOW BATTERY: most words are in capitals, and a long one of them is known."""
    words = _WORD.findall(text)
    capitals = [word for word in words if word.isupper()]
    is_known = any(len(word) >= _MIN_WORD and arpabet.is_word(word) for word in capitals)
    return len(words) > 1 and 2 * len(capitals) > len(words) and is_known
