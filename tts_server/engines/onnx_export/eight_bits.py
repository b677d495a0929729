"""Puts convolutions of a finished graph into 8 bits: weights by output, what goes in and comes out by fixed ranges.

Ranges are found by looking on while the graph runs: those with the least squared error, which cut off rare peaks. They
are fixed, so that any chunks still give the same. onnxruntime makes integer products of what is written here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LEVELS: Final = 255
LARGEST: Final = 127
KEPT: Final = 1024  # values of a tensor that are kept of each run
SHARES: Final = np.geomspace(0.15, 1, 12)  # of the extremes, tried as ends of a range
SEED: Final = 8

Floats = NDArray[np.float32]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """What stands between 0 and 255: (integer - zero) * scale."""

    scale: np.float32
    zero: np.uint8

    @classmethod
    def of(cls, low: float, high: float) -> "Range":
        """Holds 0, since convolutions pad with it."""
        low, high = min(low, 0.0), max(high, 0.0)
        scale = np.float32((high - low) / LEVELS or 1.0)
        return cls(scale, np.uint8(np.clip(round(-low / float(scale)), 0, LEVELS)))

    def error(self, values: Floats) -> float:
        """Mean square of what rounding does to the values."""
        zero = np.float32(self.zero)
        rounded = (np.clip(np.rint(values / self.scale) + zero, 0, LEVELS) - zero) * self.scale
        return float(np.mean((rounded - values) ** 2))


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a graph's convolutions."""

    ranges: Mapping[str, Range]  # by value: inputs and outputs
    columns: Mapping[str, int]  # by output: how many were made


def convolutions(model: onnx.ModelProto) -> dict[Shape, list[onnx.NodeProto]]:
    """By the shape of their weights: those of one shape do the same work at the same place of the net."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    found = defaultdict(list)
    for node in model.graph.node:
        if node.op_type == "Conv" and node.input[1] in shapes:
            found[shapes[node.input[1]]].append(node)
    return dict(found)


def observe(model: onnx.ModelProto, runs: Iterable[Mapping[str, Any]]) -> Observed:
    """Run the graph with each of the inputs and look on."""
    import onnxruntime

    nodes = [node for group in convolutions(model).values() for node in group]
    names = list(dict.fromkeys(name for node in nodes for name in (node.input[0], node.output[0])))
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    own = {output.name for output in model.graph.output}
    watched.graph.output.extend(
        helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names if n not in own
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(SEED)
    kept: dict[str, list[Floats]] = defaultdict(list)
    columns: dict[str, int] = defaultdict(int)
    for given in runs:
        for name, values in zip(names, session.run(names, dict(given)), strict=True):
            columns[name] += values.shape[-1]
            kept[name].append(_some(values.ravel(), random))
    return Observed({name: _best_range(np.concatenate(parts)) for name, parts in kept.items()}, dict(columns))


def in_8_bits(model: onnx.ModelProto, observed: Observed, shapes: Collection[Shape]) -> onnx.ModelProto:
    """The graph with the convolutions of these shapes in 8 bits."""
    rewritten = _Rewritten(model, observed)
    chosen = {node.output[0] for shape, group in convolutions(model).items() if shape in shapes for node in group}
    for node in model.graph.node:
        rewritten.add(node, is_chosen=node.output[0] in chosen)
    return rewritten.model()


class _Rewritten:
    """A graph on its way into 8 bits."""

    def __init__(self, model: onnx.ModelProto, observed: Observed) -> None:
        self._source, self._observed = model, observed
        self._arrays = {tensor.name: tensor for tensor in model.graph.initializer}
        self._made: dict[str, onnx.TensorProto] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._rounded: dict[str, str] = {}

    def add(self, node: onnx.NodeProto, *, is_chosen: bool) -> None:
        """The next node, as it is or as a product of integers."""
        if not is_chosen:
            self._nodes.append(node)
            return
        given, output = self._range(node.input[0]), node.output[0]
        weight = numpy_helper.to_array(self._arrays[node.input[1]])
        scales = (np.maximum(np.abs(weight).reshape(len(weight), -1).max(axis=1), 1e-12) / LARGEST).astype(np.float32)
        integers = np.rint(weight / scales.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.int8)
        inputs = [self._round(node.input[0]), self._restored(f"{output}.weight", integers, scales)]
        if len(node.input) > 2:
            bias, by = numpy_helper.to_array(self._arrays[node.input[2]]), scales * given.scale
            inputs.append(
                self._restored(f"{output}.bias", np.rint(bias / by).clip(-(2**31), 2**31 - 128), by, np.int32)
            )
        exact = helper.make_node("Conv", inputs, [f"{output}.exact"], name=f"{output}.conv")
        exact.attribute.extend(node.attribute)
        self._nodes.append(exact)
        self._between(f"{output}.exact", output, self._range(output))

    def model(self) -> onnx.ModelProto:
        """All of it, without weights that nothing needs any more."""
        model = onnx.ModelProto()
        model.CopyFrom(self._source)
        used = {name for node in self._nodes for name in node.input}
        del model.graph.node[:], model.graph.initializer[:]
        model.graph.node.extend(self._nodes)
        model.graph.initializer.extend(t for name, t in (self._arrays | self._made).items() if name in used)
        return model

    def _range(self, name: str) -> Range:
        return self._observed.ranges[name]

    def _round(self, name: str) -> str:
        """A value in 8 bits and back; once, however many take it."""
        if name not in self._rounded:
            self._rounded[name] = f"{name}.rounded"
            self._between(name, self._rounded[name], self._range(name))
        return self._rounded[name]

    def _between(self, value: str, result: str, how: Range) -> None:
        scale, zero = (
            self._constant(f"{result}.{part}", np.asarray(a))
            for part, a in zip(("scale", "zero"), (how.scale, how.zero), strict=True)
        )
        self._nodes.append(helper.make_node("QuantizeLinear", [value, scale, zero], [f"{result}.integers"]))
        self._nodes.append(helper.make_node("DequantizeLinear", [f"{result}.integers", scale, zero], [result]))

    def _restored(self, name: str, integers: NDArray[Any], scales: Floats, kind: Any = np.int8) -> str:
        """Integers with a scale for each first index."""
        parts = (integers.astype(kind), scales, np.zeros(len(scales), kind))
        names = [
            self._constant(f"{name}.{part}", a) for part, a in zip(("integers", "scales", "zeros"), parts, strict=True)
        ]
        self._nodes.append(helper.make_node("DequantizeLinear", names, [name], axis=0))
        return name

    def _constant(self, name: str, array: NDArray[Any]) -> str:
        self._made[name] = numpy_helper.from_array(array, name)
        return name


def _some(values: Floats, random: np.random.Generator) -> Floats:
    """A share of the values, the extremes among them."""
    if len(values) <= KEPT:
        return values
    chosen = values[random.integers(0, len(values), KEPT)]
    return np.append(chosen, [values.min(), values.max()]).astype(np.float32)


def _best_range(values: Floats) -> Range:
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    tried: Sequence[Range] = [
        Range.of(low * min(1.0, a), high * min(1.0, b)) for s in SHARES for a, b in ((s, s), (2 * s, s), (s, 2 * s))
    ]
    return min(tried, key=lambda how: how.error(values))
