"""How the house has its words read: what its people corrected, in `dictionary.toml` of the state directory.

The owner's own `[text] dictionary` wins over it.
"""

import asyncio
import json
import logging
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tts_server.errors import BadRequest, NotKept, TooMany, WordUnknown
from tts_server.text.linguistic.entries import MAX_WORD_CHARS, checked_entry
from tts_server.user_data.atomic_file import put_aside, write_whole

log = logging.getLogger(__name__)

VERSION: Final = 1
MAX_WORDS: Final = 2000
FILE_NAME: Final = "dictionary.toml"
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


def read_words(path: Path) -> dict[str, str]:
    """The words of the house's file; what cannot be understood of it is told in the log and left out."""
    told = _tables(path)
    if told.get("version", VERSION) != VERSION:
        log.error("%s is of another version (%.40r) and is left alone: it has no words", path, told["version"])
        return {}
    listed = told.get("words", {})
    if not isinstance(listed, dict):
        log.error("%s: words is no table; it has no words", path)
        return {}
    words: dict[str, str] = {}
    for word, said in list(listed.items())[:MAX_WORDS]:
        try:
            words[word] = checked_entry(word, "" if isinstance(said, dict | list) else str(said))
        except ValueError as error:
            log.warning("%s: %s", path, error)
    return words


def is_foreign(path: Path) -> bool:
    """Whether the file is another version's: it is neither read nor written over. One without a version is ours."""
    return bool(_tables(path).get("version", VERSION) != VERSION)


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        log.error("cannot read the dictionary in %s: %s", path, error.strerror)
        return {}
    except (ValueError, RecursionError) as error:
        log.error("the dictionary %s cannot be read (%s) and is put aside as %s", path, error, put_aside(path).name)
        return {}


def _quoted(text: str) -> str:
    """As a TOML string: JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)
