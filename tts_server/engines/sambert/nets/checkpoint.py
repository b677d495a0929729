"""Reads published checkpoints into the torch nets. Weights are data: nothing in a file is ever executed.

Every tensor must be there, by name and shape, but for the documented absences: tables that are recomputed, and tensors
that only training needs. Refusals say which file, which tensor, and what was expected.
"""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tts_server.engines.sambert.nets.acoustic import AcousticModel
from tts_server.engines.sambert.nets.vocoder import Vocoder
from tts_server.engines.sambert.packs.layouts import VoiceFiles, as_published
from tts_server.engines.sambert.packs.shape import AcousticShape, F0Scale, VocoderShape, acoustic_shape, vocoder_shape
from tts_server.errors import VoiceDataMissing

RECOMPUTED: Final = {
    "text_encoder.ling_enc.position_enc.position_enc",
    "variance_adaptor.dur_position_encoder.inv_timescales",
}
TRAINING_ONLY: Final = "align_attention."  # of voices trained with MAS
UNIT_TABLES: Final = ("sy_emb", "tone_emb", "syllable_flag_emb", "ws_emb")
# Rows that the symbols of a language need at least. A mask row may be missing, a speaker list may be shorter.
LEAST_ROWS: Final = {
    "PinYin": (144, 7, 5, 5),
    "Sichuan": (113, 7, 5, 5),
    "WuuShanghai": (154, 10, 5, 5),
    "ZhHK": (104, 11, 5, 5),
}
LEAST_BYTE_ROWS: Final = 256
LARGEST: Final = 1 << 16  # of any width or count of rows
MOST_LAYERS: Final = 64
OLD_VOCODER_TENSORS: Final = (  # names in generation 1 and now
    ("transpose_ups.", "transpose_upsamples."),
    ("repeat_ups.", "repeat_upsamples."),
    ("resblocks.", "conv_blocks."),
)

Tensors = Mapping[str, Tensor]
Net = TypeVar("Net", AcousticModel, Vocoder)


@dataclass(frozen=True, slots=True)
class PublishedVoice:
    """A voice as torch nets, for inference."""

    files: VoiceFiles
    acoustic: AcousticModel
    vocoder: Vocoder
    f0_scale: F0Scale | None  # of NSF voices
    speaker_vector: NDArray[np.float32] | None  # (speaker_units,), where there is no speaker table


def load_voice(files: VoiceFiles) -> PublishedVoice:
    """Read a voice. Raises VoiceDataMissing."""
    tensors = _state(files.acoustic_weights, ("model", "fsnet"))
    shape, wave, f0_scale = _shapes(files, tensors)
    kept = {name: tensor for name, tensor in tensors.items() if not _is_dropped(name)}
    acoustic = _filled(AcousticModel, shape, kept, files.acoustic_weights)
    folded = _folded(_renamed(_state(files.vocoder_weights, ("model", "generator"))), files.vocoder_weights)
    vocoder = _filled(Vocoder, wave, folded, files.vocoder_weights)
    voiced = 2 if files.acoustic.get("NSF") else 0
    if shape.num_mels - voiced != wave.in_channels or bool(voiced) != bool(wave.harmonics):
        raise VoiceDataMissing(
            f"{files.name}: the acoustic model makes {shape.num_mels} columns (NSF: {bool(voiced)}), "
            f"the vocoder takes {wave.in_channels} (NSF: {bool(wave.harmonics)})"
        )
    return PublishedVoice(files, acoustic, vocoder, f0_scale, _speaker_vector(files, shape))


def _shapes(files: VoiceFiles, tensors: Tensors) -> tuple[AcousticShape, VocoderShape, F0Scale | None]:
    """Of both nets, and how the first one scales f0. Raises VoiceDataMissing."""
    with as_published(files.name):
        return _acoustic_shape(files, tensors), _vocoder_shape(files), _f0_scale(files)


def _state(path: Path, outer: tuple[str, ...]) -> Tensors:
    """The tensors by name, out of whatever a trainer wrapped around them."""
    found: Any = _unpickled(path)
    for key in outer:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not found:
        raise VoiceDataMissing(f"{path}: expected tensors by name, under {' or '.join(outer)}")
    for name, tensor in found.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise VoiceDataMissing(f"{path}: {str(name)[:80]} is {type(tensor).__name__}; expected a tensor")
        if not _is_plain(tensor):
            shape = list(tensor.shape) if tensor.layout == torch.strided else tensor.layout
            raise VoiceDataMissing(f"{path}: {name[:80]} is {shape}, which does not lie in the file number by number")
    return found


