"""An ONNX graph that streams: any chunks give what the whole utterance gives.

A layer that looks around keeps the last columns of its input as a state: an input `state.<name>`, and an output
`next.<name>` for the following chunk. A layer that looks ahead gives what is final, so its output lags its input; the
last chunk makes all layers give the rest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto

from tts_server.engines.onnx_export.graph import END, TIME, Graph, Weights


@dataclass(frozen=True, slots=True)
class Signal:
    """A streamed value (1, channels, 1, T) that lags the graph's input by `lag` of its own samples."""

    value: str
    channels: int
    lag: int = 0


class StreamedGraph(Graph):
    """A graph with states. `states` tells their names, and their shapes before the first chunk."""

    def __init__(self, name: str, weights: Weights, *, is_empty: bool = False) -> None:
        super().__init__(name, weights, is_empty=is_empty)
        self.states: list[tuple[str, list[int]]] = []
        self.edges = ""  # both edges of the utterance, where the graph is told of the first chunk as well
        self._kept: list[tuple[str, str, Sequence[int | str]]] = []

    def given(self, name: str, shape: Sequence[int | str], *, knows_first: bool = False) -> str:
        """The input that comes in chunks, and after it an int64 input of what it is told of the utterance's edges.

        `is_last` (1,): whether the chunk is the last one; before the first there are zeros. Or, with knows_first, for
        nets that pad otherwise: `edges` (2,), whether it is the first and whether it is the last.
        """
        x = self.input(name, shape)
        if knows_first:
            self.edges = self.input("edges", [2], TensorProto.INT64)
        else:
            self.input("is_last", [1], TensorProto.INT64)
        return x

    def state(self, initial: Sequence[int], dynamic_axis: int | None = None, name: str = "") -> str:
        """The input of a new state, zeros of the shape `initial` before the first chunk. It is counted if not named."""
        name = f"state.{name or len(self.states)}"
        shape: list[int | str] = list(initial)
        if dynamic_axis is not None:
            shape[dynamic_axis] = name
        self.states.append((name, list(initial)))
        return self.input(name, shape)

    def keep(self, state: str, value: str, shape: Sequence[int | str]) -> None:
        """What a state becomes."""
        self._kept.append((value, state.replace("state", "next", 1), shape))

    def window(
        self, x: str, channels: int, left: int, right: int, *, kept: int | None = None, mode: str = "", name: str = ""
    ) -> str:
        """x with what a layer sees around it: `left` columns before; its last `right` ones wait for the next chunk.

        At the utterance's edges there are zeros instead, or what `mode` says (of ONNX's Pad; only where the graph
        knows the first chunk). kept: how many columns the next chunk needs, if not both together.
        """
        kept = left + right if kept is None else kept
        if left + right == 0:
            return x
        if self.edges:
            state = self.state((1, channels, 1, 0), TIME, name)
            around = self.op("Concat", state, x, axis=TIME)
            pads = self.op("Mul", self.edges, self.constant([left, right]))
            around = self.op("Pad", around, pads, "", self.constant([TIME]), mode=mode or "constant")
        else:
            state = self.state((1, channels, 1, left), TIME if right else None, name)
            after = [self._zeros_at_end(channels, right)] if right else []
            around = self.op("Concat", state, x, *after, axis=TIME)
        self.keep(state, self.cut(around, -kept, END), (1, channels, 1, kept))
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

    def model(self) -> onnx.ModelProto:
        for kept in self._kept:
            self.output(*kept)
        return super().model()
