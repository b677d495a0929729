"""The linguistic utterance: what the front end knows about a text, in no engine's own symbols.

All positions are code points of the text the client sent, half-open, whatever normalisation did in between.
"""

from dataclasses import dataclass
from enum import IntEnum


class Break(IntEnum):
    """How strong a boundary is: the usual #0-#4 of Mandarin prosody labels."""

    NONE = 0
    WORD = 1  # prosodic word, no pause
    PHRASE = 2  # prosodic phrase, a hint of a pause
    CLAUSE = 3  # intonation phrase, the pause of a comma
    SENTENCE = 4


@dataclass(frozen=True, slots=True)
class Prosody:
    """How something is to be said."""

    emotion: str = "neutral"  # canonical name
    intensity: float = 1.0  # 0 neutral, 1 the voice's normal, 2 at most
    speed: float = 1.0  # 2 is twice as fast
    pitch: float = 0.0  # semitones
    volume: float = 0.0  # dB
    sentence_pause_ms: int | None = None  # after a sentence; None: the voice's own
    clause_pause_ms: int | None = None  # after a comma and its like


@dataclass(frozen=True, slots=True)
class Syllable:
    """One Mandarin syllable."""

    char: str  # the sign it is the reading of, after normalisation; two for a merged 儿化 ("花儿")
    pinyin: str  # dictionary reading with tone digit, 5 = neutral, ü as v: "lv4", "huar1"
    spoken: str  # the same after tone sandhi
    start: int
    end: int
    break_after: Break = Break.NONE
    punctuation: str = ""  # the mark that follows it, if any: "，" "？"


@dataclass(frozen=True, slots=True)
class Word:
    """A word: Mandarin (its syllables are run.syllables[first:last]) or of a Latin script (first == last)."""

    text: str
    start: int
    end: int
    first: int = 0
    last: int = 0
    phones: str = ""  # of a Latin word: ARPAbet with stress, dots between syllables: "W AY1 . F AY0"
    own: str = ""  # its phonemes in misaki's signs, where an owner gives them: "wˈIfI"


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch in one language, said in one way. Mandarin runs carry syllables, other ones only text and words."""

    language: str  # "zh", "en"
    text: str  # normalised; what is said, with its punctuation
    start: int
    end: int
    words: tuple[Word, ...] = ()
    syllables: tuple[Syllable, ...] = ()
    prosody: Prosody = Prosody()
    break_after: Break = Break.NONE
    pause_ms: int | None = None  # an exact pause after the run, in place of the break's own


@dataclass(frozen=True, slots=True)
class Sentence:
    """One analysed segment of text."""

    text: str  # as the client sent it, without markup
    normalised: str
    runs: tuple[Run, ...]
