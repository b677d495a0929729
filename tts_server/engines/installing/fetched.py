"""What was fetched from a hub, whole: a list of its files, written when all of them are here, checked before each use.

A folder that has files of a model may hold half of it, or another revision: only the list tells.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from tts_server.errors import VoiceDataMissing

MAX_LIST_BYTES: Final = 4 << 20
SHOWN: Final = 4  # names in a message


def write_list(path: Path, folder: Path, names: Iterable[str]) -> None:
    """Note size and sha256 of these files of a folder, which is in the list's own or below it."""
    told = {
        "folder": folder.relative_to(path.parent).as_posix(),
        "files": {name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in names},
    }
    written = path.with_suffix(".part")
    written.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(path)


def whole_folder(path: Path, what: str) -> Path:
    """The folder of a list, all of its files being there and unchanged. Raises VoiceDataMissing."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise ValueError(f"it has more than {MAX_LIST_BYTES} bytes")
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        folder = path.parent / str(told["folder"])
        files = {str(name): (int(facts["bytes"]), str(facts["sha256"])) for name, facts in told["files"].items()}
    except FileNotFoundError as error:
        raise VoiceDataMissing(
            f"{what} was not fetched before: without --offline it is fetched from the hub"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise VoiceDataMissing(f"the list of what was fetched of {what} is damaged: fetch it again") from error
    wrong = [name for name, facts in files.items() if not _is_as_noted(folder / name, *facts)]
    if wrong:
        names = ", ".join(wrong[:SHOWN]) + (f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else "")
        raise VoiceDataMissing(
            f"of {what}, {names} is missing or has changed since it was fetched: without --offline it is fetched again"
        )
    return folder


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_as_noted(path: Path, size: int, digest: str) -> bool:
    try:
        return path.stat().st_size == size and sha256(path) == digest
    except OSError:
        return False
