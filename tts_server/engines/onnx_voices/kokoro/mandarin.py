"""Mandarin syllables in the IPA that Kokoro v1.0 learned: misaki's, tones as arrows behind the vowel."""

from typing import Final

from tts_server.engines.onnx_voices.clauses.pinyin import parts_of

INITIALS: Final = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s",
}  # fmt: skip
FINALS: Final = {  # 0 is where the tone stands
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n", "eng": "ə0ŋ",
    "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n", "iou": "jou0",
    "ing": "i0ŋ", "iong": "jʊ0ŋ", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "uei": "wei0", "ua": "wa0", "uai": "wai0",
    "uan": "wa0n", "uen": "wə0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "uo": "wo0", "o": "wo0", "v": "y0", "ve": "ɥe0",
    "van": "ɥɛ0n", "vn": "y0n",
}  # fmt: skip
ALONE: Final = {
    "hm": "hm0",
    "hng": "hŋ0",
    "m": "m0",
    "n": "n0",
    "ng": "ŋ0",
    "ê": "ɛ0",
    "io": "jɔ0",
    "yo": "jɔ0",
    "er": "ɚ0",
    "o": "ɔ0",
}
TONES: Final = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}


def ipa(pinyin: str) -> str:
    """A syllable ("zhong1") as symbols; "" for what is none."""
    plain, tone = pinyin[:-1], TONES.get(pinyin[-1:], "")
    if plain in ALONE:
        return ALONE[plain].replace("0", tone)
    parts = parts_of(pinyin)
    sound = "ɨ0" if parts.is_apical else FINALS.get(parts.final, "")
    if parts.is_retroflex:
        sound = sound.rstrip("nŋ") + "ɻ"
    return INITIALS.get(parts.initial, "") + sound.replace("0", tone)
