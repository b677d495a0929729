# ruff: noqa: E501, SIM905 - rows of a table
"""English words to ARPAbet with stress and syllable dots: "wifi" is "W AY1 . F AY0". Host's side, thread-safe.

A lexicon made from CMUdict first (`english_words.README.md`), then the parts of a compound such as ChatGPT, letter by
letter where no vowel is to be seen, and rules of spelling for the rest. The lexicon is one block of sorted lines.
"""

import re
import unicodedata
import zlib
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

CONSONANTS = (
    "B",
    "CH",
    "D",
    "DH",
    "F",
    "G",
    "HH",
    "JH",
    "K",
    "L",
    "M",
    "N",
    "NG",
    "P",
    "R",
    "S",
    "SH",
    "T",
    "TH",
    "V",
    "W",
    "Y",
    "Z",
    "ZH",
)
VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")  # fmt: skip
# One byte a phone in the lexicon, from 128 on, in this order.
PHONES = (*CONSONANTS, *(vowel + stress for vowel in VOWELS for stress in "012"))
FIRST_CODE = 128

_LETTERS = {
    "a": "EY1", "b": "B IY1", "c": "S IY1", "d": "D IY1", "e": "IY1", "f": "EH1 F", "g": "JH IY1", "h": "EY1 CH", "i": "AY1",
    "j": "JH EY1", "k": "K EY1", "l": "EH1 L", "m": "EH1 M", "n": "EH1 N", "o": "OW1", "p": "P IY1", "q": "K Y UW1",
    "r": "AA1 R", "s": "EH1 S", "t": "T IY1", "u": "Y UW1", "v": "V IY1", "w": "D AH1 . B AH0 L . Y UW0",
    "x": "EH1 K S", "y": "W AY1", "z": "Z IY1",
}  # fmt: skip
_OWN = {
    "wifi": "W AY1 F AY0", "iphone": "AY1 F OW2 N", "ipad": "AY1 P AE2 D", "ios": "AY1 OW1 EH1 S", "app": "AE1 P", "vlog": "V L AA1 G",
    "huawei": "HH W AA1 W EY2", "xiaomi": "SH AW1 M IY2", "tiktok": "T IH1 K T AA2 K", "github": "G IH1 T HH AH2 B", "linux": "L IH1 N AH0 K S",
    "ubuntu": "UH0 B UH1 N T UW0", "nginx": "EH1 N JH IH0 N EH1 K S", "openai": "OW1 P AH0 N EY1 AY1", "siri": "S IH1 R IY0", "alexa": "AH0 L EH1 K S AH0",
    "youtube": "Y UW1 T UW2 B", "wechat": "W IY1 CH AE2 T", "zigbee": "Z IH1 G B IY0", "python": "P AY1 TH AA0 N", "nvidia": "EH0 N V IH1 D IY0 AH0",
    "hepa": "HH EH1 P AH0", "fomo": "F OW1 M OW0", "nand": "N AE1 N D", "lidar": "L AY1 D AA2 R", "toefl": "T OW1 F AH0 L", "cuda": "K UW1 D AH0",
    "posix": "P AA1 Z IH0 K S", "hipaa": "HH IH1 P AH0", "scada": "S K EY1 D AH0", "uefa": "Y UW0 EY1 F AH0", "oppo": "AA1 P OW0", "gmat": "JH IY1 M AE2 T",
    "yaml": "Y AE1 M AH0 L", "toml": "T AA1 M AH0 L", "emoji": "IH0 M OW1 JH IY0", "selfie": "S EH1 L F IY0", "bluetooth": "B L UW1 T UW2 TH", "qwen": "K W EH1 N", "kindle": "K IH1 N D AH0 L",
}  # fmt: skip
# How letters sound where no lexicon knows the word; the longest spelling first.
_SPELLINGS = {
    "tion": "SH AH0 N", "sion": "ZH AH0 N", "ture": "CH ER0", "ough": "AO1", "augh": "AO1", "eigh": "EY1", "igh": "AY1", "tch": "CH", "dge": "JH", "sch": "SH",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "kn": "N", "wr": "R", "ps": "P S", "gh": "G", "xx": "K S",
    "ee": "IY1", "ea": "IY1", "oo": "UW1", "ou": "AW1", "ow": "OW1", "oi": "OY1", "oy": "OY1", "ai": "EY1", "ay": "EY1", "ei": "EY1", "ey": "IY0", "au": "AO1",
    "aw": "AO1", "ie": "IY1", "oa": "OW1", "ue": "UW1", "ui": "UW1", "eu": "Y UW1", "ew": "UW1", "ar": "AA1 R", "er": "ER0", "ir": "ER1", "or": "AO1 R", "ur": "ER1",
    "bb": "B", "cc": "K", "dd": "D", "ff": "F", "gg": "G", "ll": "L", "mm": "M", "nn": "N", "pp": "P", "rr": "R", "ss": "S", "tt": "T", "zz": "Z",
    "ce": "S EH1", "ci": "S IH1", "cy": "S IY0", "ge": "JH EH1", "gi": "JH IH1",
    "a": "AE1", "b": "B", "c": "K", "d": "D", "e": "EH1", "f": "F", "g": "G", "h": "HH", "i": "IH1", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "OW1",
    "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH1", "v": "V", "w": "W", "x": "K S", "y": "IY0", "z": "Z",
}  # fmt: skip
_LONG = {"a": "EY1", "e": "IY1", "i": "AY1", "o": "OW1", "u": "UW1"}
_SPELLING = re.compile(
    "(?P<long>[aeiou])(?=[bcdfgklmnpstvz]e(?:s|d)?$)|e(?P<silent>)(?=s?$)|"
    + "|".join(sorted(_SPELLINGS, key=len, reverse=True))
)
_PARTS = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ONSETS = frozenset(
    "P R|P L|B R|B L|T R|D R|K R|K L|G R|G L|F R|F L|TH R|SH R|S L|S M|S N|S P|S T|S K|S W|K W|T W|D W|HH W|G W|P Y|B Y|K Y|M Y|F Y|V Y|HH Y|N Y"
    "|S P R|S P L|S T R|S K R|S K W|V L".split("|")
)
_MAX_CHARS = 32  # of a word; what is longer is no word


