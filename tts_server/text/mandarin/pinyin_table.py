"""The readings of phrases and characters, as a table that is mapped into memory. Host's side.

`build_pinyin_table` makes it of pypinyin's dictionaries. A look-up takes a microsecond, and nothing is read
before it is asked for. As Python's dicts they would take 19 MB and a quarter of a second.
"""

from functools import cache
from pathlib import Path
from typing import Final

from marisa_trie import BytesTrie

FILE: Final = Path(__file__).with_name("pinyin.marisa")
MAX_PHRASE: Final = 8  # characters


class PinyinTable:
    """Readings with tone digits. Never changes, so any thread may ask."""

    def __init__(self, file: Path = FILE) -> None:
        """Raises OSError."""
        self._trie = BytesTrie().mmap(str(file))

    def phrase(self, word: str) -> str | None:
        """The pinyin of a phrase that holds a polyphone, separated by spaces; of more than one character."""
        return self._entry(word) or None

    def character(self, char: str) -> list[str]:
        """All readings of one character, the most frequent first; none where it is not known."""
        return self._entry(char).split()

    def _entry(self, key: str) -> str:
        # a key that begins with NUL finds whatever stands first
        found = self._trie.get(key) if "\0" not in key else None
        return found[0].decode("ascii") if found else ""


@cache
def load() -> PinyinTable:
    """The table that came with this package."""
    return PinyinTable()
