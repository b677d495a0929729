"""Convolutions in 8 bits: near those in floats, the same in any chunks, and stored once."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from tts_server.engines.onnx_export.eight_bits import Range, convolutions, in_8_bits, observe
from tts_server.engines.onnx_export.streamed import StreamedGraph

CHANNELS, LENGTH = 24, 60


@pytest.fixture(scope="module")
def model() -> onnx.ModelProto:
    """Two convolutions of one shape and one of another, as a graph that streams."""
    random = np.random.default_rng(1)
    shapes = {"one": (CHANNELS, CHANNELS, 3), "two": (CHANNELS, CHANNELS, 3), "last": (1, CHANNELS, 5)}
    weights = {f"{name}.weight": random.standard_normal(shape) / 5 for name, shape in shapes.items()}
    weights |= {f"{name}.bias": random.standard_normal(shape[0]) for name, shape in shapes.items()}
    graph = StreamedGraph("small", {name: array.astype(np.float32) for name, array in weights.items()})
    x = graph.given("x", [1, CHANNELS, 1, "T"])
    for name, (_, channels, taps) in shapes.items():
        x = graph.conv(graph.window(x, channels, taps - 1, 0), name)
        x = graph.op("LeakyRelu", x, alpha=0.1)
    graph.output(x, "y", [1, 1, 1, "T"])
    graph.metadata |= {"lag": "0", "states": json.dumps(graph.states)}
    return graph.model()


def signal(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((1, CHANNELS, 1, LENGTH)).astype(np.float32)


def inputs(model: onnx.ModelProto, x: np.ndarray) -> dict[str, Any]:
    states = json.loads({entry.key: entry.value for entry in model.metadata_props}["states"])
    return {"x": x, "is_last": np.array([1]), **{name: np.zeros(shape, np.float32) for name, shape in states}}


def run(model: onnx.ModelProto, x: np.ndarray, sizes: Sequence[int] = (LENGTH,)) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    states = [name for name in inputs(model, x) if name.startswith("state")]
    asked, given, parts = ["y", *(name.replace("state", "next") for name in states)], inputs(model, x), []
    start = 0
    for size in sizes:
        given["x"], start = x[..., start : start + size], start + size
        y, *after = session.run(asked, given)
        parts.append(y)
        given |= dict(zip(states, after, strict=True))
    return np.concatenate(parts, axis=-1)


def noise_db(expected: np.ndarray, heard: np.ndarray) -> float:
    return float(10 * np.log10((expected**2).sum() / ((expected - heard) ** 2).sum()))


def test_layers_are_told_apart_by_the_shape_of_their_weights(model: onnx.ModelProto) -> None:
    sizes = {shape: len(nodes) for shape, nodes in convolutions(model).items()}
    assert sizes == {(CHANNELS, CHANNELS, 1, 3): 2, (1, CHANNELS, 1, 5): 1}


def test_a_graph_in_8_bits_is_near_the_one_in_floats_and_the_same_in_any_chunks(model: onnx.ModelProto) -> None:
    observed = observe(model, [inputs(model, signal(seed)) for seed in range(4)])
    rough, x = in_8_bits(model, observed, list(convolutions(model))), signal(9)
    expected, heard = run(model, x), run(rough, x)
    assert 28 < noise_db(expected, heard) < 60
    assert np.array_equal(run(rough, x, (7, 1, 20, 32)), heard)


def test_only_the_chosen_layers_change(model: onnx.ModelProto) -> None:
    observed, x = observe(model, [inputs(model, signal(seed)) for seed in range(4)]), signal(9)
    assert np.array_equal(run(in_8_bits(model, observed, []), x), run(model, x))
    shapes = list(convolutions(model))
    one, both = in_8_bits(model, observed, shapes[:1]), in_8_bits(model, observed, shapes)
    assert noise_db(run(model, x), run(one, x)) > noise_db(run(model, x), run(both, x))


def test_weights_are_stored_in_8_bits_and_not_beside(model: onnx.ModelProto) -> None:
    observed = observe(model, [inputs(model, signal(0))])
    rough = in_8_bits(model, observed, list(convolutions(model)))
    kinds = [(tensor.data_type, tuple(tensor.dims)) for tensor in rough.graph.initializer if len(tensor.dims) == 4]
    assert kinds
    assert all(kind == onnx.TensorProto.INT8 for kind, shape in kinds if shape[1] == CHANNELS and shape[3] > 1)


def test_the_work_that_was_seen_is_counted(model: onnx.ModelProto) -> None:
    observed = observe(model, [inputs(model, signal(seed)) for seed in range(3)])
    assert {observed.columns[node.output[0]] for nodes in convolutions(model).values() for node in nodes} == {
        3 * LENGTH
    }


def test_a_range_holds_nothing_exactly_and_cuts_off_a_rare_peak(model: onnx.ModelProto) -> None:
    for low, high in ((-3.0, 5.0), (1.0, 2.0), (0.0, 0.0), (-1e-20, 0.0)):
        how = Range.of(low, high)
        assert how.error(np.zeros(1, np.float32)) == 0
    usual = np.random.default_rng(0).standard_normal(20_000).astype(np.float32)
    assert Range.of(-40, 40).error(usual) > 4 * Range.of(-4, 4).error(usual)
