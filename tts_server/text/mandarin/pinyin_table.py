"""Readings of phrases and characters, from the file that `build_pinyin_table` makes of pypinyin's dictionaries."""

from functools import cache
from pathlib import Path
from typing import Final

from tts_server.text.linguistic.mapped_table import MappedTable

FILE: Final = Path(__file__).with_name("pinyin.marisa")
MAX_PHRASE: Final = 8  # characters


class PinyinTable:
    """Readings with tone digits. Never changes, so any thread may ask."""

    def __init__(self, file: Path = FILE) -> None:
        """Raises OSError."""
        self._table = MappedTable(file)

    def phrase(self, word: str) -> str | None:
        """The pinyin of a phrase that holds a polyphone, separated by spaces; of more than one character."""
        return self._entry(word) or None

    def character(self, char: str) -> list[str]:
        """All readings of one character, the most frequent first; none where it is not known."""
        return self._entry(char).split()

    def _entry(self, key: str) -> str:
        return (self._table.get(key) or b"").decode("ascii")


@cache
def load() -> PinyinTable:
    """The table that came with this package."""
    return PinyinTable()
