from pathlib import Path

import pytest

from tts_server.engines.baker import runtime

pytest.importorskip("torch", reason="torch is a development dependency")
onnx = pytest.importorskip("onnx", reason="onnx is a development dependency")

GRAPHS = ("encoder", "encoder.alike", "decoder", "decoder.alike", "postnet", "vocoder", "decoder.int8", "postnet.int8")


@pytest.fixture(scope="module")
def built() -> "dict[str, onnx.ModelProto]":
    from tts_server.engines.baker.export.export import build_graphs

    return build_graphs()


def stored(name: str) -> Path:
    return runtime.GRAPHS / f"{name}.onnx"


@pytest.mark.parametrize("name", GRAPHS)
def test_the_stored_graphs_are_what_the_export_makes(name: str, built: "dict[str, onnx.ModelProto]") -> None:
    assert onnx.load(stored(name), load_external_data=False) == built[name]


@pytest.mark.parametrize("name", GRAPHS)
def test_the_stored_graphs_hold_no_weights(name: str) -> None:
    assert stored(name).stat().st_size < 50_000
    graph = onnx.load(stored(name), load_external_data=False).graph
    inside = [tensor for tensor in graph.initializer if tensor.data_location != onnx.TensorProto.EXTERNAL]
    assert max(len(tensor.raw_data) for tensor in inside) <= 32
