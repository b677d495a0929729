"""Which family the files of a voice are of, and what they are made into.

In this order: a Piper voice is a file NAME.onnx with NAME.onnx.json beside it, or a folder with one such pair; a Kokoro
model is a folder with a graph, styles and a table of symbols; a model in sherpa's shape is a folder with tokens.txt and
a graph that tells of itself. An archive is unpacked, and may have one folder around all of it.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tts_server.engines.installing.archive import unpack, unpacked_bytes
from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.installing.tar_archive import is_tar, unpack_tar
from tts_server.engines.onnx_voices.install import kokoro, piper, sherpa
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.errors import VoiceDataMissing

TAR_GROWS: Final = 3  # how much larger than itself an archive is taken to be: bzip2 hardly shrinks weights
MAX_DEPTH: Final = 2


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a voice. build: writes a pack of that name into a folder."""

    name: str
    build: Callable[[Path, str], Pack]


def find_source(path: Path, style: str = "") -> Source | None:
    """What is in a file or folder; None where it is none of ours. style: of a Kokoro model, the one that is wanted.

    Raises VoiceDataMissing.
    """
    if (graph := find_piper(path)) is not None:
        name = graph.name.removesuffix(".onnx")
        return Source(name, lambda folder, name: piper.build(graph, folder, name))
    if not path.is_dir():
        return None
    name = path.resolve().name
    if (parts := kokoro.find_files(path)) is not None:
        wanted = replace(parts, only=style)
        return Source(name, lambda folder, name: kokoro.build(wanted, folder, name))
    if (model := sherpa.find_files(path)) is not None:
        return Source(name, lambda folder, name: sherpa.build(model, folder, name))
    return None


def find_piper(source: Path) -> Path | None:
    """The graph of a Piper voice in a file or folder; None where there is none. Raises VoiceDataMissing for several."""
    found = [source] if source.is_file() else sorted(source.glob("*.onnx")) if source.is_dir() else []
    pairs = [path for path in found if path.suffix == ".onnx" and (path == source or Path(f"{path}.json").is_file())]
    if len(pairs) > 1:
        names = ", ".join(path.name for path in pairs[:8])
        raise VoiceDataMissing(f"{source} has several voices ({names}): name one of the files")
    return pairs[0] if pairs else None


def is_archive(path: Path) -> bool:
    """Whether a file is an archive that may hold a voice of ours: zip archives of Sambert's models do not."""
    if not path.is_file():
        return False
    if is_tar(path):
        return True
    try:
        with zipfile.ZipFile(path) as opened:
            names = [name.rpartition("/")[2] for name in opened.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False
    return any(name.endswith(".onnx") for name in names) and "manifest.json" not in names


def unpacked(archive: Path, working: Path) -> Source:
    """What is in an archive, unpacked into a working folder. Raises VoiceDataMissing."""
    name = archive.name
    for ending in (".zip", ".tar.bz2", ".tbz2", ".tar"):
        name = name.removesuffix(ending)
    content = working / "unpacked" / name
    content.mkdir(parents=True)
    if is_tar(archive):
        check_room(working, TAR_GROWS * archive.stat().st_size, f"unpacking {archive.name}")
        unpack_tar(archive, content)
    else:
        check_room(working, unpacked_bytes(archive), f"unpacking {archive.name}")
        unpack(archive, content)
    if (found := _within(content)) is None:
        raise VoiceDataMissing(f"{archive.name} holds no voice of Piper's, Kokoro's or sherpa's kind")
    return found


def _within(folder: Path, depth: int = 0) -> Source | None:
    if (found := find_source(folder)) is not None or depth == MAX_DEPTH:
        return found
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "__"))]
    return _within(inner[0], depth + 1) if len(inner) == 1 else None
