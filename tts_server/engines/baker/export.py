"""Writes the voice's nets as ONNX graphs without weights (development only).

    python -m tts_server.engines.baker.export

The weights are named, external initialisers; `runtime.py` feeds them at load. Convolutions are two-dimensional with
height 1, since onnxruntime has its blocked kernels for those only. `nets.py` is what the graphs must agree with.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from tts_server.engines.baker.nets import AcousticModel, Vocoder
from tts_server.engines.baker.shape import ACOUSTIC, VOCODER

OPSET: Final = 18  # Pad with axes
IR_VERSION: Final = 9  # read by onnxruntime 1.16 and later
TIME: Final = 3  # axis of convolutions, (1, C, 1, T)
END: Final = 2**62

Shapes = Mapping[str, tuple[int, ...]]


def build_graphs() -> dict[str, onnx.ModelProto]:
    """The graphs by name. The nets tell the shapes of the weights; no data is needed."""
    acoustic = {name: tuple(tensor.shape) for name, tensor in AcousticModel().state_dict().items()}
    vocoder = {name: tuple(tensor.shape) for name, tensor in Vocoder().state_dict().items()}
    return {"encoder": _encoder(acoustic), "decoder": _decoder(acoustic), "vocoder": _vocoder(vocoder)}


def main() -> None:
    """Write the graphs beside this file."""
    folder = Path(__file__).parent / "graphs"
    folder.mkdir(exist_ok=True)
    for name, model in build_graphs().items():
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


class Graph:
    """An ONNX graph under construction; values are known by name."""

    def __init__(self, name: str, shapes: Shapes) -> None:
        self._name, self._shapes = name, shapes
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind.lower()}.{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def input(self, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, values: int | float | Sequence[int]) -> str:
        array = np.asarray(values, np.float32 if isinstance(values, float) else np.int64)
        name = f"constant.{values}"
        self._initialisers[name] = onnx.numpy_helper.from_array(array, name)
        return name

    def weight(self, name: str) -> str:
        """A weight that is fed at load; those of convolutions get the height 1."""
        shape = self._shapes[name]
        dims = (*shape[:2], 1, shape[2]) if len(shape) == 3 else shape
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="weights")
        self._initialisers[name] = tensor
        return name

    def linear(self, x: str, name: str) -> str:
        """x: (N, C)."""
        return self.op("Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)

    def norm(self, x: str, name: str) -> str:
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, weight, bias, epsilon=ACOUSTIC.norm_eps)

    def conv(self, x: str, name: str, dilation: int = 1, padding: int = 0) -> str:
        """x: (1, C, 1, T)."""
        inputs = [self.weight(f"{name}.weight")]
        if f"{name}.bias" in self._shapes:
            inputs.append(self.weight(f"{name}.bias"))
        return self.op("Conv", x, *inputs, dilations=[1, dilation], pads=[0, padding, 0, padding])

    def time_last(self, x: str, channels: int) -> str:
        """(T, C) becomes (1, C, 1, T)."""
        return self.op("Reshape", self.op("Transpose", x, perm=[1, 0]), self.constant([1, channels, 1, -1]))

    def time_first(self, x: str, channels: int) -> str:
        """(1, C, 1, T) becomes (T, C)."""
        return self.op("Transpose", self.op("Reshape", x, self.constant([channels, -1])), perm=[1, 0])

    def model(self) -> onnx.ModelProto:
        initialisers = list(self._initialisers.values())
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, initialisers)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="tts-server")


def _encoder(shapes: Shapes) -> onnx.ModelProto:
    graph = Graph("encoder", shapes)
    units = graph.input("units", ["U"], TensorProto.INT64)
    x = graph.op("Gather", graph.weight("embedding.weight"), units)
    x = graph.op("Add", x, _positions(graph, units))
    for layer in range(ACOUSTIC.layers):
        x = _transformer_block(graph, x, f"encoder.{layer}")
    graph.output(x, "hidden", ["U", ACOUSTIC.hidden])
    frames = graph.op("Sub", graph.op("Exp", _predictor(graph, x, "duration")), graph.constant(1.0))
    graph.output(graph.op("Relu", frames), "durations", ["U"])
    for name in ("f0", "energy"):
        graph.output(_predictor(graph, x, name), name, ["U"])
    return graph.model()


def _decoder(shapes: Shapes) -> onnx.ModelProto:
    graph = Graph("decoder", shapes)
    x = graph.input("hidden", ["U", ACOUSTIC.hidden])
    repeats = graph.input("repeats", ["T"], TensorProto.INT64)
    for name in ("f0", "energy"):
        value = graph.op("Reshape", graph.input(name, ["U"]), graph.constant([1, 1, 1, -1]))
        embedded = graph.time_first(graph.conv(value, f"{name}_embedding", padding=4), ACOUSTIC.hidden)
        mask = graph.input(f"{name}_mask", ["U", ACOUSTIC.hidden])
        x = graph.op("Add", x, graph.op("Mul", embedded, mask))
    x = graph.op("Add", graph.op("Gather", x, repeats), _positions(graph, repeats))
    for layer in range(ACOUSTIC.layers):
        x = _transformer_block(graph, x, f"decoder.{layer}")
    mel = residual = graph.time_last(graph.linear(x, "mel"), ACOUSTIC.n_mels)
    for layer in range(5):
        residual = graph.conv(residual, f"postnet.{layer}", padding=2)
        if layer < 4:
            residual = graph.op("Tanh", residual)
    graph.output(graph.op("Add", mel, residual), "mel", [1, ACOUSTIC.n_mels, 1, "T"])
    return graph.model()


def _positions(graph: Graph, counted: str) -> str:
    """The embeddings of the positions 1 to len(counted)."""
    end = graph.op("Add", graph.op("Shape", counted), graph.constant([1]))
    return graph.op("Slice", graph.weight("position.weight"), graph.constant([1]), end, graph.constant([0]))


def _transformer_block(graph: Graph, x: str, name: str) -> str:
    def heads(part: str, order: list[int]) -> str:
        split = graph.constant([-1, ACOUSTIC.heads, ACOUSTIC.head_size])
        projected = graph.op("Reshape", graph.linear(x, f"{name}.attention.{part}"), split)
        return graph.op("Transpose", projected, perm=order)

    scores = graph.op("MatMul", heads("query", [1, 0, 2]), heads("key", [1, 2, 0]))
    scores = graph.op("Mul", scores, graph.constant(1 / math.sqrt(ACOUSTIC.head_size)))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), heads("value", [1, 0, 2]))
    inner = graph.constant([-1, ACOUSTIC.heads * ACOUSTIC.head_size])
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[1, 0, 2]), inner)
    x = graph.norm(graph.op("Add", graph.linear(mixed, f"{name}.attention.output"), x), f"{name}.attention.norm")

    y = graph.conv(graph.time_last(x, ACOUSTIC.hidden), f"{name}.feed_forward.expand", padding=1)
    y = graph.conv(_mish(graph, y), f"{name}.feed_forward.project", padding=1)
    return graph.norm(graph.op("Add", graph.time_first(y, ACOUSTIC.hidden), x), f"{name}.feed_forward.norm")


def _mish(graph: Graph, x: str) -> str:
    """x tanh(softplus x) as x n / (n + 2), n = e^x (e^x + 2): the operators' own way makes a clause 25 % slower."""
    e = graph.op("Exp", graph.op("Min", x, graph.constant(20.0)))  # beyond, the factor is 1 in float32
    n = graph.op("Mul", e, graph.op("Add", e, graph.constant(2.0)))
    return graph.op("Mul", x, graph.op("Div", n, graph.op("Add", n, graph.constant(2.0))))


