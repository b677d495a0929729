"""How an English word is said, written in IPA between slashes: "/ʃɪˈvɔːn/". Checked, in the signs engines know. Pure.

The signs are misaki's, which hibari's and Kokoro's nets learned: a letter for each diphthong and affricate, and a
stress mark before its vowel, not before its syllable.
"""

import re
import unicodedata
from typing import Final

MAX_SIGNS: Final = 128
VOWELS: Final = "AIOWYiuæɑəɔɛɜɪʊʌᵊᵻ"
_CONSONANTS: Final = "bdfhjklmnpstvwzðŋɡɹʃʒʤʧθTʔ"
# What people and dictionaries write, longest first, and the sign for it. Length, ties and dots say nothing here.
_SAME: Final = (
    *(("əʊ", "O"), ("oʊ", "O"), ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"), ("tʃ", "ʧ"), ("dʒ", "ʤ")),
    *(("ɝ", "ɜɹ"), ("ɚ", "əɹ"), ("ɫ", "l"), ("ʍ", "w"), ("x", "k"), ("g", "ɡ"), ("r", "ɹ"), ("ɾ", "T")),
    *(("ɒ", "ɑ"), ("ɐ", "ʌ"), ("a", "ɑ"), ("e", "ɛ"), ("o", "O"), ("ɨ", "ɪ"), ("'", "ˈ"), ("’", "ˈ")),
)
_SILENT: Final = re.compile("[ː.͜͡‿]")
_STRESS_OF_SYLLABLE: Final = re.compile(f"([ˈˌ])([{_CONSONANTS}]+)(?=[{VOWELS}])")
_SYLLABIC: Final = re.compile("([lmnɹ])\u0329")


def is_ipa(said: str) -> bool:
    """Whether an entry of a dictionary is meant as IPA."""
    return len(said) > 1 and said.startswith("/") and said.endswith("/")


def is_sayable(said: str) -> bool:
    """Whether it is IPA without a mistake."""
    try:
        return is_ipa(said) and bool(phonemes(said))
    except ValueError:
        return False


def phonemes(said: str) -> str:
    """The signs for an entry that is IPA. Raises ValueError that names the first sign that is none."""
    written = unicodedata.normalize("NFC", said.strip().strip("/").strip())
    signs = _SYLLABIC.sub(r"ᵊ\1", _SILENT.sub("", written))
    for theirs, ours in _SAME:
        signs = signs.replace(theirs, ours)
    for sign in signs:
        if sign not in f"{VOWELS}{_CONSONANTS}ˈˌ ":
            raise ValueError(f"{sign!r} in {said!r} is no sound of English in IPA")
    if not any(sign in VOWELS for sign in signs) or len(signs) > MAX_SIGNS:
        raise ValueError(f"{said!r} is no word in IPA: it needs a vowel, and has {MAX_SIGNS} signs at most")
    signs = _STRESS_OF_SYLLABLE.sub(r"\2\1", signs)
    return signs if "ˈ" in signs else re.sub(f"([{VOWELS}])", r"ˈ\1", signs, count=1)
