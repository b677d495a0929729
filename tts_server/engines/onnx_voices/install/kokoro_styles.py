"""Kokoro's styles: how each of its speakers sounds, a row for each length of a text, in one of three kinds of files."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from tts_server.errors import VoiceDataMissing

Table = NDArray[np.float32]

SHAPE: Final = (510, 1, 256)
TABLE_BYTES: Final = 510 * 256 * 4
MAX_STYLES: Final = 256
MAX_BYTES: Final = MAX_STYLES * (TABLE_BYTES + 4096)
ZIP: Final = b"PK"


def read_styles(path: Path, graph: onnx.ModelProto, first: Sequence[str] = (), only: str = "") -> dict[str, Table]:
    """The tables by name, those named `first` at the head, or `only` the one. Raises VoiceDataMissing."""
    try:
        tables = _one_each(path) if path.is_dir() else _of_file(path, graph)
    except VoiceDataMissing:
        raise
    except Exception as error:  # zip files and arrays can be damaged in many ways
        raise VoiceDataMissing(f"{path.name} holds no styles: {type(error).__name__}") from error
    if only:
        tables = {name: table for name, table in tables.items() if name == only}
    if not 1 <= len(tables) <= MAX_STYLES:
        raise VoiceDataMissing(f"{path.name} has {len(tables)} styles; 1 to {MAX_STYLES} are expected")
    for name, table in tables.items():
        if table.shape != SHAPE or not math.isfinite(float(np.abs(table).max())):
            raise VoiceDataMissing(f"style {name[:40]!r} is no table of {SHAPE} numbers")
    names = [*(name for name in first if name in tables), *(name for name in tables if name not in first)]
    return {name: tables[name] for name in names}


def _of_file(path: Path, graph: onnx.ModelProto) -> dict[str, Table]:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise VoiceDataMissing(f"{path.name} is larger than {MAX_BYTES >> 20} MiB")
    with path.open("rb") as file:
        if file.read(len(ZIP)) == ZIP:
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return {name: np.asarray(arrays[name], np.float32) for name in sorted(arrays)[: MAX_STYLES + 1]}
    if size % TABLE_BYTES or not size:
        raise VoiceDataMissing(f"{path.name} has {size} bytes; a multiple of {TABLE_BYTES}, or an npz, is expected")
    told = {entry.key: entry.value for entry in graph.metadata_props}
    names = [name for name in told.get("speaker_names", "").split(",") if name]
    count = size // TABLE_BYTES
    names = names if len(set(names)) == count else [str(number) for number in range(count)]
    tables = np.fromfile(path, np.float32).reshape(count, *SHAPE)
    return dict(zip(names, tables, strict=True))


def _one_each(folder: Path) -> dict[str, Table]:
    paths = sorted(folder.glob("*.bin"))[: MAX_STYLES + 1]
    for path in paths:
        if path.stat().st_size != TABLE_BYTES:
            raise VoiceDataMissing(f"{path.name} has {path.stat().st_size} bytes; a style has {TABLE_BYTES}")
    return {path.stem: np.fromfile(path, np.float32).reshape(SHAPE) for path in paths}
