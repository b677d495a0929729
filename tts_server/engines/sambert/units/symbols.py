"""Syllables and English words to the units Sambert was trained on, and units to the ids its embeddings know.

    units(runs, speaker="F7") -> [Unit, ...]     phones and break marks of one sentence, in order
    to_string(units), from_string(symbols)       the six fields as text: {b_c$tone3$s_begin$word_begin$emotion_happy$F7}
    encode(units, speakers) -> int64 (U, 6)      columns in the order of STREAMS

Agrees with KAN-TTS's converter of annotated text (its reserved end symbol, which the model never sees, left out).
A word in the model's sense is a prosodic word: what stands between two marks.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Break, Run, Syllable, Word
from tts_server.engines.sambert.units.dialects import NAMES as DIALECTS
from tts_server.engines.sambert.units.dialects import Dialect, dialect
from tts_server.engines.sambert.units.phones import PHONES, english_word, spoken_syllable

STREAMS: Final = ("sy", "tone", "syllable_flag", "word_segment", "emo_category", "speaker_category")
SPECIALS: Final = ("_", "~", "@[MASK]")  # the last rows of every table; the mask is missing in some checkpoints

# Index order is the order of the checkpoints' embedding rows, as that of PHONES.
MARKS: Final = ("#1", "#2", "#3", "#4")
TONES: Final = ("tone1", "tone_none", "tone4", "tone2", "tone3", "tone5", "tone0")
SYLLABLE_FLAGS: Final = ("s_begin", "s_end", "s_none", "s_both", "s_middle")
WORD_SEGMENTS: Final = ("word_begin", "word_end", "word_middle", "word_both", "word_none")
_CATEGORIES: Final = (
    "none", "neutral", "angry", "disgust", "fear", "happy", "sad", "surprise", "calm", "gentle", "relax", "lyrical",
    "serious", "disgruntled", "satisfied", "disappointed", "excited", "anxiety", "jealousy", "hate", "pity",
    "pleasure", "arousal", "dominance", *(f"placeholder{number}" for number in range(1, 10)),
)  # fmt: skip
EMOTIONS: Final = tuple(f"emotion_{category}" for category in _CATEGORIES)

# Our canonical names where Sambert's category is called otherwise. A voice may need others (its disgust may be "hate").
CATEGORIES: Final[Mapping[str, str]] = {"anxious": "anxiety", "affectionate": "gentle"}

_CLAUSE_END, _SENTENCE_END = re.compile(r"[,;:，；：、—]"), re.compile(r"[.!?。！？…]")


@dataclass(frozen=True, slots=True)
class Unit:
    """One input of the acoustic model: a phone of a syllable, or a break mark. Its first six fields are the symbol."""

    sy: str
    tone: str
    syllable_flag: str
    word_segment: str
    emotion: str
    speaker: str
    start: int = -1  # code points [start, end) of the client's text: of the syllable or English word it belongs to,
    end: int = -1  # for a mark of the one before it; -1 when it was read from a string
    run: int = 0  # which of the runs it belongs to

    @property
    def is_break(self) -> bool:
        """Whether it is a mark between prosodic words."""
        return self.sy.startswith("#")


@dataclass(frozen=True, slots=True)
class _Sound:
    """A syllable of either language, on its way to units."""

    phones: tuple[str, ...]
    tone: str
    start: int
    end: int


def units(
    runs: Sequence[Run],
    *,
    speaker: str,
    emotion_on_breaks: bool = False,
    categories: Mapping[str, str] = CATEGORIES,
) -> list[Unit]:
    """The units of one sentence. Each phone has its run's emotion; marks have none, as in the published front end.

    A mark within the sentence is at most #3; the sentence ends with #4. No units when there is nothing to say.
    """
    made: list[Unit] = []
    for number, run in enumerate(runs):
        emotion = f"emotion_{categories.get(run.prosody.emotion, run.prosody.emotion)}"
        on_breaks = emotion if emotion_on_breaks else "emotion_none"
        for sounds, strength in _words(run):
            made += _word_units(sounds, emotion, speaker, number)
            if strength:
                mark = f"#{min(strength, Break.CLAUSE)}"
                made.append(_mark(mark, on_breaks, speaker, made[-1]))
    if made and made[-1].is_break:
        made[-1] = _mark("#4", made[-1].emotion, speaker, made[-1])
    elif made:
        made.append(_mark("#4", made[-1].emotion if emotion_on_breaks else "emotion_none", speaker, made[-1]))
    return made


def to_string(units: Iterable[Unit]) -> str:
    """The units as the published front end writes them."""
    return " ".join(
        f"{{{unit.sy}${unit.tone}${unit.syllable_flag}${unit.word_segment}${unit.emotion}${unit.speaker}}}"
        for unit in units
    )


def from_string(symbols: str) -> list[Unit]:
    """Read what `to_string` writes. Raises ValueError."""
    fields = [symbol.removeprefix("{").removesuffix("}").split("$") for symbol in symbols.split()]
    if any(len(row) != 6 for row in fields):
        raise ValueError("a symbol has six fields separated by $")
    return [Unit(sy, tone, flag, segment, emotion, speaker) for sy, tone, flag, segment, emotion, speaker in fields]


def encode(units: Sequence[Unit], speakers: Sequence[str], language: str = "PinYin") -> NDArray[np.int64]:
    """Ids (U, 6), columns as in STREAMS. speakers: the checkpoint's list, in order. Raises ValueError."""
    tables = _tables(tuple(speakers), language)
    try:
        rows = [[table[field] for table, field in zip(tables, _fields(unit), strict=True)] for unit in units]
    except KeyError as error:
        raise ValueError(f"the voice has no symbol {error.args[0]}") from None
    return np.array(rows, np.int64).reshape(-1, len(STREAMS))


