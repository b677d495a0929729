"""Unpacks .tar.bz2 archives that nobody vouches for, in one pass: to list one takes as long as to unpack it.

Each member is looked at before it is written. One that is wrong ends it: the caller throws the folder away.
"""

import bz2
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO, Final, Self

from tts_server.engines.installing.archive import COPY_BYTES, MAX_BYTES, MAX_MEMBERS, safe_path
from tts_server.errors import VoiceDataMissing

MAGIC: Final = b"BZh"
MAX_EXTENSION_BYTES: Final = 1 << 16  # of a header that holds a long name: tarfile reads it into memory
EXTENSIONS: Final = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip


class _Header(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.type in EXTENSIONS and header.size > MAX_EXTENSION_BYTES:
            raise VoiceDataMissing(f"a header of {header.size} bytes; at most {MAX_EXTENSION_BYTES} are expected")
        return header


def is_tar(path: Path) -> bool:
    """Whether a file is compressed as such archives are."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def unpack_tar(archive: Path, folder: Path) -> None:
    """Unpack the files of an archive into a new folder. Raises VoiceDataMissing."""
    try:
        with bz2.open(archive) as file, tarfile.open(fileobj=file, mode="r|", tarinfo=_Header) as opened:
            _unpack(archive, opened, folder)
    except OSError as error:
        raise VoiceDataMissing(f"{archive} cannot be unpacked: {error.strerror or error}") from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise VoiceDataMissing(f"{archive} is damaged or is no tar archive: {error}") from error


def _unpack(archive: Path, opened: tarfile.TarFile, folder: Path) -> None:
    total, seen = 0, set[PurePosixPath]()
    for count, member in enumerate(opened):
        path = safe_path(archive, member.name) if member.name not in (".", "./") else PurePosixPath()
        shown = repr(member.name[:80])
        if count >= MAX_MEMBERS:
            raise VoiceDataMissing(f"{archive} has more than {MAX_MEMBERS} members")
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            what = "a link" if member.issym() or member.islnk() else "no ordinary file"
            raise VoiceDataMissing(f"{archive}: member {shown} is {what}")
        if path in seen or not path.parts:
            raise VoiceDataMissing(f"{archive}: member {shown} is there twice")
        seen.add(path)
        total += member.size
        if total > MAX_BYTES:
            raise VoiceDataMissing(f"{archive} would unpack to more than {MAX_BYTES >> 20} MiB")
        content = opened.extractfile(member)
        assert content is not None
        _write(content, folder / path)


def _write(content: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while part := content.read(COPY_BYTES):
            file.write(part)
