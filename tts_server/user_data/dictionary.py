"""How the house has its words read: what its people corrected, in `dictionary.toml` of the state directory.

The owner's own `[text] dictionary` wins over it.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tts_server.errors import BadRequest, NotKept, TooMany, WordUnknown
from tts_server.text.linguistic.entries import MAX_WORD_CHARS, checked_entry
from tts_server.user_data.atomic_file import write_whole
from tts_server.user_data.words_file import MAX_WORDS, VERSION, is_foreign, read_words

_HEAD: Final = "# How words are read in this house, as corrected on its page. [text] dictionary of config.toml wins.\n"


class OwnDictionary:
    """The words of the house over which the owner's stand. Every change is on the disk before it holds."""

    def __init__(self, path: Path | None = None, own: Mapping[str, str] | None = None) -> None:
        """path: None keeps them in memory only. own: the owner's."""
        self._path = path
        self.own = dict(own or {})
        self.on_change: Callable[[Mapping[str, str]], None] = lambda words: None  # told all words after every change
        self._turn = asyncio.Lock()
        self._words = {} if path is None else read_words(path)
        self._is_foreign = path is not None and is_foreign(path)

    @property
    def words(self) -> dict[str, str]:
        """The words of the house, without the owner's."""
        return dict(self._words)

    @property
    def all(self) -> dict[str, str]:
        """The words of the house and, over them, the owner's."""
        return {**self._words, **self.own}

    async def put(self, word: str, said: str) -> str:
        """Keep how a word is read. Returns the entry as it is understood. Raises BadRequest, TooMany, NotKept."""
        word = word.strip()
        if word in self.own:
            raise BadRequest(f"{word!r} stands in [text] dictionary of config.toml, which wins; change it there")
        try:
            entry = checked_entry(word, said)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        async with self._turn:
            if word not in self._words and len(self._words) >= MAX_WORDS:
                raise TooMany(f"there are {MAX_WORDS} words, which is the limit; remove one first")
            await self._keep({**self._words, word: entry})
        return entry

    async def remove(self, word: str) -> None:
        """Forget a word. Raises WordUnknown, NotKept."""
        async with self._turn:
            if word.strip() not in self._words:
                raise WordUnknown(f"the house's dictionary has no word {word[:MAX_WORD_CHARS]!r}")
            await self._keep({other: said for other, said in self._words.items() if other != word.strip()})

    async def _keep(self, words: dict[str, str]) -> None:
        if self._is_foreign:
            raise NotKept(
                f"{self._path} is of another version than {VERSION}, which this program writes: move it away first"
            )
        if self._path is not None:
            lines = [f"{_quoted(word)} = {_quoted(said)}\n" for word, said in words.items()]
            await asyncio.to_thread(write_whole, self._path, f"{_HEAD}version = {VERSION}\n\n[words]\n{''.join(lines)}")
        self._words = words
        self.on_change(self.all)


def _quoted(text: str) -> str:
    """As a TOML string: JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)
