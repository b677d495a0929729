"""The HiFi-GAN decoder at the end of a VITS graph, cut off and rebuilt as a graph that streams.

It is found by its shape, not by names: from the output back through convolutions, leaky rectifiers and sums of
branches, to the first value that is made otherwise. That is where the graph is cut.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from tts_server.engines.onnx_export.streamed import Signal, StreamedGraph
from tts_server.errors import VoiceDataMissing

RESHAPING: Final = ("Unsqueeze", "Squeeze", "Reshape", "Identity")
ELEMENTWISE: Final = ("LeakyRelu", "Relu", "Tanh")
LAYERS: Final = ("Conv", "ConvTranspose", "Add", "Div", "Mul", *ELEMENTWISE)
# Of what the layers between two upsamplings see: where it is no more than so many frames, they run over it again with
# each chunk, which is cheaper than to cut and join within.
OVERLAP_FRAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a graph is cut, and its end as a graph that streams."""

    frames: str  # the value that the decoder takes, (1, channels, T)
    condition: str  # of graphs with several speakers: a value (1, channels, 1) that it takes besides, else ""
    decoder: onnx.ModelProto
    hop_length: int  # samples a frame


def cut_decoder(model: onnx.ModelProto) -> Cut:
    """Raises VoiceDataMissing for a graph that does not end in such a decoder."""
    known = _constants(model)
    made = {output: node for node in model.graph.node for output in node.output}
    end = model.graph.output[0].name
    while end in made and made[end].op_type in RESHAPING:
        end = made[end].input[0]
    if end not in made or made[end].op_type != "Tanh":
        raise VoiceDataMissing("the graph does not end as a HiFi-GAN decoder does: it is no VITS voice")
    nodes = _reached(end, made, known)
    inner = {output for node in nodes for output in node.output}
    outer = list(dict.fromkeys(name for node in nodes for name in node.input if name not in inner | set(known)))
    frames = [name for name in outer if any(node.op_type == "Conv" and name == node.input[0] for node in nodes)]
    if len(frames) != 1 or len(outer) > 2:
        raise VoiceDataMissing(f"the decoder takes {len(outer)} values; one, and one for the speaker, are expected")
    condition = next((name for name in outer if name != frames[0]), "")
    builder = _Builder(known, frames[0], condition, nodes)
    return Cut(frames[0], condition, builder.build(end), prod(builder.strides))


