"""A voice pack of this engine: a folder with `voice.json` and the graphs of one model. `install/` writes it.

voice.json says what the voice is, where it came from, how its family reads symbols, and size and sha256 of each file.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tts_server.engines.installing.folder import packs_in
from tts_server.errors import VoiceDataMissing

FORMAT: Final = 1
MANIFEST: Final = "voice.json"
UNKNOWN_LICENCE: Final = "LicenseRef-unknown"
SPEAKER: Final = re.compile(r"\w[\w.-]{0,31}")
MAX_MANIFEST_BYTES: Final = 1 << 20
VOCODER: Final = "vocoder.onnx"  # of models that need one
FLOW: Final = "flow.onnx"  # of models whose flow can be made piece by piece
OPTIONAL: Final = {"sherpa": VOCODER, "piper": FLOW}
FAMILIES: Final = {  # and the files that each of them has
    "kokoro": ("model.onnx", "styles.npy"),
    "piper": ("front.onnx", "decoder.onnx"),
    "sherpa": ("model.onnx",),
}


@dataclass(frozen=True, slots=True)
class Pack:
    """A voice pack whose manifest has been read and whose files are there."""

    folder: Path
    name: str
    family: str
    language: str  # BCP 47
    speaks: tuple[str, ...]
    sample_rate: int  # Hz
    source: str
    licence: str
    attribution: str
    attribution_url: str
    description: str
    settings: Mapping[str, Any]  # what only its family understands
    speakers: Mapping[str, int] = field(default_factory=dict)  # of a model with several
    gain: float = 1.0  # that brings its speech to the usual level
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # size and sha256
    installed: str = ""  # UTC, ISO 8601

    @property
    def file_names(self) -> tuple[str, ...]:
        """Of all its files but the manifest, which names them: a pack that is being removed stays what it was."""
        optional = OPTIONAL.get(self.family, "")
        has_optional = optional in self.files if self.files else bool(optional) and (self.folder / optional).is_file()
        return (*FAMILIES[self.family], *((optional,) if has_optional else ()))

    @property
    def voice_names(self) -> tuple[str, ...]:
        """Of its speakers in their order, the first one's being its own: they stand in addresses and are typed."""
        known = [
            name if SPEAKER.fullmatch(name) else f"speaker-{number}" for name, number in list(self.speakers.items())[1:]
        ]
        return (self.name, *(f"{self.name}-{name}" for name in known))

    @property
    def revision(self) -> str:
        """What changes whenever the voice sounds different."""
        together = "".join(str(self.files[name]["sha256"]) for name in self.file_names)
        told = json.dumps([together, self.gain, self.settings], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:12]


def find_packs(folder: Path) -> list[Path]:
    """The packs in a folder, by name; none in one that is not there, or not ours to read."""
    return packs_in(folder, MANIFEST)


def read_pack(folder: Path) -> Pack:
    """Raises VoiceDataMissing."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise VoiceDataMissing(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes")
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.pop("format") != FORMAT:
            raise VoiceDataMissing(f"{path} is of another format than {FORMAT}, which this version reads")
        pack = Pack(folder=folder, **{**told, "speaks": tuple(told["speaks"])})
        for name in pack.file_names:
            there, stated = (folder / name).stat().st_size, pack.files[name]["bytes"]
            if there != stated:
                raise VoiceDataMissing(f"{folder / name} has {there} bytes; expected {stated}")
    except OSError as error:
        raise VoiceDataMissing(f"{error.filename or path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise VoiceDataMissing(f"{path} is damaged: {type(error).__name__} {error}") from error
    return pack


def memory_mb(pack: Pack) -> int:
    """What its nets take once they are loaded, about: their weights, and half of that again for what they compute."""
    return round(1.5 * sum(int(facts["bytes"]) for facts in pack.files.values()) / (1 << 20))


def unusable(pack: Pack, error: Exception) -> VoiceDataMissing:
    """What is told of an error of onnxruntime's: one line, and its end, where the reason is."""
    said = " ".join(str(error).replace(f"{pack.folder}/", "").split())
    return VoiceDataMissing(f"a file of {pack.name} cannot be loaded: {said[-200:]}")


def write_manifest(pack: Pack) -> None:
    """Write what a pack says of itself, and of its files as they are."""
    told = {
        "format": FORMAT,
        **asdict(pack),
        "files": {name: _facts(pack.folder / name) for name in pack.file_names},
    }
    del told["folder"]
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    (pack.folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def check_hashes(pack: Pack) -> None:
    """Raises VoiceDataMissing when a file is not the one that was written."""
    for name in pack.file_names:
        if _facts(pack.folder / name) != pack.files[name]:
            raise VoiceDataMissing(f"{pack.folder / name} has changed: its sha256 is not that of {MANIFEST}")


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
