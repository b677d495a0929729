"""Which language a text is in, as far as its own characters tell. Both sides, pure.

What is said of a text that does not tell (numbers, units, one code) is decided by the voice, the request and what was
said before: `Language` spans carry it.
"""

import re
import unicodedata
from typing import Final

_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u306d\u306f-\u3096\u30a1-\u30fa\uff66-\uff9d]")  # but の
_NO = re.compile("(?<=[\u3400-\u9fff])の(?=[\u3400-\u9fff])")
_SENTENCE = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Z]*+[a-z][A-Za-z]+|[A-Z]++[a-z]|I(?= )|(?:[A-Z]++[ ,]{1,2}){2}[A-Z]++)(?![0-9A-Za-z])"
)
_MANDARIN_MARKS = re.compile("[。，、；：！？]")
_LIST_MARK = re.compile("^[0-9]{1,3}、")
# A number and its unit are no words of any language; nor is a unit behind a slash.
_MEASURE = re.compile(
    r"/(?:kWh|MWh|GB|kg|km|min|day|hour)(?![A-Za-z])"
    r"|[0-9] ?(?:[A-Za-zµμΩ°²³]{1,2}|[kMGThcmµμ]?(?:Wh|Hz|bit|bps|cal|Pa|mol|var|varh|bar|VA)|ppm|ppb|rpm|fps|mph|bpm"
    r"|psi|inHg|inH[2₂]O|mmHg|[mµμ]?Sv|mins?|sec|gal|lbs|BTU|dBm|dBA|CCF|MCF|[KMG]iB|kWh|mAh|day)(?:/[A-Za-z³²]{1,5})?(?![A-Za-z])"
)
_MAX_LOOKED_AT: Final = 2000  # characters; a longer text has told before


def unreadable(text: str) -> int:
    """How many letters of a text no language here reads: they are left out, and counted, not forgotten."""
    if text.isascii():
        return 0
    text = with_chinese_no(text)
    return sum(char.isalpha() and not _is_read(char) for char in text)


def with_chinese_no(text: str) -> str:
    """の for 的, as shops write it (奈雪の茶); Japanese, which has other kana too, stays as it is."""
    return _NO.sub("的", text) if "の" in text and not _KANA.search(text) else text


def _is_read(char: str) -> bool:
    if char <= "\u024f" or "\u0370" <= char <= "\u03ff" or _HAN.match(char):
        return True
    plain = unicodedata.normalize("NFKC", char)
    return all(sign <= "\u024f" or "\u0370" <= sign <= "\u03ff" or _HAN.match(sign) for sign in plain)


def own_language(text: str) -> str | None:
    """ "zh" where there is a Chinese character, "en" where there are English words and no code alone, else None."""
    if _HAN.search(text) is not None:
        return "zh"
    plain = _MEASURE.sub(" ", _LIST_MARK.sub("", text[:_MAX_LOOKED_AT]))
    return "en" if len(_SENTENCE.findall(plain)) > bool(_MANDARIN_MARKS.search(plain)) else None
