"""Nets that say the same on every machine: `make arm` compares what they say; here, that nothing else is in them."""

from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from tts_server.engines.baker import runtime

onnx = pytest.importorskip("onnx", reason="onnx is a development dependency")

FUSED = {"FusedConv": "Conv", "FusedMatMul": "MatMul"}  # with a Relu, with a factor
BLOCKED = {"ReorderInput", "ReorderOutput"}  # only how numbers lie


def optimised(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> "onnx.GraphProto":
    """What onnxruntime makes of a net's graph in fp32 before it runs it."""
    real, written = onnxruntime.InferenceSession, folder / "optimised.onnx"
    wanted = (runtime.GRAPHS / f"{name}.onnx").read_bytes()

    def kept(graph: bytes, options: Any, **more: Any) -> Any:
        if graph == wanted:
            options.optimized_model_filepath = str(written)
        return real(graph, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", kept)
    runtime.Nets("fp32")
    return onnx.load(written).graph


@pytest.mark.parametrize(
    ("name", "at_least", "more"), [(runtime.ALIKE_ENCODER, 13, set()), (runtime.ALIKE_DECODER, 9, BLOCKED)]
)
def test_what_runs_is_of_operators_in_which_machines_agree(
    name: str, at_least: int, more: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tts_server.engines.baker.export.alike import ARITHMETIC, DIFFERENT, MOVING

    graph = optimised(name, tmp_path, monkeypatch)
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    kinds |= {node.output[0]: node.attribute[0].i for node in graph.node if node.op_type == "Cast"}
    in_double = [node for node in graph.node if node.op_type in DIFFERENT]
    assert len(in_double) >= at_least
    assert {kinds.get(name) for node in in_double for name in node.input} == {onnx.TensorProto.DOUBLE}
    others = {node.op_type for node in graph.node} - DIFFERENT
    assert {FUSED.get(kind, kind) for kind in others} <= ARITHMETIC | MOVING | more


def test_an_operator_that_was_not_compared_is_refused() -> None:
    from tts_server.engines.baker.export.alike import AlikeGraph

    with pytest.raises(ValueError, match="Tanh"):
        AlikeGraph("some", {}).op("Tanh", "x")
