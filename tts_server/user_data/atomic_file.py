"""A small file that must outlive power cuts: written whole beside its place, then put there."""

import contextlib
import os
from pathlib import Path

from tts_server.errors import NotKept


def write_whole(path: Path, text: str) -> None:
    """Replace the file's text: all of it is there afterwards, or what was before. Blocking. Raises NotKept."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise NotKept(f"cannot keep it in {path}: {error.strerror}") from error


def put_aside(path: Path) -> Path:
    """Rename a file that cannot be read, so that it is not written over. Returns its new name."""
    aside = path.with_name(path.name + ".damaged")
    with contextlib.suppress(OSError):
        path.replace(aside)
    return aside
