"""Convolutions over time as products of 8-bit integers, for the graphs of processors that are quick at them.

A window of k columns of C channels is a row of k * C integers, so that a convolution is one product, whose result
becomes floats as it is written. What goes in is rounded to 8 bits: by its own range where a net sees a clause whole, by
a fixed one where it sees chunks, since any chunks must give the same.
"""

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from tts_server.engines.onnx_export.graph import END, Graph

DOMAIN = "com.microsoft"
LEVELS = 255


@dataclass(frozen=True, slots=True)
class Rounded:
    """A value (T, C) in 8 bits, and what turns it back: (value - zero) * scale."""

    value: str
    scale: str
    zero: str


def rounded(graph: Graph, x: str) -> Rounded:
    """By the range of its own values."""
    return Rounded(*graph.ops("DynamicQuantizeLinear", x, outputs=3))


def rounded_within(graph: Graph, x: str, low: float, high: float) -> Rounded:
    """By a fixed range, which holds zero; what is outside becomes its end."""
    scale = np.float32((high - low) / LEVELS)
    zero = np.uint8(round(-low / float(scale)))
    names = graph.constant(np.asarray(scale)), graph.constant(np.asarray(zero))
    return Rounded(graph.op("QuantizeLinear", x, *names), *names)


def conv(graph: Graph, x: Rounded, name: str, *, padding: int = 0, dilation: int = 1) -> str:
    """x: (T, C), with `padding` zeros on both sides. Gives floats (T, outputs), fewer by what a window spans."""
    outputs, channels, taps = graph.weights[f"{name}.weight"].shape
    padded = x.value
    if padding:
        padded = graph.op("Pad", padded, graph.constant([padding, 0, padding, 0]), x.zero)
    span = (taps - 1) * dilation
    columns = [
        graph.op(
            "Slice",
            padded,
            graph.constant([tap * dilation]),
            graph.constant([tap * dilation - span or END]),
            graph.constant([0]),
        )
        for tap in range(taps)
    ]
    rows = graph.op("Concat", *columns, axis=1) if taps > 1 else padded
    weight = graph.fed(f"{name}.weight", (taps * channels, outputs), TensorProto.INT8)
    scales = graph.fed(f"{name}.scales", (outputs,), TensorProto.FLOAT)
    bias = graph.weight(f"{name}.bias")
    inputs = (rows, weight, x.scale, scales, x.zero, "", bias)
    return graph.op("MatMulIntegerToFloat", *inputs, domain=DOMAIN)
