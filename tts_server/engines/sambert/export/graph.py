"""An ONNX graph with streamed layers, and LSTMs. Only for building voice packs.

Streamed layers carry what they have seen as states: inputs `state.<n>`, outputs `next.<n>`. Their shapes before the
first chunk stand in the model's metadata (`states`). A layer that looks ahead gives what is final, so its output lags
its input; `is_last` makes all layers give the rest, with zeros after the end, as the published nets pad.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tts_server.engines.onnx_export import graph as onnx_graph
from tts_server.engines.onnx_export.graph import END, TIME, Weights

__all__ = ["END", "Graph", "Signal", "Weights", "lstm_weights"]


@dataclass(frozen=True, slots=True)
class Signal:
    """A streamed value (1, channels, 1, T) that lags the graph's input by `lag` of its own samples."""

    value: str
    channels: int
    lag: int = 0


class Graph(onnx_graph.Graph):
    """A graph with states."""

    def __init__(self, name: str, weights: Weights) -> None:
        super().__init__(name, weights)
        self._states: list[tuple[str, list[int]]] = []

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

    # -- streamed layers -----------------------------------------------------------------------------------------------

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

    def overlapped(self, x: Signal, left: int, right: int, build: Callable[[str], str]) -> Signal:
        """Several layers at once, `build`, that keep the length and together see `left` samples back, `right` ahead.

        They run again over what they have seen, which is dearer for short chunks and cheaper for long ones than a state
        for each layer; and they pad with zeros at the utterance's edges, as nothing is kept from before it.
        """
        state = self.state((1, x.channels, 1, 0), TIME)
        around = self.op("Concat", state, x.value, axis=TIME)
        self.keep(state, self.cut(around, -(left + right), END), (1, x.channels, 1, state.replace("state", "next")))
        y = build(around)
        given = self.op(
            "Max", self.op("Sub", self.op("Shape", state, start=3), self.constant([right])), self.constant([0])
        )
        end = self._end_without(right) if right else self.constant([END])
        return Signal(self.op("Slice", y, given, end, self.constant([TIME])), x.channels, x.lag + right)

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
        self.metadata["states"] = json.dumps(self._states)
        return super().model()


def lstm_weights(graph: Graph, name: str, directions: Sequence[str]) -> tuple[str, str, str]:
    """Input, recurrent and bias weights as ONNX wants them: torch has the gates as ifgo, ONNX as iofg."""

    def reordered(array: NDArray[np.float32]) -> NDArray[np.float32]:
        i, f, g, o = np.split(array, 4)
        return np.concatenate([i, o, f, g])

    def stacked(kind: str) -> NDArray[np.float32]:
        return np.stack([reordered(graph.weights[f"{name}.{kind}_l0{direction}"]) for direction in directions])

    bias = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=1)
    return graph.constant(stacked("weight_ih")), graph.constant(stacked("weight_hh")), graph.constant(bias)