def _predictor(graph: Graph, x: str, name: str) -> str:
    for layer in range(2):
        y = graph.conv(graph.time_last(x, ACOUSTIC.hidden), f"{name}.conv{layer}", padding=1)
        x = graph.norm(graph.time_first(graph.op("Relu", y), ACOUSTIC.hidden), f"{name}.norm{layer}")
    return graph.op("Reshape", graph.linear(x, f"{name}.linear"), graph.constant([-1]))


def _vocoder(shapes: Shapes) -> onnx.ModelProto:
    """Streamed with carried state: any chunks give the samples of the whole utterance.

    edges: int64 (2,), whether the chunk is the first and the last of the utterance. Each layer that looks around keeps
    the last samples of its input as a state (empty before the first chunk), and pads only at the utterance's edges.
    """
    graph = Graph("vocoder", shapes)
    mel = graph.input("mel", [1, VOCODER.n_mels, 1, "T"])
    graph.input("edges", [2], TensorProto.INT64)
    states: list[tuple[str, str, int, int]] = []

    def window(x: str, name: str, channels: int, span: int, left: int, right: int, mode: str) -> str:
        """x with what a layer sees around it: the state before it, `left` and `right` padding at the edges."""
        state = graph.input(f"state.{name}", [1, channels, 1, f"state.{name}"])
        x = graph.op("Concat", state, x, axis=TIME)
        pads = graph.op("Mul", "edges", graph.constant([left, right]))
        x = graph.op("Pad", x, pads, "", graph.constant([TIME]), mode=mode)
        states.append((_cut(graph, x, -span, END), name, channels, span))
        return x

    x = graph.conv(window(mel, "conv_in", VOCODER.n_mels, 6, 3, 3, "reflect"), "conv_in")
    x = _leaky_relu(graph, x)
    for stage, factor in enumerate(VOCODER.upsampling):
        inputs, channels = VOCODER.channels[stage : stage + 2]
        x = graph.conv(window(x, f"up.{stage}", inputs, 1, 1, 1, "constant"), f"up.{stage}")
        x = graph.op("Reshape", x, graph.constant([channels, factor, -1]))
        x = graph.op("Reshape", graph.op("Transpose", x, perm=[0, 2, 1]), graph.constant([1, channels, 1, -1]))
        surplus = graph.op("Mul", "edges", graph.constant([-(factor // 2), factor // 2 - factor]))
        x = graph.op("Pad", x, surplus, "", graph.constant([TIME]))
        for unit, dilation in enumerate(VOCODER.dilations):
            name = f"stack.{stage}.{unit}"
            around = window(x, name, channels, 2 * dilation, dilation, dilation, "reflect")
            y = graph.conv(_leaky_relu(graph, around), f"{name}.dilated", dilation=dilation)
            y = graph.conv(_leaky_relu(graph, y), f"{name}.pointwise")
            x = graph.op("Add", graph.conv(_cut(graph, around, dilation, -dilation), f"{name}.shortcut"), y)
        x = _leaky_relu(graph, x)
    x = graph.op("Tanh", graph.conv(window(x, "conv_out", VOCODER.channels[-1], 6, 3, 3, "reflect"), "conv_out"))
    span = VOCODER.filterbank_taps - 1
    x = graph.conv(window(x, "filterbank", VOCODER.bands, span, span // 2, span - span // 2, "constant"), "filterbank")
    x = graph.op("Reshape", x, graph.constant([VOCODER.bands, -1]))
    graph.output(graph.op("Reshape", graph.op("Transpose", x, perm=[1, 0]), graph.constant([-1])), "samples", ["N"])
    for value, name, channels, span in states:
        graph.output(value, f"next.{name}", [1, channels, 1, span])
    return graph.model()


def _leaky_relu(graph: Graph, x: str) -> str:
    return graph.op("LeakyRelu", x, alpha=VOCODER.leak)


def _cut(graph: Graph, x: str, start: int, end: int) -> str:
    return graph.op("Slice", x, graph.constant([start]), graph.constant([end]), graph.constant([TIME]))


if __name__ == "__main__":
    main()
