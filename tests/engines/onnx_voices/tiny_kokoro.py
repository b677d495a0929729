"""A small graph of Kokoro's signature with random weights, its styles and its table of symbols."""

import json
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto

from tts_server.engines.onnx_export.graph import Graph

WIDTH: Final = 8
SYMBOLS: Final = ";:,.!?—… AIOQSTWYᵊabcdefhijklmnopqrstuvwxyzɑɐɔəɚɛɜɡɥɨɪŋɤɹɻʂʃʊʌʒʔˈˌːʰʧʤʦʨꭧɕθðæɾᵻ→↗↘↓"


def write_model(
    folder: Path, styles: int = 2, input_name: str = "tokens", metadata: dict[str, str] | None = None
) -> Path:
    """A folder as its owner would have it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(_graph(input_name, metadata or {}))
    random = np.random.default_rng(7)
    tables = {f"zf_{n:03}": random.standard_normal((510, 1, 256)).astype(np.float32) for n in range(styles)}
    np.savez(folder / "voices.npz", **tables)
    vocabulary = {symbol: number for number, symbol in enumerate(SYMBOLS, 1)}
    (folder / "config.json").write_text(json.dumps({"vocab": vocabulary}), encoding="utf-8")
    return folder


def _graph(input_name: str, metadata: dict[str, str]) -> bytes:
    """Each token lasts 4 frames of 600 samples at speed 1, and is a tone of its own, changed a little by the style."""
    random, graph = np.random.default_rng(5), Graph("kokoro", {})
    table = random.uniform(0.02, 0.2, (120, 1)).astype(np.float32)
    tokens = graph.input(input_name, [1, "n"], TensorProto.INT64)
    style = graph.input("style", [1, 256])
    speed = graph.input("speed", [1])
    pitches = graph.op("Reshape", graph.op("Gather", graph.constant(table), tokens), graph.constant([-1]))
    ones = graph.op("Exp", graph.op("Mul", pitches, graph.constant(0.0)))
    frames = graph.op("Round", graph.op("Div", graph.op("Mul", ones, graph.constant(4.0)), speed))
    least = graph.constant(np.asarray(1.0, np.float32))
    frames = graph.op("Clip", frames, least)
    ends = graph.op("Mul", graph.op("CumSum", frames, graph.constant(np.asarray(0))), graph.constant(600.0))
    total = graph.op("Mul", graph.op("ReduceSum", frames, keepdims=0), graph.constant(np.asarray(600.0, np.float32)))
    zero, one = (graph.constant(np.asarray(value, np.float32)) for value in (0.0, 1.0))
    places = graph.op("Range", zero, total, one)
    passed = graph.op(
        "LessOrEqual",
        graph.op("Unsqueeze", ends, graph.constant([1])),
        graph.op("Unsqueeze", places, graph.constant([0])),
    )
    owner = graph.op("ReduceSum", graph.op("Cast", passed, to=TensorProto.INT64), graph.constant([0]), keepdims=0)
    changed = graph.op("Add", one, graph.op("Mul", graph.op("ReduceMean", style, keepdims=0), graph.constant(0.5)))
    phase = graph.op("Mul", graph.op("Mul", graph.op("Gather", pitches, owner), places), changed)
    graph.output(graph.op("Mul", graph.op("Sin", phase), graph.constant(0.2)), "audio", ["samples"])
    model = graph.model()
    onnx.helper.set_model_props(model, metadata)
    return model.SerializeToString()
