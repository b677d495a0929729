"""A text that remembers, character by character, which code points of another text it stands for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from re import Match, Pattern

Piece = tuple[str, int, int]  # what is said in place of [start, end) of the text
Say = Callable[[Match[str]], "str | Iterable[Piece] | None"]  # None: leave this match as it is

_MAX_DIFF_CHARS = 160  # difflib is quadratic on repeated characters; longer stretches are mapped as a whole
_SAME = {"0": "零〇", "1": "一幺", "2": "二两", "3": "三", "4": "四", "5": "五", "6": "六", "7": "七", "8": "八",
         "9": "九", ".": "点", "@": "艾"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aligned:
    """`text[i]` stands for code points [starts[i], ends[i]) of the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def identity(cls, text: str) -> Aligned:
        """Align a text with itself."""
        return cls(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))

    def substitute(self, pattern: Pattern[str], say: Say) -> Aligned:
        """Replace every match by what `say` makes of it: a text, or pieces for parts of the match."""
        pieces: list[Piece] = []
        for match in pattern.finditer(self.text):
            spoken = say(match)
            if isinstance(spoken, str):
                pieces.append((spoken, match.start(), match.end()))
            elif spoken is not None:
                pieces.extend(spoken)
        return self.replace(pieces) if pieces else self

    def replace(self, pieces: Iterable[Piece]) -> Aligned:
        """Put each piece in place of its stretch. Pieces come in order and do not overlap."""
        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        done = 0
        for spoken, start, end in (*pieces, ("", len(self.text), len(self.text))):
            texts += (self.text[done:start], spoken)
            starts += self.starts[done:start]
            ends += self.ends[done:start]
            for first, last in align(self.text[start:end], spoken):
                starts.append(self.starts[start + first])
                ends.append(self.ends[start + last - 1])
            done = end
        return Aligned("".join(texts), tuple(starts), tuple(ends))


def align(written: str, spoken: str) -> list[tuple[int, int]]:
    """For each character of `spoken`, the stretch of `written` it reads; all of a difference where they differ."""
    if _reads_one_by_one(written, spoken):
        return [(index, index + 1) for index in range(len(spoken))]
    if len(written) + len(spoken) > _MAX_DIFF_CHARS:
        return [(0, len(written))] * len(spoken)
    spans: list[tuple[int, int]] = []
    for _, first, last, begin, end in SequenceMatcher(None, written, spoken, autojunk=False).get_opcodes():
        if written[first:last] == spoken[begin:end] or _reads_one_by_one(written[first:last], spoken[begin:end]):
            spans += ((first + index, first + index + 1) for index in range(end - begin))
        else:
            # What was only inserted (the 点 of 7:05) belongs to its right neighbour, or to the last character.
            span = (first, last) if first < last else (min(first, len(written) - 1), min(first, len(written) - 1) + 1)
            spans += [span] * (end - begin)
    return spans


def _reads_one_by_one(written: str, spoken: str) -> bool:
    return len(written) == len(spoken) and all(
        mark == sound or sound in _SAME.get(mark, "") for mark, sound in zip(written, spoken, strict=True)
    )
