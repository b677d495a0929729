"""What a target is, and a place for the files that some of them read."""

import inspect
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    """A file with these bytes."""
    path = FOLDER / name
    path.write_bytes(data)
    yield path
    path.with_name(f"{name}.damaged").unlink(missing_ok=True)


def keys_in(*sources: ModuleType | type[BaseModel]) -> tuple[str, ...]:
    """Words that a parser looks for: fields of a model, or what its module has in quotes."""
    found: dict[str, None] = {}
    for source in sources:
        if isinstance(source, ModuleType):
            found |= dict.fromkeys(re.findall(r'"([\w.:-]{2,24})"', inspect.getsource(source)))
        else:
            found |= dict.fromkeys(f'"{name}":' for name in source.model_fields)
    return tuple(found)