def load() -> None:
    """Read the lexicon, once."""
    _lexicon()


@lru_cache(maxsize=4096)
def phones(word: str) -> str:
    """The ARPAbet of a Latin word; "" when there is nothing in it to say."""
    unaccented = unicodedata.normalize("NFKD", word.replace("’", "'"))
    plain = "".join(char for char in unaccented if (char.isascii() and char.isalpha()) or char == "'")
    return with_dots(_known(plain) or _composed(plain[:_MAX_CHARS]))


def is_word(word: str) -> bool:
    """Whether the lexicon has a word and says it as one, not letter by letter."""
    said = re.sub("[012]", "", _look_up(word.lower()))
    spelled = " ".join(_LETTERS.get(letter, "").replace(" .", "") for letter in word.lower())
    return bool(said) and said != re.sub("[012]", "", spelled)


def _known(word: str) -> str:
    lower = word.lower().strip("'")
    if len(lower) == 1:
        return _LETTERS.get(lower, "")
    if lower in _OWN:
        return _OWN[lower]
    if found := _look_up(lower):
        return found
    if lower.endswith("'s") and (stem := _look_up(lower[:-2])):
        return stem + " Z"
    return ""


def _composed(word: str) -> str:
    """A word no lexicon has: its parts, its letters, or by its spelling."""
    parts = _PARTS.findall(word)
    if len(parts) > 1:
        return " ".join(_known(part) or _composed(part) for part in parts)
    plain = word.replace("'", "")
    if not plain:
        return ""
    if (plain.isupper() and len(plain) <= 5) or not re.search("[aeiouy]", plain.lower()):
        return " . ".join(_LETTERS[letter] for letter in plain.lower())
    return _spelled(plain.lower())


def _spelled(word: str) -> str:
    said: list[str] = []
    for match in _SPELLING.finditer(word):
        if match["long"]:
            said.append(_LONG[match["long"]])
        elif match["silent"] is None or not said or not any(part[-1].isdigit() for part in said):
            said.append(_SPELLINGS[match[0]])
    return _stressed(" ".join(said).split())


def _stressed(said: list[str]) -> str:
    """The first full vowel keeps its stress, the others lose it."""
    stressed = False
    for index, phone in enumerate(said):
        if phone[-1] == "1":
            said[index] = phone[:-1] + ("0" if stressed else "1")
            stressed = True
    return " ".join(said)


def with_dots(said: str) -> str:
    """Dots between syllables: as many consonants as may begin a word go with the vowel after them."""
    if " . " in said:
        return said if not re.search(r"[0-9][^.]*[0-9]", said) else " . ".join(map(with_dots, said.split(" . ")))
    found = said.split()
    vowels = [index for index, phone in enumerate(found) if phone[-1].isdigit()]
    cuts = []
    for before, after in pairwise(vowels):
        start = after
        while (
            start > before + 1
            and (start == after or " ".join(found[start - 1 : after]) in _ONSETS)
            and found[start - 1] != "NG"
        ):
            start -= 1
        cuts.append(start)
    for cut in reversed(cuts):
        found.insert(cut, ".")
    return " ".join(found)


@cache
def _lexicon() -> bytes:
    return zlib.decompress((Path(__file__).parent / "english_words.bin").read_bytes())


def _look_up(word: str) -> str:
    """Bisection over the lexicon's lines: word, tab, phones."""
    block, wanted = _lexicon(), word.encode()
    low, high = 0, len(block)
    while low < high:
        start = block.rfind(b"\n", 0, (low + high) // 2) + 1
        end = block.find(b"\n", start)
        entry, _, codes = block[start:end].partition(b"\t")
        if entry == wanted:
            return " ".join(PHONES[code - FIRST_CODE] for code in codes)
        if entry < wanted:
            low = end + 1
        else:
            high = start
    return ""
