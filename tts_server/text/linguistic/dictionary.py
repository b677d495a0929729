"""The owner's own words: how they are read, or what is said in their place. Wins over every rule. Host's side, pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from re import Pattern

from tts_server.text.linguistic.aligned import Piece
from tts_server.text.linguistic.entries import checked_entry
from tts_server.text.linguistic.ipa import is_sayable
from tts_server.text.linguistic.segment import Reading, SayAs, Segment

_PINYIN = re.compile(r"\s*[a-zêüv:]+[1-5](?:\s+[a-zêüv:]+[1-5])*\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Words with pinyin ("chong2 qing4"), IPA ("/ʃɪˈvɔːn/") or other text.

    Among overlapping words the first and longest counts.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    pattern: Pattern[str] | None = None

    @classmethod
    def of(cls, words: Mapping[str, str]) -> "Dictionary":
        """Make a dictionary ready for use; Latin words are matched whole."""
        known = [word for word in sorted(words, key=len, reverse=True) if word]
        entries = {word: _understood(word, said) for word, said in words.items()}
        return cls(entries, re.compile("|".join(map(_whole, known))) if known else None)

    def readings(self, segment: Segment) -> list[Reading]:
        """Where a word's reading is given. What the client says about a stretch itself is left alone."""
        return [Reading(start, end, said) for start, end, said in self._matches(segment) if _is_reading(said)]

    def texts(self, segment: Segment) -> list[Piece]:
        """Where other text is said, in order."""
        return [(said, start, end) for start, end, said in self._matches(segment) if not _is_reading(said)]

    def _matches(self, segment: Segment) -> Iterator[tuple[int, int, str]]:
        if self.pattern is None:
            return
        decided: Sequence[Reading | SayAs] = [span for span in segment.spans if isinstance(span, Reading | SayAs)]
        for match in self.pattern.finditer(segment.text):
            if not any(span.start < match.end() and match.start() < span.end for span in decided):
                yield match.start(), match.end(), self.words[match[0]]


def _is_reading(said: str) -> bool:
    return _PINYIN.fullmatch(said) is not None or is_sayable(said)


def _understood(word: str, said: str) -> str:
    """Pinyin in the one spelling that is read here; an entry that cannot be checked stays as it was written."""
    try:
        return checked_entry(word, said)
    except ValueError:
        return said


def _whole(word: str) -> str:
    """A pattern for the word; at a Latin letter or digit it must end as a word does, but 5kWh has the word kWh."""
    before = ""
    if word[0].isascii() and word[0].isalnum():
        before = "(?<![A-Za-z0-9])" if word[0].isdigit() else "(?<![A-Za-z])"
    after = "(?![A-Za-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return before + re.escape(word) + after
