"""What a target is, and a place for the files that some of them read."""

import inspect
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

from pydantic import BaseModel

SHM: Final = Path("/dev/shm")
FOLDER: Final = Path(tempfile.mkdtemp(prefix="tts-fuzz-", dir=SHM if SHM.is_dir() else None))


@dataclass(frozen=True)
class Target:
    """take: is given any bytes. seeds: harmless examples, from which others are made.

    words: what inputs of this kind are made of; a key of ten letters is not found by chance.
    """

    take: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    longest: int = 2000
    words: tuple[str, ...] = ()


@contextmanager
def file_of(data: bytes, name: str) -> Iterator[Path]:
    """A file with these bytes. One that is put aside as damaged is taken back."""
    path, place, aside = _places(name)
    with open(place, "wb", buffering=0) as file:
        file.write(data)
    yield path
    with suppress(FileNotFoundError):
        os.rename(aside, place)


@cache
def _places(name: str) -> tuple[Path, str, str]:
    return FOLDER / name, str(FOLDER / name), str(FOLDER / f"{name}.damaged")


def keys_in(*sources: ModuleType | type[BaseModel]) -> tuple[str, ...]:
    """Words that a parser looks for: fields of a model, or what its module has in quotes."""
    found: dict[str, None] = {}
    for source in sources:
        if isinstance(source, ModuleType):
            found |= dict.fromkeys(re.findall(r'"([\w.:-]{2,24})"', inspect.getsource(source)))
        else:
            found |= dict.fromkeys(f'"{name}":' for name in source.model_fields)
    return tuple(found)