def table_sizes(speakers: Sequence[str], language: str = "PinYin") -> dict[str, int]:
    """Rows of each embedding table, the specials with the mask included. Raises ValueError."""
    tables = _tables(tuple(speakers), language)
    return {stream: len(table) + len(SPECIALS) for stream, table in zip(STREAMS, tables, strict=True)}


@lru_cache(maxsize=64)
def _tables(speakers: tuple[str, ...], language: str) -> tuple[dict[str, int], ...]:
    if language != "PinYin" and language not in DIALECTS:
        raise ValueError(f"there are no symbols for {language}; there are for PinYin, {', '.join(DIALECTS)}")
    own = Dialect(PHONES, TONES, {}) if language == "PinYin" else dialect(language)
    categories = ((*own.phones, *MARKS), own.tones, SYLLABLE_FLAGS, WORD_SEGMENTS, EMOTIONS, speakers)
    return tuple({symbol: index for index, symbol in enumerate(symbols)} for symbols in categories)


def _fields(unit: Unit) -> tuple[str, ...]:
    return unit.sy, unit.tone, unit.syllable_flag, unit.word_segment, unit.emotion, unit.speaker


def _mark(mark: str, emotion: str, speaker: str, before: Unit) -> Unit:
    return Unit(mark, "tone_none", "s_none", "word_none", emotion, speaker, before.start, before.end, before.run)


# -- words ------------------------------------------------------------------------------------------------------------


def _words(run: Run) -> Iterator[tuple[list[_Sound], int]]:
    """Prosodic words of a Mandarin run, words of an English one; each with the break after it. A run ends a word."""
    found = list(_mandarin_words(run.syllables) if run.syllables else _english_words(run))
    for index, (sounds, strength) in enumerate(found):
        yield sounds, max(strength, run.break_after) if index == len(found) - 1 else strength


def _mandarin_words(syllables: Sequence[Syllable]) -> Iterator[tuple[list[_Sound], int]]:
    sounds: list[_Sound] = []
    for index, syllable in enumerate(syllables):
        sounds += (_Sound(said, tone, syllable.start, syllable.end) for said, tone in spoken_syllable(syllable.spoken))
        if syllable.break_after or index == len(syllables) - 1:
            yield sounds, syllable.break_after
            sounds = []


def _english_words(run: Run) -> Iterator[tuple[list[_Sound], int]]:
    at = 0
    for word in run.words:
        at = max(at, run.text.find(word.text, at)) + len(word.text)
        sounds = [_Sound(phones, tone, word.start, word.end) for phones, tone in english_word(word.phones)]
        if sounds:
            yield sounds, _english_break(run.text, at, word, run)


def _english_break(text: str, at: int, word: Word, run: Run) -> int:
    """The break after an English word: what its punctuation says, else that of a word."""
    if word is run.words[-1]:
        return Break.NONE  # the run's own
    marks = re.match(r"[^\w\s]*", text[at:])
    found = marks[0] if marks else ""
    return Break.CLAUSE if _CLAUSE_END.search(found) or _SENTENCE_END.search(found) else Break.WORD


def _word_units(sounds: Sequence[_Sound], emotion: str, speaker: str, run: int) -> Iterator[Unit]:
    last = sum(len(sound.phones) for sound in sounds) - 1
    position = 0
    for sound in sounds:
        for place, phone in enumerate(sound.phones):
            flag = _place(place, len(sound.phones) - 1, "s")
            segment = _place(position, last, "word")
            yield Unit(phone, sound.tone, flag, segment, emotion, speaker, sound.start, sound.end, run)
            position += 1


def _place(position: int, last: int, what: str) -> str:
    where = "both" if not last else "begin" if not position else "end" if position == last else "middle"
    return f"{what}_{where}"
