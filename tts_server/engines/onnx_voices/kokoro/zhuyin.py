"""Mandarin syllables in the symbols that Kokoro v1.1-zh learned: misaki's, mostly zhuyin, tones as digits behind."""

from typing import Final

from tts_server.engines.onnx_voices.clauses.pinyin import parts_of

INITIALS: Final = {
    "b": "ㄅ", "p": "ㄆ", "m": "ㄇ", "f": "ㄈ", "d": "ㄉ", "t": "ㄊ", "n": "ㄋ", "l": "ㄌ", "g": "ㄍ", "k": "ㄎ",
    "h": "ㄏ", "j": "ㄐ", "q": "ㄑ", "x": "ㄒ", "zh": "ㄓ", "ch": "ㄔ", "sh": "ㄕ", "r": "ㄖ", "z": "ㄗ", "c": "ㄘ",
    "s": "ㄙ",
}  # fmt: skip
FINALS: Final = {  # where zhuyin has two signs, misaki took a character that is read so
    "a": "ㄚ", "o": "ㄛ", "io": "ㄛ", "e": "ㄜ", "ie": "ㄝ", "ai": "ㄞ", "ei": "ㄟ", "ao": "ㄠ", "ou": "ㄡ", "an": "ㄢ",
    "en": "ㄣ", "ang": "ㄤ", "eng": "ㄥ", "er": "ㄦ", "i": "ㄧ", "u": "ㄨ", "v": "ㄩ", "ve": "月", "ia": "压",
    "ian": "言", "iang": "阳", "iao": "要", "in": "阴", "ing": "应", "iong": "用", "iou": "又", "ong": "中", "ua": "穵",
    "uai": "外", "uan": "万", "uang": "王", "uei": "为", "uen": "文", "ueng": "瓮", "uo": "我", "van": "元", "vn": "云",
}  # fmt: skip
APICAL: Final = {"z": "ㄭ", "c": "ㄭ", "s": "ㄭ"}  # others: 十
RETROFLEX: Final = "R"
MARK: Final = "ㄅ"  # a vocabulary that has it is of this kind


def zhuyin(pinyin: str) -> str:
    """A syllable ("zhong1") as symbols; "" for what is none."""
    initial, final, tone, is_retroflex = parts = parts_of(pinyin)
    sound = APICAL.get(initial, "十") if parts.is_apical else FINALS.get(final, "")
    if is_retroflex and sound:
        sound = FINALS["er"] if final == "e" and initial else sound + RETROFLEX
    return INITIALS.get(initial, "") + sound + tone if sound else ""
