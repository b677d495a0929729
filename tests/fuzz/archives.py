"""Archives and weights that somebody downloaded. Checksums are made right: else nothing behind them is reached."""

import bz2
import gzip
import io
import json
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.fuzz.target import FOLDER, Target, file_of
from tts_server.cli import backup
from tts_server.engines.installing import archive, tar_archive
from tts_server.engines.onnx_voices.install import sources
from tts_server.errors import TTSError

BLOCK: Final = 512
_BESIDE: Final = {"room", "voice.zip", "voice.tar.bz2", "backup.tar.gz"}
SUM: Final = slice(148, 156)  # of a header, within its block


def _tar_with_sums(data: bytes) -> bytes:
    """The blocks of a tar file; whatever calls itself a header has the checksum of one."""
    blocks = [bytearray(data[at : at + BLOCK].ljust(BLOCK, b"\0")) for at in range(0, len(data), BLOCK)]
    for block in blocks:
        if block[257:262] == b"ustar":
            block[SUM] = b" " * 8
            block[SUM] = b"%06o\0 " % sum(block)
    return b"".join(blocks) + bytes(2 * BLOCK)


def zips(data: bytes) -> None:
    with file_of(data, "voice.zip") as path, _room() as room, suppress(TTSError):
        sources.is_archive(path)
        archive.unpacked_bytes(path)
        archive.unpack(path, room)


def tars(data: bytes) -> None:
    with file_of(bz2.compress(_tar_with_sums(data), 1), "voice.tar.bz2") as path, _room() as room, suppress(TTSError):
        tar_archive.unpack_tar(path, room)


def backups(data: bytes) -> None:
    packed = gzip.compress(_tar_with_sums(data), 1) if not data.startswith(b"\x1f\x8b") else data
    with file_of(packed, "backup.tar.gz") as path, _room() as room, suppress(TTSError):
        backup._unpack(path, room)


@contextmanager
def _room() -> Iterator[Path]:
    """An empty folder; afterwards nothing may lie beside it."""
    room = FOLDER / "room"
    room.mkdir(exist_ok=True)
    yield room
    assert {entry.name for entry in os.scandir(FOLDER)} <= _BESIDE, "something was written beside its room"
    if next(os.scandir(room), None) is not None:
        shutil.rmtree(room)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        opened.writestr("a/b.onnx", b"1" * 9)
        opened.writestr("c", b"22222", zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _tar(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as opened:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
    return out.getvalue()[: BLOCK * 2 * len(members)]


_LABEL: Final = json.dumps({"format": 1, "version": "1"}).encode()
_BACKUP: Final = _tar(("tts-server-backup.json", _LABEL), ("state/phrases.json", b"{}"))
TARGETS: Final = {
    "zip archives": Target(zips, (_zip(),), 600, ("PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "../", "/")),
    "tar archives": Target(tars, (_tar(("a/b.onnx", b"1"), ("c", b"2")),), 2048, ("ustar", "../", "././@LongLink")),
    "backups": Target(backups, (_BACKUP, gzip.compress(_BACKUP)), 2048, ("ustar", "config/", "voices/", "../")),
}
