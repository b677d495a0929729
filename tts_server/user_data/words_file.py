"""Reads the words of the house's dictionary. Imports nothing heavy: it is read before the rest of the daemon is in."""

import logging
import tomllib
from pathlib import Path
from typing import Any, Final

from tts_server.text.linguistic.entries import checked_entry
from tts_server.user_data.atomic_file import put_aside

log = logging.getLogger(__name__)

VERSION: Final = 1
FILE_NAME: Final = "dictionary.toml"
MAX_WORDS: Final = 2000


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