def _unpickled(path: Path) -> Any:
    if not path.is_file():
        raise VoiceDataMissing(f"{path} is missing")
    is_zip = zipfile.is_zipfile(path)
    try:
        if is_zip and any(member.compress_type for member in zipfile.ZipFile(path).infolist()):
            raise VoiceDataMissing(f"{path} is compressed, which a checkpoint never is")
        # optimizer states make files several times larger than the nets: mapped, they are never read
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except VoiceDataMissing:
        raise
    except Exception as error:  # whatever a damaged or hostile file makes the reader stumble over
        reason = str(error).strip().split("\n")[0][:200]
        raise VoiceDataMissing(f"{path} is damaged or is no checkpoint of tensors only: {reason}") from error


def _is_plain(tensor: Tensor) -> bool:
    """Whether all its numbers are there: a view that repeats a few can be larger than any memory."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized or tensor.is_nested:
        return False
    return tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _is_dropped(name: str) -> bool:
    return name in RECOMPUTED or name.startswith(TRAINING_ONLY)


def _renamed(tensors: Tensors) -> Tensors:
    """The vocoder's tensors under their present names."""
    renamed = {}
    for name, tensor in tensors.items():
        parts = name.split(".")
        if parts[0] == "ups":  # ups.0.deconv.bias -> transpose_upsamples.0.1.deconv.bias
            parts = ["transpose_upsamples", parts[1], *(["1"] if parts[2:3] != ["1"] else []), *parts[2:]]
        now = ".".join(parts)
        for before, after in OLD_VOCODER_TENSORS:
            now = after + now.removeprefix(before) if now.startswith(before) else now
        renamed[now] = tensor
    return renamed


def _folded(tensors: Tensors, path: Path) -> Tensors:
    """Weights without weight norm: w = g v / |v|, |v| over all axes but the first."""
    folded = dict(tensors)
    for name in [name for name in tensors if name.endswith(".weight_g")]:
        stem = name.removesuffix("_g")
        gain, direction = folded.pop(name), folded.pop(f"{stem}_v", None)
        if direction is None:
            raise VoiceDataMissing(f"{path}: tensor {stem}_v is missing; {name} is there")
        if direction.dim() != 3 or gain.shape != (direction.shape[0], 1, 1) or direction.numel() > LARGEST**2:
            shapes = f"{list(gain.shape)} and {list(direction.shape)}"
            raise VoiceDataMissing(f"{path}: {name} and {stem}_v do not belong together: {shapes}")
        wide = direction.double()
        norm = wide.flatten(1).norm(dim=1)[:, None, None]
        folded[stem] = (gain.double() * wide / norm).float()
    return folded


def _filled(net: Callable[[Any], Net], shape: Any, tensors: Tensors, path: Path) -> Net:
    """A net with these weights. Shapes are compared before any memory is taken."""
    with torch.device("meta"):
        empty = net(shape)
    expected = empty.state_dict()
    for name, tensor in expected.items():
        if name not in tensors:
            raise VoiceDataMissing(f"{path}: tensor {name} is missing; expected {list(tensor.shape)}")
        if tensors[name].shape != tensor.shape:
            raise VoiceDataMissing(
                f"{path}: tensor {name} is {list(tensors[name].shape)}; expected {list(tensor.shape)}"
            )
        if not tensors[name].is_floating_point() or not bool(tensors[name].isfinite().all()):
            raise VoiceDataMissing(f"{path}: tensor {name} holds something else than finite numbers")
    if unknown := sorted(set(tensors) - set(expected)):
        raise VoiceDataMissing(f"{path}: tensor {unknown[0][:80]} is not known ({len(unknown)} such)")
    weights = {name: nn.Parameter(tensor.float().contiguous().clone()) for name, tensor in tensors.items()}
    empty.load_state_dict(weights, strict=True, assign=True)
    return empty.eval().requires_grad_(False)


def _acoustic_shape(files: VoiceFiles, tensors: Tensors) -> AcousticShape:
    """From the settings; rows of tables from the tensors, since lists of symbols do not tell them."""
    names = ("byte_index_emb",) if files.acoustic.get("using_byte") else UNIT_TABLES
    least = (LEAST_BYTE_ROWS,) if len(names) == 1 else LEAST_ROWS.get(files.language, (1,) * len(names))
    tables = tuple(
        _rows(files.acoustic_weights, tensors, f"text_encoder.{name}.weight", count)
        for name, count in zip(names, least, strict=True)
    )
    emotions = _rows(files.acoustic_weights, tensors, "emo_tokenizer.weight", 2)
    speakers = 0
    if not files.acoustic.get("SE"):
        speakers = _rows(files.acoustic_weights, tensors, "spk_tokenizer.weight", len(files.speakers))
    values = {**files.acoustic, "tables": tables, "emotions": emotions, "speakers": speakers}
    shape = _read_shape(acoustic_shape, values, files.acoustic_weights)
    if shape.encoder_num_units % shape.encoder_num_heads or shape.decoder_num_units % shape.decoder_num_heads:
        raise VoiceDataMissing(f"{files.name}: the units of encoder and decoder must be a multiple of their heads")
    return shape


