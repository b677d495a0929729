"""`tts-server backup` and `restore`: what an owner made, in one archive; what can be made again is left out."""

import io
import json
import os
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

import typer

from tts_server import __version__
from tts_server.config.paths import config_folder, state_folder
from tts_server.config.settings import FILE_NAME, Config, load, read_file, voices_folder
from tts_server.errors import BadRequest

_FORMAT: Final = 1
_LABEL: Final = "tts-server-backup.json"
_MAX_FILES: Final = 10_000
_MAX_BYTES: Final = 16 * 2**30
_PLACES: Final = ("config", "state", "voices")


def _places(config: Config) -> dict[str, Path]:
    """Settings; what the daemon keeps (phrases, words, its name, the key of links); voices, which may be elsewhere."""
    return {"config": config_folder(), "state": state_folder(), "voices": voices_folder(config)}


def back_up(file: Path) -> None:
    """Write the archive, for its owner's eyes only. Raises BadRequest when it cannot be written, ConfigInvalid."""
    places = _places(_settings(config_folder() / FILE_NAME))
    if places["state"] in places["voices"].parents:
        del places["voices"]
    part = file.with_name(f".{file.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            kept = _write(opened, places)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadRequest(f"cannot write {file}: {error.strerror}") from error
    typer.echo(f"{kept} files of {', '.join(map(str, places.values()))} are in {file}")


def restore(file: Path, *, force: bool) -> None:
    """Put back what an archive holds, all of it or nothing. Raises BadRequest, ConfigInvalid."""
    with tempfile.TemporaryDirectory(prefix="tts-server-restore-") as name:
        room = Path(name)
        count = _unpack(file, room)
        settings = room / "config" / FILE_NAME
        places = _places(_settings(settings if settings.is_file() else config_folder() / FILE_NAME))
        taken = [target for source, target in _pairs(room, places) if target.exists() and not _same(source, target)]
        if taken and not force:
            raise BadRequest(f"{taken[0]} is there and is another one ({len(taken)} in all); --force replaces them")
        for source, target in _pairs(room, places):
            _put(source, target)
    typer.echo(f"{count} files are back; a running daemon takes them at `systemctl restart tts-server`")


def _write(opened: io.BufferedWriter, places: Mapping[str, Path]) -> int:
    kept = 0
    with tarfile.open(fileobj=opened, mode="w:gz") as archive:
        label = json.dumps({"format": _FORMAT, "version": __version__, "made_at": round(time.time())}).encode()
        entry = tarfile.TarInfo(_LABEL)
        entry.size = len(label)
        archive.addfile(entry, io.BytesIO(label))
        for place, folder in places.items():
            for path in sorted(_files(folder)):
                archive.add(path, f"{place}/{path.relative_to(folder).as_posix()}", recursive=False)
                kept += 1
    return kept


def _files(folder: Path) -> Iterator[Path]:
    """Regular files, those on their way in or out left aside."""
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in parts):
            yield path


def _unpack(file: Path, room: Path) -> int:
    """Raises BadRequest for what is no archive of ours, whatever it tries."""
    try:
        opened = file.open("rb")
    except OSError as error:
        raise BadRequest(f"cannot read {file}: {error.strerror}") from error
    try:
        with opened, tarfile.open(fileobj=opened, mode="r:gz") as archive:
            members = _checked(archive)
            for member in members:  # by hand: Debian 12's Python knows no filter for what an archive may do
                _extract(archive, member, room)
    except (OSError, EOFError, tarfile.TarError, ValueError, OverflowError, RecursionError, zlib.error) as error:
        raise BadRequest(f"{file} is not a backup that can be read: {error}") from error
    return len(members)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, room: Path) -> None:
    target = room / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(member)
    assert content is not None, "only regular files passed the check"
    with content, target.open("wb") as out:
        shutil.copyfileobj(content, out)
    target.chmod(member.mode & 0o755 | 0o600)
    os.utime(target, (member.mtime, member.mtime))


def _checked(archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """Its files. Raises ValueError."""
    first = archive.next()
    label = archive.extractfile(first) if first is not None and first.name == _LABEL and first.size < 4096 else None
    told = json.loads(label.read()) if label is not None else None
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise ValueError(f"it has no label of format {_FORMAT}")
    members: list[tarfile.TarInfo] = []
    size = 0
    while (member := archive.next()) is not None:
        parts = PurePosixPath(member.name).parts
        if not member.isfile() or ".." in parts or len(parts) < 2 or parts[0] not in _PLACES:
            raise ValueError(f"{member.name[:80]!r} does not belong in a backup")
        size += member.size
        members.append(member)
        if len(members) > _MAX_FILES or size > _MAX_BYTES:
            raise ValueError(f"it holds more than {_MAX_FILES} files or {_MAX_BYTES} bytes")
    return members


def _settings(file: Path) -> Config:
    """Those of a file, or the usual ones where there is none. Raises ConfigInvalid."""
    return load(read_file(file) if file.is_file() else {})


def _pairs(room: Path, places: Mapping[str, Path]) -> Iterator[tuple[Path, Path]]:
    for place, folder in places.items():
        for source in sorted(path for path in (room / place).rglob("*") if path.is_file()):
            yield source, folder / source.relative_to(room / place)


def _same(source: Path, target: Path) -> bool:
    return source.stat().st_size == target.stat().st_size and source.read_bytes() == target.read_bytes()


def _put(source: Path, target: Path) -> None:
    """Whole or not at all, and owned by whom the folder belongs to: the service's user, not root."""
    made = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    owner = (made[-1].parent if made else target.parent).stat()
    part = target.with_name(f".{target.name}.part")
    shutil.copy2(source, part)
    part.replace(target)
    if os.geteuid() == 0:
        for path in (target, *made):
            os.chown(path, owner.st_uid, owner.st_gid)
