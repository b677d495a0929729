"""Unpacks zip archives of models that nobody vouches for: nothing leaves the folder, nothing fills the disk.

All members are looked at before the first byte is written; one that is wrong refuses the whole archive.
"""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final
from zipfile import ZipFile, ZipInfo

from tts_server.errors import VoiceDataMissing

MAX_MEMBERS: Final = 10_000
MAX_BYTES: Final = 8 << 30  # of all members unpacked: four voices with optimizer states are below 2 GiB
MAX_RATIO: Final = 100  # weights hardly shrink; text may by 20
RATIO_MATTERS_FROM: Final = 1 << 20  # bytes: a small file of zeros is no bomb
MAX_NAME: Final = 512  # characters
COPY_BYTES: Final = 1 << 20
_DAMAGED: Final = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError)

Members = list[tuple[ZipInfo, PurePosixPath]]


def unpack(archive: Path, folder: Path, *, leave_out: Callable[[PurePosixPath], bool] = lambda _: False) -> None:
    """Unpack the files of an archive into a new folder. Raises VoiceDataMissing."""
    try:
        with ZipFile(archive) as opened:
            members = _checked(archive, opened)
            for info, path in members:
                if not leave_out(path):
                    _write(archive, opened, info, folder / path)
    except OSError as error:
        raise VoiceDataMissing(f"{archive} cannot be unpacked: {error.strerror or error}") from error
    except (*_DAMAGED, zlib.error, lzma.LZMAError, struct.error) as error:
        raise VoiceDataMissing(f"{archive} is damaged or is no zip archive: {error}") from error


def unpacked_bytes(archive: Path) -> int:
    """How much room its members take. Raises VoiceDataMissing."""
    try:
        with ZipFile(archive) as opened:
            return sum(info.file_size for info, _ in _checked(archive, opened))
    except (OSError, *_DAMAGED) as error:
        raise VoiceDataMissing(f"{archive} is damaged or is no zip archive: {error}") from error


def _checked(archive: Path, opened: ZipFile) -> Members:
    """Files and where they go, every one within the folder, each once, all together of reasonable size."""
    infos = opened.infolist()
    if len(infos) > MAX_MEMBERS:
        raise VoiceDataMissing(f"{archive} has {len(infos)} members; the limit is {MAX_MEMBERS}")
    total, members, folders = 0, [], set()
    seen: set[PurePosixPath] = set()
    for info in infos:
        path = safe_path(archive, info.orig_filename)
        if info.is_dir():
            folders.add(path)
            continue
        if path in seen:
            raise VoiceDataMissing(f"{archive}: member {_shown(info)} is there twice")
        seen.add(path)
        folders |= set(path.parents)
        _check_kind(archive, info)
        total += info.file_size
        if total > MAX_BYTES:
            raise VoiceDataMissing(f"{archive} would unpack to more than {MAX_BYTES >> 20} MiB")
        if info.file_size > max(RATIO_MATTERS_FROM, MAX_RATIO * info.compress_size):
            raise VoiceDataMissing(
                f"{archive}: member {_shown(info)} unpacks from {info.compress_size} to {info.file_size} bytes; "
                f"expected at most {MAX_RATIO} times as much"
            )
        members.append((info, path))
    if both := seen & folders:
        raise VoiceDataMissing(f"{archive}: {str(min(both))[:80]!r} is both a file and a folder")
    return members


def safe_path(archive: Path, name: str) -> PurePosixPath:
    """A member's path within the folder. Raises VoiceDataMissing for one that would leave it."""
    path = PurePosixPath(name)
    is_within = not path.is_absolute() and ".." not in path.parts and path.parts
    if not is_within or len(name) > MAX_NAME or any(char in "\\:" or ord(char) < 32 for char in name):
        raise VoiceDataMissing(f"{archive}: member {name[:80]!r} would leave the folder it is unpacked in")
    return path


def _check_kind(archive: Path, info: ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a symbolic link" if kind == stat.S_IFLNK else "no ordinary file"
        raise VoiceDataMissing(f"{archive}: member {_shown(info)} is {what}")
    if info.flag_bits & 1:
        raise VoiceDataMissing(f"{archive}: member {_shown(info)} is encrypted")


def _write(archive: Path, opened: ZipFile, info: ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(info) as member, target.open("xb") as file:
        for part in _parts(member):
            written += len(part)
            if written > info.file_size:
                raise VoiceDataMissing(f"{archive}: member {_shown(info)} is longer than it says")
            file.write(part)
    if written != info.file_size:
        raise VoiceDataMissing(f"{archive}: member {_shown(info)} has {written} bytes; expected {info.file_size}")


def _parts(member: IO[bytes]) -> Iterator[bytes]:
    while part := member.read(COPY_BYTES):
        yield part


def _shown(info: ZipInfo) -> str:
    return repr(info.orig_filename[:80])
