"""hibari's lexicons and the weights of its tagger, as a table that is mapped into memory: 3 MB for 100.

`build_word_tables` makes the file. hibari's own classes look words up in it, so that what they say stays theirs.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tts_server.text.linguistic.mapped_table import MappedTable

FILE: Final = Path(__file__).with_name("hibari_words.marisa")
ASSETS: Final = ("lexicon_us_gold.json.gz", "lexicon_us_silver.json.gz", "tagger.json.gz")
# What keys begin with.
GOLD, SILVER, TAG, KNOWN, WEIGHTS, TAGS, MADE_OF = "G", "S", "T", "K", "W", "*", "#"
SEVERAL: Final = b"{"  # an entry of the lexicon with a reading for each part of speech; no phoneme looks like it
WEIGHT_BYTES: Final = 3  # a tag's number, and tenths in two
_TENTHS: Final = 10
_REMEMBERED: Final = 1024  # features that come with every other word have a weight for each tag

Readings = str | dict[str, str | None]


class Lexicon:
    """One of hibari's two lexicons: a word's reading, or one for each part of speech."""

    def __init__(self, table: MappedTable, prefix: str) -> None:
        self._table, self._prefix = table, prefix

    def get(self, word: str) -> Readings | None:
        found = self._table.get(self._prefix + word)
        if found is None:
            return None
        readings: Readings = json.loads(found) if found.startswith(SEVERAL) else found.decode()
        return readings


class Tags:
    """The tag of each word that has only one."""

    def __init__(self, table: MappedTable) -> None:
        self._table = table

    def get(self, word: str) -> str | None:
        found = self._table.get(TAG + word)
        return None if found is None else found.decode("ascii")


class Vocabulary:
    """The words that the tagger has met."""

    def __init__(self, table: MappedTable) -> None:
        self._table = table

    def __contains__(self, word: str) -> bool:
        return self._table.get(KNOWN + word) is not None


class Weights:
    """What each feature says for and against tags."""

    def __init__(self, table: MappedTable, tags: list[str]) -> None:
        self._table, self._tags = table, tags
        self.get = lru_cache(_REMEMBERED)(self._get)

    def _get(self, feature: str) -> dict[str, float] | None:
        found = self._table.get(WEIGHTS + feature)
        return None if found is None else dict(self._pairs(found))

    def _pairs(self, packed: bytes) -> Iterator[tuple[str, float]]:
        for at in range(0, len(packed), WEIGHT_BYTES):
            tenths = int.from_bytes(packed[at + 1 : at + WEIGHT_BYTES], "little", signed=True)
            yield self._tags[packed[at]], tenths / _TENTHS


def pack_weights(weights: Mapping[str, float], tags: list[str]) -> bytes:
    """The reverse of `Weights`. Raises ValueError for what is no tenth."""
    packed = bytearray()
    for tag, weight in weights.items():
        tenths = round(weight * _TENTHS)
        if tenths / _TENTHS != weight:
            raise ValueError(f"a weight of {weight}")
        packed.append(tags.index(tag))
        packed += tenths.to_bytes(WEIGHT_BYTES - 1, "little", signed=True)
    return bytes(packed)


def made_of(assets: Path) -> bytes:
    """What tells hibari's files from those of another version."""
    return " ".join(str((assets / name).stat().st_size) for name in ASSETS).encode("ascii")


def assets() -> Path:
    """Where hibari keeps its files."""
    spec = find_spec("hibari")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("hibari is not installed")
    return Path(spec.submodule_search_locations[0]) / "assets"


def read_json(path: Path) -> Any:
    """One of hibari's files."""
    content = path.read_bytes()
    return json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)


@cache
def load() -> MappedTable | None:
    """The table that came with this package; None where hibari is not the one that it was made of."""
    table = MappedTable(FILE)
    try:
        return table if table.get(MADE_OF) == made_of(assets()) else None
    except OSError:
        return None


def tagger_model(table: MappedTable) -> dict[str, Any]:
    """What hibari's `Tagger` is made of, without the vocabulary."""
    tags = (table.get(TAGS) or b"").decode("ascii").split()
    return {"tags": tags, "tagdict": Tags(table), "weights": Weights(table, tags)}
