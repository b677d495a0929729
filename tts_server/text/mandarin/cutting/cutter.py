"""Chinese characters to words with parts of speech, as rjieba cuts them, from mapped files. Host's side, pure."""

import re
from collections.abc import Iterator
from typing import Final

from tts_server.text.mandarin.cutting import unknown_tags, unknown_words, word_table

_CUT: Final = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002ebef\U0002f800-\U0002fa1f]+|.",
    re.DOTALL,
)


def load() -> None:
    """Open the dictionary."""
    tag("词")


def tag(text: str) -> list[tuple[str, str]]:
    """The words of a stretch of Chinese characters, each with its part of speech."""
    table = word_table.load()
    return [(word, table.tag(word) or unknown_tags.guess(word)) for word in cut(text)]


def cut(text: str) -> list[str]:
    """The words of a stretch of Chinese characters."""
    words: list[str] = []
    for block in _CUT.findall(text):
        words += _cut_block(block) if len(block) > 1 else block
    return words


def has_word(word: str) -> bool:
    """Whether the dictionary has it."""
    return word_table.load().tag(word) is not None


def _cut_block(block: str) -> Iterator[str]:
    """Words of the likeliest way through the dictionary; single characters in a row may be a word that it lacks."""
    ends = _ends(block)
    start = alone = 0  # alone: where single characters began
    while start < len(block):
        end = ends[start]
        if end - start > 1:
            yield from _singles(block[alone:start])
            yield block[start:end]
            alone = end
        start = end
    yield from _singles(block[alone:])


def _singles(chars: str) -> Iterator[str]:
    return unknown_words.cut(chars) if len(chars) > 1 and not has_word(chars) else iter(chars)


def _ends(block: str) -> list[int]:
    """Where the word ends that begins at each place, on the likeliest way from there to the end."""
    table = word_table.load()
    ends, best = [0] * len(block), [0.0] * (len(block) + 1)
    for start in range(len(block) - 1, -1, -1):
        words = table.beginnings(block, start) or [(1, table.unseen)]
        best[start], ends[start] = max((log + best[start + length], start + length) for length, log in words)
    return ends
