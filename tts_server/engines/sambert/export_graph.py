"""An ONNX graph under construction, streamed layers included. Only for building voice packs.

Streamed layers carry what they have seen as states: inputs `state.<n>`, outputs `next.<n>`. Their shapes before the
first chunk stand in the model's metadata (`states`). A layer that looks ahead gives what is final, so its output lags
its input; `is_last` makes all layers give the rest, with zeros after the end, as the published nets pad.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

OPSET: Final = 18  # Pad and Split as we use them
IR_VERSION: Final = 9  # read by onnxruntime 1.16 and later
TIME: Final = 3  # axis of convolutions, (1, C, 1, T)
END: Final = 2**62

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Signal:
    """A streamed value (1, channels, 1, T) that lags the graph's input by `lag` of its own samples."""

    value: str
    channels: int
    lag: int = 0


class Graph:
    """Values are known by name. Weights are those of a torch net, by its names."""

    def __init__(self, name: str, weights: Weights) -> None:
        self._name, self.weights = name, weights
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._states: list[tuple[str, list[int]]] = []
        self._made: dict[Any, str] = {}
        self.metadata: dict[str, str] = {}

    # -- plain graphs --------------------------------------------------------------------------------------------------

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.ops(kind, *inputs, outputs=1, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """A node of several outputs."""
        names = [f"{kind.lower()}.{len(self._nodes)}.{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names

    def input(self, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def constant(self, values: Any) -> str:
        """A float32 array as it is; an integer or a list of them as int64."""
        array = values if isinstance(values, np.ndarray) else np.asarray(values, np.int64)
        name = f"constant.{len(self._initialisers)}"
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._made:
            self._made[key] = name
            self._initialisers[name] = onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
        return self._made[key]

    def weight(self, name: str) -> str:
        """A weight of the net; those of convolutions get the height 1."""
        array = self.weights[name]
        return self.constant(array[:, :, None] if array.ndim == 3 else array)

    def linear(self, x: str, name: str) -> str:
        """x: (N, C)."""
        bias = [self.weight(f"{name}.bias")] if f"{name}.bias" in self.weights else []
        return self.op("Gemm", x, self.constant(self.weights[f"{name}.weight"].T), *bias)

    def affine(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """x: (N, C), weight: (outputs, C), as in torch. For weights put together from several."""
        return self.op("Gemm", x, self.constant(weight.T.astype(np.float32)), self.constant(bias.astype(np.float32)))

    def norm(self, x: str, name: str, epsilon: float) -> str:
        weight, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, weight, bias, epsilon=epsilon)

    def conv(self, x: str, name: str, *, dilation: int = 1, padding: tuple[int, int] = (0, 0), **more: Any) -> str:
        """x: (1, C, 1, T)."""
        inputs = [self.weight(f"{name}.weight")]
        if f"{name}.bias" in self.weights:
            inputs.append(self.weight(f"{name}.bias"))
        left, right = padding
        return self.op("Conv", x, *inputs, dilations=[1, dilation], pads=[0, left, 0, right], **more)

    def time_last(self, x: str, channels: int) -> str:
        """(T, C) becomes (1, C, 1, T)."""
        return self.op("Reshape", self.op("Transpose", x, perm=[1, 0]), self.constant([1, channels, 1, -1]))

    def time_first(self, x: str, channels: int) -> str:
        """(1, C, 1, T) becomes (T, C)."""
        return self.op("Transpose", self.op("Reshape", x, self.constant([channels, -1])), perm=[1, 0])

    def lstm(self, x: str, name: str, hidden: int, *, both_ways: bool = False) -> str:
        """x: (T, C), from zeros. Returns (T, hidden), or twice as wide."""
        directions = ["", "_reverse"] if both_ways else [""]
        y = self.op(
            "LSTM",
            self.op("Unsqueeze", x, self.constant([1])),
            *lstm_weights(self, name, directions),
            hidden_size=hidden,
            direction="bidirectional" if both_ways else "forward",
        )  # (T, directions, 1, hidden)
        return self.op("Reshape", y, self.constant([-1, hidden * len(directions)]))

    # -- streamed graphs -----------------------------------------------------------------------------------------------

    def state(self, initial: Sequence[int], dynamic_axis: int | None = None) -> str:
        """The input of a new state, zeros of the shape `initial` before the first chunk."""
        name = f"state.{len(self._states)}"
        shape: list[int | str] = list(initial)
        if dynamic_axis is not None:
            shape[dynamic_axis] = name
        self._states.append((name, list(initial)))
        return self.input(name, shape)

    def keep(self, state: str, value: str, shape: Sequence[int | str]) -> None:
        """What a state becomes."""
        self.output(value, state.replace("state", "next"), shape)

    def cut(self, x: str, start: int, end: int) -> str:
        return self.op("Slice", x, self.constant([start]), self.constant([end]), self.constant([TIME]))

    def window(self, x: Signal, left: int, right: int, kept: int | None = None) -> str:
        """x with the `left` samples before it; its last `right` samples wait for the next chunk, or for the end.

        kept: how many samples the next chunk needs, if not both together (a layer with a stride).
        """
        kept = left + right if kept is None else kept
        if left + right == 0:
            return x.value
        state = self.state((1, x.channels, 1, left), TIME if right else None)
        parts = [state, x.value, *([self._zeros_at_end(x.channels, right)] if right else [])]
        around = self.op("Concat", *parts, axis=TIME)
        self.keep(state, self.cut(around, -kept, END), (1, x.channels, 1, kept))
        return around

    def delayed(self, x: Signal, lag: int) -> Signal:
        """x, held back until it lags by `lag`."""
        held = lag - x.lag
        if held == 0:
            return x
        state = self.state((1, x.channels, 1, 0), TIME)
        queue = self.op("Concat", state, x.value, axis=TIME)
        self.keep(state, self.cut(queue, -held, END), (1, x.channels, 1, held))
        value = self.op("Slice", queue, self.constant([0]), self._end_without(held), self.constant([TIME]))
        return Signal(value, x.channels, lag)

    def add(self, x: Signal, y: Signal) -> Signal:
        lag = max(x.lag, y.lag)
        return Signal(self.op("Add", self.delayed(x, lag).value, self.delayed(y, lag).value), x.channels, lag)

    def _zeros_at_end(self, channels: int, count: int) -> str:
        """(1, channels, 1, count) after the last chunk, nothing before."""
        key = ("zeros", channels, count)
        if key not in self._made:
            zeros = self.constant(np.zeros((1, channels, 1, count), np.float32))
            end = self.op("Mul", "is_last", self.constant([count]))
            self._made[key] = self.op("Slice", zeros, self.constant([0]), end, self.constant([TIME]))
        return self._made[key]

    def _end_without(self, count: int) -> str:
        """Where a slice ends that leaves out the last `count` samples, but for the last chunk."""
        key = ("end", count)
        if key not in self._made:
            far = self.op("Mul", "is_last", self.constant([END]))
            self._made[key] = self.op("Sub", far, self.constant([count]))
        return self._made[key]

    # ------------------------------------------------------------------------------------------------------------------

    def subgraph(self, name: str, inputs: Sequence[onnx.ValueInfoProto], build: Any) -> onnx.GraphProto:
        """A loop's body; it sees this graph's constants. `build` returns its outputs: [(value, shape)]."""
        outer, self._nodes = self._nodes, []
        outputs = build()
        for index, (value, _) in enumerate(outputs):
            self._nodes.append(helper.make_node("Identity", [value], [f"{name}.out.{index}"]))
        infos = [
            helper.make_tensor_value_info(f"{name}.out.{index}", TensorProto.FLOAT, shape)
            for index, (_, shape) in enumerate(outputs)
        ]
        body = helper.make_graph(self._nodes, name, list(inputs), infos)
        self._nodes = outer
        return body

    def model(self) -> onnx.ModelProto:
        initialisers = list(self._initialisers.values())
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, initialisers)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tts-server")
        helper.set_model_props(model, {**self.metadata, "states": json.dumps(self._states)})
        return model


def lstm_weights(graph: Graph, name: str, directions: Sequence[str]) -> tuple[str, str, str]:
    """Input, recurrent and bias weights as ONNX wants them: torch has the gates as ifgo, ONNX as iofg."""

    def reordered(array: NDArray[np.float32]) -> NDArray[np.float32]:
        i, f, g, o = np.split(array, 4)
        return np.concatenate([i, o, f, g])

    def stacked(kind: str) -> NDArray[np.float32]:
        return np.stack([reordered(graph.weights[f"{name}.{kind}_l0{direction}"]) for direction in directions])

    bias = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=1)
    return graph.constant(stacked("weight_ih")), graph.constant(stacked("weight_hh")), graph.constant(bias)
