"""The folder in which voice packs live: who may change it, and how a pack comes into it whole or not at all."""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from tts_server.errors import VoiceDataMissing

log = logging.getLogger(__name__)

WORKING: Final = ".working-"  # hidden folders of an installation under way


class Finished(Protocol):
    """A pack that only has to be moved."""

    @property
    def name(self) -> str:
        """Of the voice, and so of its folder."""

    @property
    def folder(self) -> Path:
        """Where it is now."""


def packs_in(folder: Path, manifest: str) -> list[Path]:
    """The packs in a folder, by name. A folder that is not there, or not ours to read, has none."""
    try:
        found = [path.parent for path in folder.glob(f"*/{manifest}")] if folder.is_dir() else []
    except OSError as error:
        log.warning("voice packs in %s cannot be read: %s", folder, error.strerror)
        return []
    return sorted(path for path in found if not path.name.startswith("."))  # those are on their way in or out


@contextmanager
def working_folder(folder: Path) -> Generator[Path]:
    """A hidden folder beside the packs, gone afterwards; nobody else installs or removes meanwhile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a", encoding="ascii")
    except OSError as error:
        raise VoiceDataMissing(
            f"{folder}, where voice packs live, cannot be written ({error.strerror}); voices.folder in the "
            "configuration names another place"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise VoiceDataMissing(
                f"somebody else installs or removes a voice in {folder} just now; try again later"
            ) from error
        for left in folder.glob(f"{WORKING}*"):  # of an installation that was killed
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=WORKING, ignore_cleanup_errors=True) as working:
            yield Path(working)


def put_in_place(packs: Sequence[Finished], folder: Path, working: Path) -> None:
    """Move finished packs to their places; when one cannot be moved, all is as it was before."""
    undo: list[tuple[Path, Path]] = []
    try:
        for pack in packs:
            _to_disk(pack.folder)
            place, before = folder / pack.name, working / f"before-{pack.name}"
            if place.exists():
                place.rename(before)
                undo.append((before, place))
            pack.folder.rename(place)
            undo.append((place, working / f"undone-{pack.name}"))
    except OSError as error:
        for there, back in reversed(undo):
            there.rename(back)
        raise VoiceDataMissing(f"the voice cannot be put into {folder}: {error.strerror}") from error


def _to_disk(pack: Path) -> None:
    """A power cut after this leaves whole files. They are nobody's secret: the service runs as another user."""
    for path in (*pack.iterdir(), pack):
        path.chmod(0o755 if path.is_dir() else 0o644)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
