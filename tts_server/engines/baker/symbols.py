"""Pinyin syllables to the acoustic model's symbols, those of DataBaker's labels: initial, final with tone, break mark.

Robust to any syllable: what the symbols cannot say becomes the nearest thing they can, and is logged once.
"""

import logging
from functools import lru_cache
from typing import Final

log = logging.getLogger(__name__)

MARKS: Final = ("pad", "sil", "#0", "#1", "#2", "#3")
INITIALS: Final = (
    "^", "b", "c", "ch", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "q", "r", "s", "sh", "t", "x", "z", "zh",
)  # fmt: skip
FINALS: Final = (
    "a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang", "iao", "ie", "ii", "iii",
    "in", "ing", "iong", "iou", "o", "ong", "ou", "u", "ua", "uai", "uan", "uang", "uei", "uen", "ueng", "uo",
    "v", "van", "ve", "vn",
)  # fmt: skip
TONES: Final = "12345"
SYMBOLS: Final = (*MARKS, *INITIALS, *(final + tone for final in FINALS for tone in TONES), "eos")
IDS: Final = {symbol: index for index, symbol in enumerate(SYMBOLS)}

# finals as pinyin writes them -> as the labels do
SPELLINGS: Final = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve", "ê": "ei"}
# syllables without an initial that begin with y or w, where taking the letter for i or u is not enough
WITHOUT_INITIAL: Final = {
    "yi": "i", "yin": "in", "ying": "ing", "yo": "iou", "yong": "iong", "you": "iou", "wu": "u", "wen": "uen",
    "wei": "uei", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn",
}  # fmt: skip
# interjections without a vowel: 嗯 is labelled "en"
VOWELLESS: Final = {"n": "en", "ng": "en", "m": "en", "hm": "hen", "hn": "hen", "hng": "heng", "r": "er"}


@lru_cache(maxsize=4096)
def phones(syllable: str) -> tuple[str, ...]:
    """The symbols of one spoken syllable with tone digit: "ma1" -> m a1, "huar1" -> h ua1 er5."""
    tone = syllable[-1] if syllable[-1:].isdigit() else "5"
    tone = tone if tone in TONES else "5"
    letters = syllable.rstrip("0123456789").lower().replace("ü", "v").replace("u:", "v")
    letters = VOWELLESS.get(letters, letters)
    if letters.endswith("r") and letters != "er":
        return (*_initial_and_final(letters[:-1], tone), "er5")
    return _initial_and_final(letters, tone)


def _initial_and_final(letters: str, tone: str) -> tuple[str, str]:
    if letters in WITHOUT_INITIAL:
        return "^", WITHOUT_INITIAL[letters] + tone
    if letters[:1] in ("y", "w"):
        return "^", _known(letters, {"y": "i", "w": "u"}[letters[0]] + letters[1:]) + tone
    initial = letters[:2] if letters[:2] in INITIALS else letters[:1]
    if initial not in INITIALS:
        return "^", _known(letters, SPELLINGS.get(letters, letters)) + tone
    final = SPELLINGS.get(letters[len(initial) :], letters[len(initial) :])
    if final == "i" and initial in ("z", "c", "s"):
        final = "ii"
    elif final == "i" and initial in ("zh", "ch", "sh", "r"):
        final = "iii"
    elif initial in ("j", "q", "x") and final.startswith("u"):
        final = {"uen": "vn"}.get(final, "v" + final[1:])
    return initial, _known(letters, final) + tone


def _known(letters: str, final: str) -> str:
    """The final, or the longest known one that it ends with."""
    if final in FINALS:
        return final
    log.warning("no symbols for the syllable %r; saying the nearest", letters)  # once: callers are cached
    return next((final[start:] for start in range(len(final)) if final[start:] in FINALS), "en")
