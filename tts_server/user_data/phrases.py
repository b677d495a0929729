"""What is said often in this house, by name: text and manner, kept in a file of the state directory."""

import asyncio
import json
import logging
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from tts_server.errors import BadRequest, NotKept, PhraseUnknown, TooMany
from tts_server.events import SpeechOptions
from tts_server.user_data.atomic_file import put_aside, write_whole

log = logging.getLogger(__name__)

VERSION: Final = 1
MAX_PHRASES: Final = 200
MAX_NAME_CHARS: Final = 64
MAX_TEXT_CHARS: Final = 1000


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text and how it is said. Raises BadRequest for one that nobody could say."""

    text: str
    voice: str | None = None
    emotion: str | None = None
    intensity: float = 1.0
    speed: float = 1.0
    pitch: float = 0.0
    volume: float = 0.0

    def __post_init__(self) -> None:
        if not self.text.strip() or len(self.text) > MAX_TEXT_CHARS:
            raise BadRequest(f"a phrase has 1 to {MAX_TEXT_CHARS} characters; this one has {len(self.text)}")
        self.options()

    def options(self, **others: Any) -> SpeechOptions:
        """As the core takes it. others: what the phrase does not say. Raises BadRequest."""
        manner = {name: value for name, value in asdict(self).items() if name != "text"}
        return SpeechOptions(**{**manner, "volume": self.volume or None}, **others)


class Phrases:
    """The phrases of the house. Reads its file once; every change is on the disk before it holds."""

    def __init__(self, path: Path | None = None) -> None:
        """path: None keeps them in memory only."""
        self._path = path
        self.on_change: Callable[[], None] = lambda: None  # told after every change
        self._turn = asyncio.Lock()
        self._is_foreign = False  # the file is another version's: it is neither read nor written over
        self._phrases = {} if path is None else self._read(path)

    @property
    def all(self) -> dict[str, Phrase]:
        """Name to phrase, in the order in which they came."""
        return dict(self._phrases)

    def get(self, name: str) -> Phrase:
        """The phrase of a name. Raises PhraseUnknown."""
        found = self._phrases.get(unicodedata.normalize("NFC", name.strip()))
        if found is None:
            raise PhraseUnknown(f"there is no phrase {name[:MAX_NAME_CHARS]!r}")
        return found

    async def put(self, name: str, phrase: Phrase) -> None:
        """Keep a phrase, or another under a name that is taken. Raises BadRequest, TooMany, NotKept."""
        name = checked_name(name)
        async with self._turn:
            if name not in self._phrases and len(self._phrases) >= MAX_PHRASES:
                raise TooMany(f"there are {MAX_PHRASES} phrases, which is the limit; remove one first")
            await self._keep({**self._phrases, name: phrase})

    async def remove(self, name: str) -> None:
        """Forget a phrase. Raises PhraseUnknown, NotKept."""
        async with self._turn:
            self.get(name)
            name = checked_name(name)
            await self._keep({other: phrase for other, phrase in self._phrases.items() if other != name})

    async def _keep(self, phrases: dict[str, Phrase]) -> None:
        if self._is_foreign:
            raise NotKept(
                f"{self._path} is of another version than {VERSION}, which this program writes: move it away first"
            )
        if self._path is not None:
            told = {"version": VERSION, "phrases": {name: asdict(phrase) for name, phrase in phrases.items()}}
            text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
            await asyncio.to_thread(write_whole, self._path, text)
        self._phrases = phrases
        self.on_change()

    def _read(self, path: Path) -> dict[str, Phrase]:
        known = {field.name for field in fields(Phrase)}
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["version"] != VERSION:
                self._is_foreign = True
                log.error(
                    "%s is of another version (%.40r) and is left alone: there are no phrases", path, told["version"]
                )
                return {}
            return {
                checked_name(name): Phrase(**{key: value for key, value in said.items() if key in known})
                for name, said in list(told["phrases"].items())[:MAX_PHRASES]
            }
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.error("cannot read the phrases in %s: %s", path, error.strerror)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadRequest) as error:
            log.error(
                "the phrases in %s cannot be read (%s) and are put aside as %s", path, error, put_aside(path).name
            )
        return {}


def checked_name(name: str) -> str:
    """The name as it is kept. Raises BadRequest."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name or len(name) > MAX_NAME_CHARS or "/" in name or not name.isprintable():
        raise BadRequest(f"a phrase's name has 1 to {MAX_NAME_CHARS} printable characters, and no slash")
    return name
