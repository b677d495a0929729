"""jieba's dictionary as files that are mapped into memory, made by `build_word_table`. Never changes; thread-safe.

rjieba holds the same in 32 MB, which it takes 0.15 s to build.
"""

import math
import mmap
from functools import cache
from pathlib import Path
from typing import Final

from marisa_trie import Trie

WORDS: Final = Path(__file__).with_name("words.marisa")
COUNTS: Final = Path(__file__).with_name("words.counts")  # 32 bits a word, in the order of its number in WORDS
MAX_WORD: Final = 16  # characters
TAG_BITS: Final = 6  # the rest of a word's 32 bits is how often it was seen
TAGS: Final = (
    *("a", "ad", "ag", "an", "b", "c", "d", "df", "dg", "e", "f", "g", "h", "i", "j", "k", "l", "m", "mg", "mq"),
    *("n", "ng", "nr", "nrfg", "nrt", "ns", "nt", "nz", "o", "p", "q", "r", "rg", "rr", "rz", "s", "t", "tg", "u"),
    *("ud", "ug", "uj", "ul", "uv", "uz", "v", "vd", "vg", "vi", "vn", "vq", "x", "y", "z", "zg"),
)
_TAG_MASK: Final = (1 << TAG_BITS) - 1


class WordTable:
    """Words, how often each was seen, and its part of speech."""

    def __init__(self, words: Path = WORDS, counts: Path = COUNTS) -> None:
        """Raises OSError."""
        self._trie = Trie().mmap(str(words))
        self._counts = mapped_integers(counts)
        self._log_total = math.log(self._counts[-1])  # after the words stands the sum of all

    def tag(self, word: str) -> str | None:
        """A word's part of speech; None where it is not known."""
        if "\0" in word:  # the trie takes it for the end of a word, and finds another
            return None
        try:
            number: int | None = self._trie.get(word)
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        return None if number is None else TAGS[self._counts[number] & _TAG_MASK]

    def beginnings(self, text: str, start: int) -> list[tuple[int, float]]:
        """The words that begin at a place of a text of Chinese characters, shortest first: length, log probability."""
        counts, log_total = self._counts, self._log_total
        return [
            (len(word), math.log(counts[number] >> TAG_BITS) - log_total)
            for word, number in self._trie.iter_prefixes_with_ids(text[start : start + MAX_WORD])
        ]

    @property
    def unseen(self) -> float:
        """The log probability of a character that begins no word."""
        return -self._log_total


@cache
def load() -> WordTable:
    """The table that came with this package."""
    return WordTable()


def mapped_integers(file: Path) -> memoryview:
    """A file of 32-bit integers of this machine, unread until they are asked for. Raises OSError."""
    with file.open("rb") as opened:
        return memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)).cast("I")
