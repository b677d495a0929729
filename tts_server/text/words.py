"""Mandarin text to words with parts of speech, by rjieba. Host's side."""

from collections.abc import Iterator
from dataclasses import dataclass

import rjieba

# The model for unknown words likes to glue these to a neighbour: 高兴|地说, 我教|你, 姓乐.
_LOOSE_FIRST = frozenset("地得着了的我你他她它咱不很还把被让给就都也姓叫是在有没")
_LOOSE_LAST = frozenset("地得着了的过我你他她它是在")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a Mandarin text, code points [start, end) of it."""

    text: str
    start: int
    end: int
    tag: str  # jieba's part of speech: "n", "v", "r", …


def load() -> None:
    """Read the dictionary."""
    rjieba.tag("词")


def cut(text: str) -> list[Token]:
    """Cut a stretch of Chinese characters into words."""
    tokens: list[Token] = []
    start = 0
    for word, tag in _pieces(text):
        tokens.append(Token(word, start, start + len(word), tag))
        start += len(word)
    return tokens


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for word, tag in rjieba.tag(text):
        if len(word) == 2 and (word[0] in _LOOSE_FIRST or word[1] in _LOOSE_LAST) and not rjieba.has_word(word):
            yield _single(word[0], tag)
            yield _single(word[1], tag)
        else:
            yield word, tag


def _single(char: str, tag: str) -> tuple[str, str]:
    """A part of a word that was glued together: its own part of speech, else that of the whole."""
    [(_, own)] = rjieba.tag(char)
    return char, own if own != "x" else tag
