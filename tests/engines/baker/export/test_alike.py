"""The encoder that says the same on every machine: `make arm` compares its bits; here, that nothing else is in it."""

from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from tts_server.engines.baker import runtime
from tts_server.engines.baker.weights import stored_acoustic

onnx = pytest.importorskip("onnx", reason="onnx is a development dependency")

FUSED = {"FusedConv": "Conv", "FusedMatMul": "MatMul"}  # with a Relu, with a factor


def optimised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> "onnx.GraphProto":
    """What onnxruntime makes of the graph before it runs it."""
    real, written = onnxruntime.InferenceSession, folder / "optimised.onnx"

    def kept(graph: bytes, options: Any, **more: Any) -> Any:
        options.optimized_model_filepath = str(written)
        return real(graph, options, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", kept)
    runtime._session(runtime.ALIKE_ENCODER, stored_acoustic(runtime.ENCODER_PARTS))
    return onnx.load(written).graph


def test_what_runs_is_of_operators_in_which_machines_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tts_server.engines.baker.export.alike import ARITHMETIC, DIFFERENT, MOVING

    graph = optimised(tmp_path, monkeypatch)
    kinds = {tensor.name: tensor.data_type for tensor in graph.initializer}
    kinds |= {node.output[0]: node.attribute[0].i for node in graph.node if node.op_type == "Cast"}
    in_double = [node for node in graph.node if node.op_type in DIFFERENT]
    assert len(in_double) > 12
    assert {kinds.get(name) for node in in_double for name in node.input} == {onnx.TensorProto.DOUBLE}
    others = {node.op_type for node in graph.node} - DIFFERENT
    assert {FUSED.get(kind, kind) for kind in others} <= ARITHMETIC | MOVING


def test_an_operator_that_was_not_compared_is_refused() -> None:
    from tts_server.engines.baker.export.alike import AlikeGraph

    with pytest.raises(ValueError, match="Tanh"):
        AlikeGraph("some", {}).op("Tanh", "x")
