"""hibari's English phonemes (misaki's symbols) as espeak-ng writes American English, which Piper's voices learned."""

import re
from typing import Final

PLAIN: Final = str.maketrans(
    {"A": "eɪ", "I": "aɪ", "W": "aʊ", "Y": "ɔɪ", "O": "oʊ", "Q": "oʊ", "T": "ɾ", "ʤ": "dʒ", "ʧ": "tʃ", "ᵊ": "ə"}
)
# In this order; what espeak writes long depends on what stands around it.
RULES: Final = tuple(
    (re.compile(pattern), symbols)
    for pattern, symbols in (
        ("ɜɹ", "ɜː"),
        ("əɹ", "ɚ"),
        ("ɑ", "ɑː"),
        ("ɔ(?![ɪfnŋ])", "ɔː"),
        ("u(?!ː)", "uː"),
        ("(?<=[ˈˌ])i(?!ə)", "iː"),  # stressed
        ("^([^ˈˌaeiouæɑɔəɛɜɪʊʌɐᵻɚ]*)i$", r"\1iː"),  # alone in its word: be, she
    )
)


def espeak_ipa(word: str) -> str:
    """One word's phonemes."""
    word = word.translate(PLAIN)
    for pattern, symbols in RULES:
        word = pattern.sub(symbols, word)
    return word
