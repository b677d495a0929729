"""Installs voices of other programs from files that are here, and removes and checks them.

A source is a Piper voice if it is a file NAME.onnx with NAME.onnx.json beside it, or a folder with one such pair.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from tts_server.audio.level import active_level_dbfs
from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.installing.folder import put_in_place, working_folder
from tts_server.engines.onnx_voices.install import piper
from tts_server.engines.onnx_voices.packs.pack import MANIFEST, Pack, check_hashes, read_pack, write_manifest
from tts_server.engines.onnx_voices.packs.trial import LEVEL_DBFS, TRIALS
from tts_server.engines.onnx_voices.piper.runtime import Nets
from tts_server.engines.onnx_voices.piper.speaker import speak
from tts_server.errors import VoiceDataMissing

NAME: Final = re.compile(r"\w[\w.-]{0,63}")
RESERVED: Final = ("baker", "heart", "default")
MAX_GAIN_DB: Final = 20.0


class Progress(Protocol):
    """Who wants to know what is being done."""

    def step(self, what: str) -> None:
        """Something else is being done now."""


def find_model(source: Path) -> Path | None:
    """The graph of a Piper voice in a file or folder; None where there is none. Raises VoiceDataMissing for several."""
    found = [source] if source.is_file() else sorted(source.glob("*.onnx")) if source.is_dir() else []
    pairs = [path for path in found if path.suffix == ".onnx" and (path == source or Path(f"{path}.json").is_file())]
    if len(pairs) > 1:
        names = ", ".join(path.name for path in pairs[:8])
        raise VoiceDataMissing(f"{source} has several voices ({names}): name one of the files")
    return pairs[0] if pairs else None


def install(model: Path, folder: Path, progress: Progress) -> Pack:
    """Install a Piper voice. Raises VoiceDataMissing."""
    name = model.name.removesuffix(".onnx")
    if not NAME.fullmatch(name) or name in RESERVED:
        raise VoiceDataMissing(f"{name[:80]!r} cannot be the name of an installed voice: rename its files")
    if (folder / name).exists() and not (folder / name / MANIFEST).is_file():
        raise VoiceDataMissing(f"{folder / name} is there and holds another kind of voice: remove that first")
    with working_folder(folder) as working:
        check_room(working, 2 * model.stat().st_size, f"installing {name}")
        progress.step(f"making a voice pack of {name}")
        made = working / name
        made.mkdir()
        pack = piper.build(model, made, name)
        progress.step(f"listening to {name}")
        write_manifest(replace(pack, installed=datetime.now(UTC).isoformat(timespec="seconds")))
        pack = read_pack(made)
        write_manifest(replace(pack, gain=_gain(pack)))
        put_in_place([read_pack(made)], folder, working)
    return read_pack(folder / name)


def remove(pack: Pack, folder: Path) -> None:
    """Remove a pack. Raises VoiceDataMissing."""
    with working_folder(folder) as working:
        try:
            pack.folder.rename(working / "removed")  # gone at once; what is left is deleted with the working folder
        except OSError as error:
            raise VoiceDataMissing(f"{pack.folder} cannot be removed: {error.strerror}") from error


def verify(pack: Pack) -> None:
    """Is it undamaged, and does it still speak as loud as when it was installed? Raises VoiceDataMissing."""
    check_hashes(pack)
    if abs(np.log10(_gain(replace(pack, gain=1.0)) / pack.gain)) > 0.05:
        raise VoiceDataMissing(f"{pack.name} is not as loud here as where it was installed")


def _gain(pack: Pack) -> float:
    """What brings the voice to the usual level. Raises VoiceDataMissing for one that says nothing."""
    nets = Nets(pack)
    chunks = speak(nets, next(iter(pack.speakers.values()), 0), TRIALS[pack.speaks[0]], lambda: 1.0)
    try:
        samples = np.concatenate(list(chain([np.zeros(0, np.float32)], (chunk.samples for chunk in chunks))))
    except Exception as error:  # onnxruntime has a class of its own for each way in which a graph can fail
        raise VoiceDataMissing(f"{pack.name} cannot speak: {' '.join(str(error).split())[-200:]}") from error
    if not np.isfinite(samples).all():
        raise VoiceDataMissing(f"{pack.name} gives samples that are no numbers")
    level = active_level_dbfs(samples, pack.sample_rate)
    if not np.isfinite(level) or abs(LEVEL_DBFS - level) > MAX_GAIN_DB:
        raise VoiceDataMissing(f"{pack.name} speaks at {level:.0f} dBFS, which is no speech")
    return round(float(10 ** ((LEVEL_DBFS - level) / 20)), 4)
