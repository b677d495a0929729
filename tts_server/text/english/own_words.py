"""Words whose sound an owner gives in IPA, as ARPAbet. Pure."""

import re
from typing import Final

from tts_server.text.english.arpabet import with_dots
from tts_server.text.linguistic.ipa import phonemes
from tts_server.text.linguistic.part import Part
from tts_server.text.linguistic.segment import Reading

_VOWELS: Final = {
    **{"A": "EY", "I": "AY", "O": "OW", "W": "AW", "Y": "OY", "i": "IY", "u": "UW", "æ": "AE", "ɑ": "AA", "ə": "AH"},
    **{"ɔ": "AO", "ɛ": "EH", "ɜ": "ER", "ɪ": "IH", "ʊ": "UH", "ʌ": "AH", "ᵊ": "AH", "ᵻ": "IH"},
}
_CONSONANTS: Final = {
    **{sign: sign.upper() for sign in "bdfklmnpstvwz"},
    **{"h": "HH", "j": "Y", "ð": "DH", "ŋ": "NG", "ɡ": "G", "ɹ": "R", "ʃ": "SH", "ʒ": "ZH", "ʤ": "JH", "ʧ": "CH"},
    **{"θ": "TH", "T": "T", "ʔ": "T"},
}
_STRESSES: Final = {"ˈ": "1", "ˌ": "2", "": "0"}
_GENITIVE: Final = re.compile("['’]s(?![A-Za-z0-9])")
_SOUND: Final = re.compile("([ˈˌ]?)(ɜɹ|əɹ|.)")


def part(text: str, reading: Reading) -> Part:
    """The word of a text that is read so, with the 's behind it."""
    said, end = phonemes(reading.said), reading.end
    if _GENITIVE.match(text, end):
        said, end = said + _genitive(said[-1]), end + 2
    word = text[reading.start : end].encode("utf-8", "ignore").decode("utf-8").strip()
    return Part("en", word or "?", reading.start, end, phones=arpabet(said), own=said)


def _genitive(last: str) -> str:
    if last in "szʃʒʧʤ":
        return "ᵻz"
    return "s" if last in "ptkfθT" else "z"


def arpabet(phonemes: str) -> str:
    """As `arpabet.phones` tells of a word: "ʃɪvˈɔn" is "SH IH0 . V AO1 N"."""
    found: list[str] = []
    for stress, sign in _SOUND.findall(phonemes.replace(" ", "")):
        if sign in ("ɜɹ", "əɹ"):
            found.append("ER" + _STRESSES[stress])
        elif sign in _VOWELS:
            found.append(_VOWELS[sign] + _STRESSES[stress])
        else:
            found.append(_CONSONANTS[sign])
    return with_dots(" ".join(found))
