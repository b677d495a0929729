"""Packs the decoder step: its weights for numpy, and an ONNX graph of it that is fed with the same weights.

Layer normalisation is split up, in float64: its gain and offset go into the matrix behind it; what it subtracts, the
mean, is never there, since every matrix that adds to the residual takes it out of its own output. What is left is a
factor. `nets/decoder.py` is what both forms must agree with.
"""

import math
from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from tts_server.engines.onnx_export.graph import Graph, Weights
from tts_server.engines.sambert.packs.shape import NORM_EPS, AcousticShape
from tts_server.engines.sambert.runtime.decoder import fed, weight_shapes

Doubles = NDArray[np.float64]
DECODER = "mel_decoder.mel_dec"


def pack_step(shape: AcousticShape, weights: Weights) -> NDArray[np.float32]:
    """The step's matrices as one flat array, in the order of `weight_shapes`."""
    folded = {name: np.vstack([weight.T, bias]) for name, weight, bias in _folded(shape, weights)}
    parts = [folded[name].reshape(size) for name, size in weight_shapes(shape).items()]
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def without_mean(array: Doubles) -> Doubles:
    """array: (units, ...); what it adds to the residual, less its mean over the units."""
    centred: Doubles = array - array.mean(axis=0)
    return centred


def _folded(shape: AcousticShape, weights: Weights) -> Iterator[tuple[str, Doubles, Doubles]]:
    """Name, matrix (outputs, inputs) and bias of each product."""

    def pair(name: str) -> tuple[Doubles, Doubles]:
        weight, bias = (weights[f"{DECODER}.{name}.{kind}"].astype(np.float64) for kind in ("weight", "bias"))
        return weight.reshape(len(weight), -1), bias  # a convolution of kernel 1 is a matrix

    def behind_norm(norm: str, name: str) -> tuple[Doubles, Doubles]:
        (weight, bias), gain, offset = (
            pair(name),
            *(weights[f"{DECODER}.{norm}.{kind}"].astype(np.float64) for kind in ("weight", "bias")),
        )
        return weight * gain, bias + weight @ offset

    last, units = len(shape.decoder_prenet_units), shape.decoder_num_units
    for index in range(last):
        yield f"prenet.{index}", *pair(f"prenet.fcs.{3 * index}")
    # the prenet's last layer and its part of the input projection are linear: one matrix
    into = weights[f"{DECODER}.dec_in_proj.weight"][:, shape.memory_units :].astype(np.float64) * math.sqrt(units)
    weight, bias = pair(f"prenet.fcs.{3 * last}")
    yield f"prenet.{last}", without_mean(into @ weight), without_mean(into @ bias)
    scale = np.ones(3 * units)
    scale[:units] = 1 / math.sqrt(units // shape.decoder_num_heads)  # of the query
    for layer in range(shape.decoder_num_layers):
        attention, feed_forward = f"pnca.{layer}.pnca_attn", f"pnca.{layer}.pos_ffn"
        weight, bias = behind_norm(f"{attention}.layer_norm", f"{attention}.w_x_qkv")
        yield f"{layer}.attend", weight * scale[:, None], bias * scale
        (own, own_bias), (ahead, ahead_bias) = pair(f"{attention}.fc_x"), pair(f"{attention}.fc_h")
        yield f"{layer}.mix", without_mean(np.concatenate([own, ahead], axis=1)), without_mean(own_bias + ahead_bias)
        yield f"{layer}.widen", *behind_norm(f"{feed_forward}.layer_norm", f"{feed_forward}.w_1")
        weight, bias = pair(f"{feed_forward}.w_2")
        yield f"{layer}.narrow", without_mean(weight), without_mean(bias)
    yield "frames", *behind_norm("ln", "dec_out_proj")


def build_step(shape: AcousticShape, matrices: Weights) -> onnx.ModelProto:
    """One step. Its matrices, those of `unpacked`, are fed at load.

    frame: (1, n_mels); given: (1, units); rings: (layers, 2, width, 2 units) and hidden: (2, width), see `Band`;
    is_own: bool (2, width, 1), the step's own place. Returns the frames (1, group * n_mels), and `own` keys and
    values (layers, 2 units).
    """
    graph = Graph("step", fed(matrices), is_empty=True)
    units, layers = shape.decoder_num_units, shape.decoder_num_layers
    y, x = graph.input("frame", [1, shape.num_mels]), graph.input("given", [1, units])
    rings = graph.input("rings", [layers, 2, "W", 2 * units])
    graph.input("hidden", [2, "W"])
    graph.input("is_own", [2, "W", 1], TensorProto.BOOL)
    for index in range(len(shape.decoder_prenet_units)):
        y = graph.op("Relu", _product(graph, y, f"prenet.{index}"))
    x = graph.op("Add", x, _product(graph, y, f"prenet.{len(shape.decoder_prenet_units)}"))
    split = graph.ops("Split", rings, outputs=layers, axis=0, num_outputs=layers)
    kept = []
    for layer, ring in enumerate(split):
        query, own = graph.ops(
            "Split", _product(graph, _scaled(graph, x), f"{layer}.attend"), graph.constant([units, 2 * units]),
            outputs=2, axis=1,
        )  # fmt: skip
        mixed = _attention(graph, query, own, ring, shape)
        x = graph.op("Add", x, _product(graph, mixed, f"{layer}.mix"))
        y = graph.op("Relu", _product(graph, _scaled(graph, x), f"{layer}.widen"))
        x = graph.op("Add", x, _product(graph, y, f"{layer}.narrow"))
        kept.append(own)
    frames = _product(graph, _scaled(graph, x), "frames")
    graph.output(frames, "frames", [1, shape.outputs_per_step * shape.num_mels])
    graph.output(graph.op("Concat", *kept, axis=0), "own", [layers, 2 * units])
    return graph.model()


def _product(graph: Graph, x: str, name: str) -> str:
    return graph.op("Gemm", x, graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias"))


def _scaled(graph: Graph, x: str) -> str:
    """x, whose mean is 0, with a deviation of 1."""
    power = graph.op("ReduceMean", graph.op("Mul", x, x), graph.constant([1]))
    return graph.op("Div", x, graph.op("Sqrt", graph.op("Add", power, graph.constant(NORM_EPS))))


def _attention(graph: Graph, query: str, own: str, ring: str, shape: AcousticShape) -> str:
    """What the query (1, units), already scaled, finds in both rings: (1, 2 units)."""
    units, heads = shape.decoder_num_units, shape.decoder_num_heads
    seen = graph.op("Where", "is_own", own, graph.op("Reshape", ring, graph.constant([2, -1, 2 * units])))
    keys, values = (
        graph.op("Transpose", graph.op("Reshape", part, graph.constant([2, -1, heads, units // heads])), perm=order)
        for part, order in zip(
            graph.ops("Split", seen, outputs=2, axis=2, num_outputs=2), ([0, 2, 3, 1], [0, 2, 1, 3]), strict=True
        )
    )
    scores = graph.op("MatMul", graph.op("Reshape", query, graph.constant([1, heads, 1, units // heads])), keys)
    hidden = graph.op("Unsqueeze", "hidden", graph.constant([1, 2]))  # (2, 1, 1, W)
    shares = graph.op("Softmax", graph.op("Add", scores, hidden), axis=-1)
    return graph.op("Reshape", graph.op("MatMul", shares, values), graph.constant([1, 2 * units]))