def _vocoder_shape(files: VoiceFiles) -> VocoderShape:
    given = files.vocoder
    for name, expected in {
        "out_channels": 1,
        "bias": True,
        "repeat_upsample": True,
        "nonlinear_activation": "LeakyReLU",
    }.items():
        if given.get(name, expected) != expected:
            raise VoiceDataMissing(f"{files.name}: the vocoder's {name} is {given[name]!r}; expected {expected!r}")
    leak = (given.get("nonlinear_activation_params") or {}).get("negative_slope", 0.1)
    source = given.get("nsf_params") or {}
    harmonics = int(source.get("nb_harmonics", 7)) + 1 if source else 0
    shape = _read_shape(vocoder_shape, {**given, "leak": float(leak), "harmonics": harmonics}, files.vocoder_weights)
    stages, kinds = len(shape.upsample_scales), len(shape.resblock_kernel_sizes)
    if len(shape.upsample_kernal_sizes) != stages or len(shape.resblock_dilations) != kinds:
        raise VoiceDataMissing(f"{files.name}: the vocoder's lists of kernels, scales and dilations differ in length")
    return shape


Shape = TypeVar("Shape", AcousticShape, VocoderShape)


def _read_shape(read: Callable[[Mapping[str, Any]], Shape], values: Mapping[str, Any], path: Path) -> Shape:
    try:
        shape = read(values)
    except KeyError as error:
        raise VoiceDataMissing(f"the settings beside {path} lack {error}") from error
    for name in shape.__dataclass_fields__:
        _check_size(path, name, getattr(shape, name))
    return shape


def _check_size(path: Path, name: str, value: Any) -> None:
    """Numbers within reason, so that a bad file cannot ask for a net that fills the memory."""
    if isinstance(value, tuple):
        if len(value) > MOST_LAYERS:
            raise VoiceDataMissing(f"the settings beside {path}: {name} has {len(value)} entries")
        for part in value:
            _check_size(path, name, part)
    elif name in ("causal", "leak", "using_byte", "FP"):
        if not isinstance(value, (bool, float)):
            raise VoiceDataMissing(f"the settings beside {path}: {name} is {value!r}")
    else:
        least = 0 if name in ("speakers", "harmonics", "predictor_shift", "postnet_shift") else 1
        most = MOST_LAYERS if name.endswith("num_layers") else LARGEST
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise VoiceDataMissing(f"the settings beside {path}: {name} is {value!r}; expected {least} to {most}")


def _rows(path: Path, tensors: Tensors, name: str, least: int) -> int:
    if name not in tensors:
        raise VoiceDataMissing(f"{path}: tensor {name} is missing")
    if tensors[name].dim() != 2 or len(tensors[name]) < least:
        raise VoiceDataMissing(f"{path}: tensor {name} is {list(tensors[name].shape)}; expected {least} rows or more")
    return len(tensors[name])


def _f0_scale(files: VoiceFiles) -> F0Scale | None:
    given = files.acoustic
    if not given.get("NSF"):
        return None
    if given.get("nsf_norm_type", "mean_std") == "global":
        least, most = float(given["nsf_f0_global_minimum"]), float(given["nsf_f0_global_maximum"])
        return F0Scale(most - least, least)
    if files.mvn is None:
        raise VoiceDataMissing(f"{files.name}: am/mvn.npy is missing, the mean and the deviation of f0")
    mean, deviation = _array(files.mvn, 2)
    return F0Scale(float(deviation), float(mean))


def _speaker_vector(files: VoiceFiles, shape: AcousticShape) -> NDArray[np.float32] | None:
    if shape.speakers:
        return None
    if files.speaker_vector is None:
        raise VoiceDataMissing(f"{files.name}: am/se.npy is missing, the speaker's vector")
    return _array(files.speaker_vector, shape.speaker_units)


def _array(path: Path, size: int) -> NDArray[np.float32]:
    try:
        read = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise VoiceDataMissing(f"{path} cannot be read: {error}") from error
    if not isinstance(read, np.ndarray) or read.size != size or read.dtype.kind != "f" or not np.isfinite(read).all():
        raise VoiceDataMissing(f"{path}: expected {size} finite numbers")
    return read.reshape(-1).astype(np.float32)
