"""A segment: a stretch of cleaned text on its way from the daemon to the engine host."""

from dataclasses import dataclass

from tts_server.text.linguistic.utterance import Prosody


@dataclass(frozen=True, slots=True)
class Style:
    """Code points [start, end) of the segment's text are said this way."""

    start: int
    end: int
    prosody: Prosody


@dataclass(frozen=True, slots=True)
class Pause:
    """An exact pause before code point `at` of the segment's text."""

    at: int
    ms: int
    is_added: bool = False  # before the first word: besides the pause of the sentence before, not in place of it


@dataclass(frozen=True, slots=True)
class Reading:
    """Code points [start, end) are read as these pinyin syllables (tone digits, space-separated), or as /IPA/."""

    start: int
    end: int
    said: str


@dataclass(frozen=True, slots=True)
class SayAs:
    """Code points [start, end) are to be interpreted this way ("digits", "cardinal", "characters", …)."""

    start: int
    end: int
    interpret_as: str


@dataclass(frozen=True, slots=True)
class Before:
    """What was said just before the segment was said this other way: a voice may change over smoothly."""

    prosody: Prosody


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The segment ends inside a sentence: no end of one is to be heard."""


@dataclass(frozen=True, slots=True)
class Language:
    """What the text does not tell of itself (numbers, units) is said in this language."""

    code: str


Span = Language | Style | Pause | Reading | SayAs | Before | Unfinished


@dataclass(frozen=True, slots=True)
class Segment:
    """Text to be said in one go, markup removed."""

    text: str
    offsets: tuple[int, ...]  # len(text) + 1: where each code point, and the end, stood in the client's text
    spans: tuple[Span, ...] = ()

    @property
    def prosody(self) -> Prosody:
        """How the segment begins to be said."""
        return next((span.prosody for span in self.spans if isinstance(span, Style)), Prosody())
