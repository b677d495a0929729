"""Mandarin text to words with parts of speech, by rjieba. Host's side."""

from dataclasses import dataclass

import rjieba


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
    for word, tag in rjieba.tag(text):
        tokens.append(Token(word, start, start + len(word), tag))
        start += len(word)
    return tokens
