"""An ONNX graph under construction. Only for those who build graphs; running them needs none of it."""

from collections.abc import Callable, Mapping, Sequence
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


class Graph:
    """Values are known by name. Weights are those of a torch net, by its names.

    Convolutions are two-dimensional with height 1, since onnxruntime has its blocked kernels for those only.
    """

    def __init__(self, name: str, weights: Weights, *, is_empty: bool = False) -> None:
        """is_empty: the graph only names its weights; they are fed when it is loaded."""
        self._name, self.weights, self._is_empty = name, weights, is_empty
        self._nodes: list[onnx.NodeProto] = []
        self._initialisers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._made: dict[Any, str] = {}
        self.metadata: dict[str, str] = {}

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
        """An array as it is; a float as float32; an integer or a list of them as int64."""
        kind = np.float32 if isinstance(values, float) else np.int64
        array = values if isinstance(values, np.ndarray) else np.asarray(values, kind)
        name = f"constant.{len(self._initialisers)}"
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._made:
            self._made[key] = name
            self._initialisers[name] = onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
        return self._made[key]

    def weight(self, name: str) -> str:
        """A weight of the net; those of convolutions get the height 1."""
        array = self.weights[name]
        shaped = array[:, :, None] if array.ndim == 3 else array
        return self.fed(name, shaped.shape, TensorProto.FLOAT) if self._is_empty else self.constant(shaped)

    def fed(self, name: str, shape: Sequence[int], kind: int) -> str:
        """A weight that is fed when the graph is loaded."""
        tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="weights")
        self._initialisers[name] = tensor
        return name

    def linear(self, x: str, name: str) -> str:
        """x: (N, C)."""
        bias = [self.weight(f"{name}.bias")] if f"{name}.bias" in self.weights else []
        return self.op("Gemm", x, self.weight(f"{name}.weight"), *bias, transB=1)

    def affine(self, x: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """x: (N, C), weight: (outputs, C), as in torch. For weights put together from several."""
        return self.op("Gemm", x, self.constant(weight.T.astype(np.float32)), self.constant(bias.astype(np.float32)))

    def lstm(self, x: str, name: str, hidden: int, *, both_ways: bool = False) -> str:
        """x: (T, C), from zeros. Returns (T, hidden), or twice as wide."""
        directions = ["", "_reverse"] if both_ways else [""]
        y = self.op(
            "LSTM",
            self.op("Unsqueeze", x, self.constant([1])),
            *self.lstm_weights(name, directions),
            hidden_size=hidden,
            direction="bidirectional" if both_ways else "forward",
        )  # (T, directions, 1, hidden)
        return self.op("Reshape", y, self.constant([-1, hidden * len(directions)]))

    def lstm_weights(self, name: str, directions: Sequence[str] = ("",)) -> tuple[str, str, str]:
        """Input, recurrent and bias weights as ONNX wants them: torch has the gates as ifgo, ONNX as iofg."""

        def reordered(array: NDArray[np.float32]) -> NDArray[np.float32]:
            i, f, g, o = np.split(array, 4)
            return np.concatenate([i, o, f, g])

        def stacked(kind: str) -> NDArray[np.float32]:
            return np.stack([reordered(self.weights[f"{name}.{kind}_l0{direction}"]) for direction in directions])

        bias = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=1)
        return self.constant(stacked("weight_ih")), self.constant(stacked("weight_hh")), self.constant(bias)

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

    def cut(self, x: str, start: int, end: int) -> str:
        """x: (1, C, 1, T), from `start` to `end` in time."""
        return self.op("Slice", x, self.constant([start]), self.constant([end]), self.constant([TIME]))

    def time_last(self, x: str, channels: int) -> str:
        """(T, C) becomes (1, C, 1, T)."""
        return self.op("Reshape", self.op("Transpose", x, perm=[1, 0]), self.constant([1, channels, 1, -1]))

    def time_first(self, x: str, channels: int) -> str:
        """(1, C, 1, T) becomes (T, C)."""
        return self.op("Transpose", self.op("Reshape", x, self.constant([channels, -1])), perm=[1, 0])

    def subgraph(
        self,
        name: str,
        inputs: Sequence[onnx.ValueInfoProto],
        build: Callable[[], Sequence[tuple[str, Sequence[int | str]]]],
    ) -> onnx.GraphProto:
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
        domains = sorted({"", *(node.domain for node in self._nodes)})
        opsets = [helper.make_opsetid(domain, 1 if domain else OPSET) for domain in domains]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tts-server")
        if self.metadata:
            helper.set_model_props(model, self.metadata)
        return model
