"""A few sentences as the front end would hand them over: to warm a voice up, and to measure how loud it is."""

import re
from dataclasses import replace
from typing import Final

from tts_server.engine import Break, Run, Syllable, Word

LEVEL_DBFS: Final = -19.0  # to which each voice's gain brings it
ENGLISH: Final = (
    "Ready to speak.",
    "The kitchen light is now off, and the door is closed.",
    "Your meeting with Robert starts at nine.",
)
MANDARIN: Final = (
    "ni3 hao3.",
    "jin1 tian1 tian1 qi4 hen3 hao3, wo3 men5 qu4 gong1 yuan2 ba5.",
    "ke4 ting1 de5 deng1 yi3 jing1 da3 kai1 le5.",
)


def english_run(text: str) -> Run:
    """A run of plain English."""
    words = tuple(Word(found[0], *found.span()) for found in re.finditer(r"[\w']+", text))
    return Run("en", text, 0, len(text), words, break_after=Break.SENTENCE)


def mandarin_run(pinyin: str) -> Run:
    """A run of syllables, each one code point long; the signs are of no account."""
    marks = {",": ("，", Break.CLAUSE), ".": ("。", Break.SENTENCE)}
    syllables = []
    for index, written in enumerate(pinyin.split()):
        spoken = written.rstrip(",.")
        mark, after = marks.get(written[len(spoken) :], ("", Break.NONE))
        syllables.append(Syllable("字", spoken, spoken, index, index + 1, after, mark))
    count = len(syllables)
    return Run("zh", "字" * count, 0, count, syllables=tuple(syllables), break_after=Break.SENTENCE)


def trial(language: str) -> tuple[Run, ...]:
    """What a voice of a language says; of one that is not known here, its numbers, which every language can read."""
    numbers = ("1.", "1 2 3 4 5, 6 7 8 9 10.", "2024, 365, 1001.")
    return TRIALS.get(language) or tuple(replace(english_run(text), language=language) for text in numbers)


TRIALS: Final = {
    "en": tuple(english_run(text) for text in ENGLISH),
    "zh": tuple(mandarin_run(pinyin) for pinyin in MANDARIN),
}
