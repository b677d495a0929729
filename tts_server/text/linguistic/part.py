"""A part of an utterance on its way: what reading a stretch of text gives, and runs are assembled of. Pure."""

from dataclasses import dataclass

from tts_server.text.linguistic.utterance import Break, Syllable


@dataclass(frozen=True, slots=True)
class Part:
    """A word or a cluster of marks, code points [start, end) of the segment's text."""

    language: str  # "zh", "en"; "" for marks
    text: str
    start: int
    end: int
    syllables: tuple[Syllable, ...] = ()  # positions still within the segment's text
    break_after: Break = Break.NONE
    phones: str = ""  # ARPAbet of a Latin word
    own: str = ""  # of a Latin word whose sound an owner gives: its phonemes in misaki's signs
    glued: bool = False  # follows the part before without a space (a mark, or a letter after an apostrophe)