def _constants(model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return found


def _reached(end: str, made: Mapping[str, onnx.NodeProto], known: Mapping[str, Any]) -> list[onnx.NodeProto]:
    """The decoder's nodes in their order."""
    nodes: dict[int, onnx.NodeProto] = {}
    waiting = [end]
    while waiting:
        node = made.get(waiting.pop())
        if node is not None and id(node) not in nodes and _belongs(node, made, known):
            nodes[id(node)] = node
            waiting += node.input
    order = {output: index for index, output in enumerate(made)}
    return sorted(nodes.values(), key=lambda node: order[node.output[0]])


def _belongs(node: onnx.NodeProto, made: Mapping[str, onnx.NodeProto], known: Mapping[str, Any]) -> bool:
    if node.op_type in ("Mul", "Div"):
        return node.input[1] in known and known[node.input[1]].size == 1
    if node.op_type == "Conv" and known[node.input[1]].shape[2] == 1:  # of the speaker's vector: made before the cut
        return node.input[0] in made and made[node.input[0]].op_type in LAYERS
    return node.op_type in LAYERS


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far around a value's sample the layers look, from the last upsampling on."""

    left: int = 0
    right: int = 0


class _Builder:
    """Builds the decoder's graph, one stretch between two upsamplings after the other."""

    def __init__(
        self, known: Mapping[str, NDArray[Any]], frames: str, condition: str, nodes: Sequence[onnx.NodeProto]
    ) -> None:
        self._known, self._frames, self._condition, self._nodes = known, frames, condition, nodes
        self.strides: list[int] = []
        self._graph = StreamedGraph("decoder", {})
        self._signals: dict[str, Signal] = {}

    def build(self, end: str) -> onnx.ModelProto:
        graph = self._graph
        first = next(node for node in self._nodes if node.op_type == "Conv" and node.input[0] == self._frames)
        channels = self._known[first.input[1]].shape[1]
        self._signals[self._frames] = Signal(graph.given("frames", [1, channels, 1, "T"]), channels)
        if self._condition:
            graph.input("condition", [1, self._known[first.input[1]].shape[0], 1, 1])
        for stretch in self._stretches():
            self._add_stretch(stretch)
        samples = self._signals[end]
        graph.output(graph.op("Reshape", samples.value, graph.constant([-1])), "samples", ["N"])
        graph.metadata["lag"] = json.dumps(samples.lag)
        graph.metadata["states"] = json.dumps(graph.states)
        return graph.model()

    def _stretches(self) -> Iterator[list[onnx.NodeProto]]:
        """An upsampling each, and what follows it up to the next one."""
        stretch: list[onnx.NodeProto] = []
        for node in self._nodes:
            if node.op_type == "ConvTranspose":
                yield stretch
                stretch = []
            stretch.append(node)
        yield stretch

    def _add_stretch(self, nodes: Sequence[onnx.NodeProto]) -> None:
        if nodes[0].op_type == "ConvTranspose":
            self._signals[nodes[0].output[0]] = self._upsampled(nodes[0])
            given, nodes = nodes[0].output[0], nodes[1:]
            reach = self._reach(given, nodes)
            if prod(self.strides) * OVERLAP_FRAMES >= reach.left + reach.right:
                self._at_once(given, nodes, reach)
                return
        for node in nodes:
            self._signals[node.output[0]] = self._streamed(node)

    def _reach(self, given: str, nodes: Sequence[onnx.NodeProto]) -> _Reach:
        reaches = {given: _Reach()}
        for node in nodes:
            before = [reaches[name] for name in node.input if name in reaches]
            left, right = max(reach.left for reach in before), max(reach.right for reach in before)
            if node.op_type == "Conv":
                pads = _attributes(node)["pads"]
                left, right = left + pads[0], right + pads[1]
            reaches[node.output[0]] = _Reach(left, right)
        return reaches[nodes[-1].output[0]]

    def _at_once(self, given: str, nodes: Sequence[onnx.NodeProto], reach: _Reach) -> None:
        """All layers of a stretch with one state, each padding as in the published graph."""
        graph = self._graph

        def build(around: str) -> str:
            values = {given: around}
            for node in nodes:
                x = values[node.input[0]]
                if node.op_type == "Conv":
                    values[node.output[0]] = self._convolved(node, x, padding=_attributes(node)["pads"])
                elif node.op_type == "Add":
                    values[node.output[0]] = graph.op("Add", x, values[node.input[1]])
                else:
                    values[node.output[0]] = self._elementwise(node, x)
            return values[nodes[-1].output[0]]

        made = graph.overlapped(self._signals[given], reach.left, reach.right, build)
        last = next((node for node in reversed(nodes) if node.op_type == "Conv"), None)
        channels = made.channels if last is None else self._known[last.input[1]].shape[0]
        self._signals[nodes[-1].output[0]] = replace(made, channels=channels)

    def _streamed(self, node: onnx.NodeProto) -> Signal:
        """One layer with a state of its own."""
        graph = self._graph
        x = self._signals.get(node.input[0])
        if node.op_type == "Add":
            y = self._signals.get(node.input[1])
            if x is not None and y is not None:
                return graph.add(x, y)
            one = x or y
            assert one is not None
            return replace(one, value=graph.op("Add", one.value, "condition"))
        assert x is not None
        if node.op_type != "Conv":
            return replace(x, value=self._elementwise(node, x.value))
        left, right = _attributes(node)["pads"]
        around = graph.window(x.value, x.channels, left, right)
        return Signal(self._convolved(node, around), self._known[node.input[1]].shape[0], x.lag + right)

    def _elementwise(self, node: onnx.NodeProto, x: str) -> str:
        if node.op_type in ("Mul", "Div"):
            factor = float(self._known[node.input[1]].reshape(()))
            return self._graph.op("Mul", x, self._graph.constant(factor if node.op_type == "Mul" else 1 / factor))
        return self._graph.op(node.op_type, x, **_attributes(node))

    def _convolved(self, node: onnx.NodeProto, x: str, padding: Sequence[int] = (0, 0)) -> str:
        graph, settings = self._graph, _attributes(node)
        if settings.get("group", 1) != 1 or settings.get("strides", [1]) != [1]:
            raise VoiceDataMissing("a convolution of the decoder has groups or a stride, which no VITS voice has")
        weights = [graph.constant(self._known[name][:, :, None]) for name in node.input[1:2]]
        bias = [graph.constant(self._known[name]) for name in node.input[2:]]
        dilation = settings.get("dilations", [1])[0]
        return graph.op("Conv", x, *weights, *bias, dilations=[1, dilation], pads=[0, padding[0], 0, padding[1]])

    def _upsampled(self, node: onnx.NodeProto) -> Signal:
        """A transposed convolution as a filter for each phase of its output."""
        graph, x = self._graph, self._signals[node.input[0]]
        settings = _attributes(node)
        (stride,), (before, after) = settings["strides"], settings["pads"]
        weight = self._known[node.input[1]]  # (inputs, channels, taps)
        if (
            before + after + stride != weight.shape[2]
            or settings.get("group", 1) != 1
            or settings.get("output_padding")
        ):
            raise VoiceDataMissing("an upsampling of the decoder does not make whole frames")
        self.strides.append(stride)
        filters, left, right = _phases(weight, stride, before)
        bias = [graph.constant(np.repeat(self._known[name], stride)) for name in node.input[2:]]
        around = graph.window(x.value, x.channels, left, right)
        phases = graph.op("Conv", around, graph.constant(filters[:, :, None]), *bias)
        channels = weight.shape[1]
        phases = graph.op("Reshape", phases, graph.constant([channels, stride, -1]))
        value = graph.op("Reshape", graph.op("Transpose", phases, perm=[0, 2, 1]), graph.constant([1, channels, 1, -1]))
        return Signal(value, channels, (x.lag + right) * stride)


def _phases(weight: NDArray[np.float32], stride: int, skipped: int) -> tuple[NDArray[np.float32], int, int]:
    """Filters (channels * stride, inputs, taps) of a transposed convolution, and how far they look back and ahead."""
    inputs, channels, taps = weight.shape
    places = [divmod(tap - skipped, stride) for tap in range(taps)]  # frames after the input's, phase
    left, right = max(frames for frames, _ in places), -min(frames for frames, _ in places)
    filters = np.zeros((channels, stride, inputs, left + right + 1), np.float32)
    for tap, (frames, phase) in enumerate(places):
        filters[:, phase, :, left - frames] = weight[:, :, tap].T
    return filters.reshape(channels * stride, inputs, -1), left, right


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
