"""A voice pack: a folder with a voice's graphs, tables and a manifest. `export.py` writes it, the run time reads it.

manifest.json   what it is, where it came from, the shapes of its nets, size and sha256 of every other file
*.onnx          encoder, variance, durations, memory, step, postnet, vocoder
step.npy        the weights of the step, which is an empty graph and a function in numpy
tables.npz      rows of emotions and speakers
check.npz       inputs and what the published nets made of them, for the self-check
vocoder.int8.onnx   not in each pack: the vocoder with products of 8-bit integers; the manifest tells how it compares
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tts_server.engines.installing.folder import packs_in
from tts_server.engines.sambert.packs.shape import AcousticShape, F0Scale, VocoderShape, acoustic_shape, vocoder_shape
from tts_server.errors import VoiceDataMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
GRAPHS: Final = ("encoder", "variance", "durations", "memory", "step", "postnet", "vocoder")
FILES: Final = (*(f"{name}.onnx" for name in GRAPHS), "step.npy", "tables.npz", "check.npz")
VOCODER_IN_8_BITS: Final = "vocoder.int8.onnx"
MAX_MANIFEST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Pack:
    """A voice pack whose manifest has been read and whose files are there."""

    folder: Path
    name: str
    source: str  # where the checkpoint came from
    revision: str
    licence: str
    language: str  # of the symbols: "PinYin"
    sample_rate: int  # Hz
    speakers: tuple[str, ...]
    emotions: Mapping[str, str]  # canonical name -> the checkpoint's category; "neutral" first
    acoustic: AcousticShape
    vocoder: VocoderShape
    f0_scale: F0Scale | None
    sha256: Mapping[str, str]  # of each file
    installed: str = ""  # UTC, ISO 8601; "" for a pack that was copied here by hand
    position: int = 0  # among the voices of its model
    passed: frozenset[str] = frozenset()  # precisions below fp32 that were found to be the same voice

    @property
    def version(self) -> str:
        """What changes whenever the voice sounds different."""
        together = "".join(self.sha256.values())
        return f"{self.revision}+{hashlib.sha256(together.encode()).hexdigest()[:8]}"


def find_packs(folder: Path) -> list[Path]:
    """The packs in a folder, by name; none in one that is not there, or not ours to read."""
    return packs_in(folder, MANIFEST)


def read_pack(folder: Path) -> Pack:
    """Raises VoiceDataMissing."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise VoiceDataMissing(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes")
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise VoiceDataMissing(f"{path} has format {manifest['format']}; this version reads {FORMAT}")
        pack = _parsed(folder, manifest)
        for name in pack.sha256:
            there, stated = (folder / name).stat().st_size, manifest["files"][name]["bytes"]
            if there != stated:
                raise VoiceDataMissing(f"{folder / name} has {there} bytes; expected {stated}")
    except OSError as error:
        raise VoiceDataMissing(f"{error.filename or path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VoiceDataMissing(f"{path} is damaged: {type(error).__name__} {error}") from error
    return pack


def check_hashes(pack: Pack) -> None:
    """Raises VoiceDataMissing when a file is not the one that was written."""
    for name, expected in pack.sha256.items():
        if sha256(pack.folder / name) != expected:
            raise VoiceDataMissing(f"{pack.folder / name} has changed: its sha256 is not the manifest's")


def read_arrays(pack: Pack, name: str) -> "dict[str, NDArray[Any]]":
    """Raises VoiceDataMissing."""
    import numpy as np  # here alone: manifests are read by commands that need none

    try:
        with np.load(pack.folder / name, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError) as error:
        raise VoiceDataMissing(f"{pack.folder / name} cannot be read: {error}") from error


def read_array(pack: Pack, name: str) -> "NDArray[Any]":
    """Raises VoiceDataMissing."""
    import numpy as np  # here alone: manifests are read by commands that need none

    try:
        array: NDArray[Any] = np.load(pack.folder / name, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise VoiceDataMissing(f"{pack.folder / name} cannot be read: {error}") from error
    return array


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parsed(folder: Path, manifest: Mapping[str, Any]) -> Pack:
    scale = manifest["f0_scale"]
    emotions = {str(name): str(category) for name, category in manifest["emotions"].items()}
    if next(iter(emotions), "") != "neutral":
        raise ValueError("the first emotion must be neutral")
    names = (*FILES, VOCODER_IN_8_BITS) if VOCODER_IN_8_BITS in manifest["files"] else FILES
    return Pack(
        folder=folder,
        name=str(manifest["name"]),
        source=str(manifest["source"]),
        revision=str(manifest["revision"]),
        licence=str(manifest["licence"]),
        language=str(manifest["language"]),
        sample_rate=int(manifest["sample_rate"]),
        speakers=tuple(map(str, manifest["speakers"])),
        emotions=emotions,
        acoustic=acoustic_shape(manifest["acoustic"]),
        vocoder=vocoder_shape(manifest["vocoder"]),
        f0_scale=None if scale is None else F0Scale(float(scale["scale"]), float(scale["offset"])),
        sha256={name: str(manifest["files"][name]["sha256"]) for name in names},
        installed=str(manifest.get("installed", "")),
        position=int(manifest.get("position", 0)),
        passed=frozenset(name for name, told in manifest.get("precisions", {}).items() if told["passed"]),
    )
