"""What was measured of voices, kept over restarts: a file that can be made again, believed only where it is sound."""

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Final

from tts_server import __version__

log = logging.getLogger(__name__)

Key = tuple[str, str, str, str]  # a voice's name, version and revision, and its engine's settings in short

FORMAT: Final = f"3 {__version__}"  # another program may let a voice sound otherwise
MAX_KEPT: Final = 200  # voices; the oldest go first
MAX_BYTES: Final = 200_000
LIMITS_LUFS: Final = (-70.0, 10.0)  # the standard hears nothing below


def read(path: Path) -> dict[Key, float]:
    """What is kept; nothing where the file is missing, damaged or another program's."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(MAX_BYTES))
        if content["format"] != FORMAT:
            return {}
        found = {
            (str(name), str(version), str(revision), str(settings)): float(lufs)
            for name, version, revision, settings, lufs in content["lufs"]
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.info("%s is not used, voices are measured again: %s", path, error)
        return {}
    return {key: lufs for key, lufs in found.items() if LIMITS_LUFS[0] <= lufs <= LIMITS_LUFS[1]}


def write(path: Path, measured: dict[Key, float]) -> None:
    """Keep it, whole or not at all. A folder that cannot be written costs a measurement at the next start."""
    kept = list(measured.items())[-MAX_KEPT:]
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"format": FORMAT, "lufs": [[*key, lufs] for key, lufs in kept]}), encoding="utf-8")
        part.replace(path)
    except (OSError, ValueError) as error:
        log.info("%s cannot be written: %s", path, error)
        with contextlib.suppress(OSError):
            part.unlink()
