"""What somebody gives us to install: a model folder or finished packs, in an archive or not, perhaps a level deeper."""

import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Final

from tts_server.engines.installing.archive import unpack, unpacked_bytes
from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.sambert.packs.pack import MANIFEST, find_packs

NOT_STATED: Final = "LicenseRef-not-stated"
LICENCES: Final = {"apache license 2.0": "Apache-2.0", "apache-2.0": "Apache-2.0", "mit": "MIT", "mit license": "MIT"}
MAX_DEPTH: Final = 2  # folders that an archive may put around a model


def open_source(source: Path, working: Path) -> Path:
    """The folder of the model or of the packs, archives unpacked into `working`. Raises VoiceDataMissing."""
    if source.is_file():
        check_room(working, unpacked_bytes(source), f"unpacking {source.name}")
        content = working / "unpacked" / (_plain(source.stem) or "voice")
        content.mkdir(parents=True)
        unpack(source, content, leave_out=_is_not_needed)
        source = content
    found = _model_within(source)
    if (found / "voices.zip").is_file() and not (found / "voices" / "voices.json").is_file():
        return _with_voices_unpacked(found, working / "model")
    return found


def _is_not_needed(path: PurePosixPath) -> bool:
    """The closed front end's data, megabytes that no voice needs."""
    return "resource.zip" in path.parts or "resource" in path.parts[:-1]


def _with_voices_unpacked(found: Path, model: Path) -> Path:
    """A model folder whose voices are in an archive, as a folder."""
    archive = found / "voices.zip"
    check_room(model.parent, unpacked_bytes(archive), f"unpacking {archive.name}")
    model.mkdir()
    unpack(archive, model, leave_out=_is_not_needed)
    if (model / "voices.json").is_file() and not (model / "voices").exists():
        model.rename(model.parent / "voices")
        model.mkdir()
        (model.parent / "voices").rename(model / "voices")
    for name in ("configuration.json", "README.md"):
        if (found / name).is_file() and not (model / name).exists():
            shutil.copyfile(found / name, model / name)
    return model


def _model_within(folder: Path, depth: int = 0) -> Path:
    """The folder itself, or the only one in it that holds a model."""
    marks = ("voices/voices.json", "voices.zip", "am", MANIFEST)
    if any((folder / mark).exists() for mark in marks) or find_packs(folder):
        return folder
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "__"))]
    if len(inner) == 1 and depth < MAX_DEPTH:
        return _model_within(inner[0], depth + 1)
    return folder


def read_licence(model: Path) -> str:
    """The licence that a model's README states, as an SPDX identifier where it has one."""
    try:
        with (model / "README.md").open(encoding="utf-8", errors="replace") as file:
            head = file.read(10_000)
    except OSError:
        return NOT_STATED
    front = re.match(r"---\n(.*?)\n---", head, re.S)
    stated = re.search(r"^license:\s*(?:\n\s*-)?\s*([^\n]{1,64})$", front[1], re.M) if front else None
    found = stated[1].strip().strip("'\"") if stated else NOT_STATED
    return LICENCES.get(found.casefold(), found)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._-")[:64]
