"""Small VITS graphs of Piper's signature, weights at random: several speakers, pinyin, residual blocks of two kinds."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto

from tts_server.engines.onnx_export.graph import Graph

WIDTH: Final = 8
RATE: Final = 8000
FINALS: Final = (
    *(
        "a",
        "o",
        "e",
        "ai",
        "ei",
        "ao",
        "ou",
        "an",
        "en",
        "ang",
        "eng",
        "ong",
        "i",
        "ia",
        "ie",
        "iao",
        "iu",
        "ian",
        "in",
    ),
    *(
        "iang",
        "ing",
        "iong",
        "u",
        "ua",
        "uo",
        "uai",
        "ui",
        "uan",
        "un",
        "uang",
        "ueng",
        "v",
        "ve",
        "van",
        "vn",
        "er",
        "ue",
    ),
)
INITIALS: Final = ("Ø", *"bpmfdtnlgkhjqx", "zh", "ch", "sh", *"rzcsyw")
PAUSES: Final = {"。": 69, "？": 70, "！": 71, "，": 72}


def pinyin_ids() -> dict[str, list[int]]:
    """The symbols of Piper's Mandarin voices."""
    symbols = ["_", "^", "$", *INITIALS, *FINALS, *"12345"]
    marks = {
        ".": 69,
        "?": 70,
        "!": 71,
        "—": 72,
        "…": 72,
        "、": 72,
        ",": 72,
        "：": 72,
        ":": 72,
        "；": 72,
        ";": 72,
        " ": 72,
    }
    ids = {symbol: number for number, symbol in enumerate(symbols)} | PAUSES | marks
    return {symbol: [number] for symbol, number in ids.items()}


def voice_json(**changes: Any) -> dict[str, Any]:
    """What stands beside the graph of a Mandarin voice."""
    told = {
        "audio": {"sample_rate": RATE, "quality": "tiny"},
        "espeak": {"voice": "cmn"},
        "inference": {"noise_scale": 0.6, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "pinyin",
        "phoneme_id_map": pinyin_ids(),
        "num_symbols": 80,
        "num_speakers": 1,
        "speaker_id_map": {},
        "language": {"code": "zh_CN"},
        "dataset": "tiny",
    }
    return {**told, **changes}


def write_voice(folder: Path, name: str, *, speakers: int = 1, **changes: Any) -> Path:
    """NAME.onnx and its JSON. Returns the graph's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    path.write_bytes(vits(speakers).SerializeToString())
    if speakers > 1:
        changes = {"num_speakers": speakers, "speaker_id_map": {f"s{n}": n for n in range(speakers)}, **changes}
    Path(f"{path}.json").write_text(json.dumps(voice_json(**changes), ensure_ascii=False), encoding="utf-8")
    return path


def vits(speakers: int = 1) -> onnx.ModelProto:
    """Inputs and output as Piper exports them; a frame has 4 samples."""
    random, graph = np.random.default_rng(3), Graph("vits", {})

    def weight(*shape: int) -> str:
        fan_in = int(np.prod(shape[1:]))
        return graph.constant((random.standard_normal(shape) * 1.4 / np.sqrt(fan_in)).astype(np.float32))

    ids = graph.input("input", ["batch", "n"], TensorProto.INT64)
    graph.input("input_lengths", ["batch"], TensorProto.INT64)
    scales = graph.input("scales", [3])
    noise_scale, length_scale, noise_w = (graph.op("Gather", scales, graph.constant([n])) for n in range(3))
    x = graph.op("Transpose", graph.op("Gather", weight(80, WIDTH), ids), perm=[0, 2, 1])
    two = graph.op("Slice", x, graph.constant([0]), graph.constant([2]), graph.constant([1]))
    noise = graph.op("Mul", graph.op("RandomNormalLike", two), graph.op("Mul", noise_w, graph.constant(0.2)))
    length = graph.op("Exp", graph.op("ReduceSum", noise, graph.constant([1]), keepdims=1))
    length = graph.op("Mul", graph.op("Mul", length, graph.constant(90.0)), length_scale)
    durations = graph.op("Ceil", length)
    ends = graph.op("Reshape", graph.op("CumSum", durations, graph.constant(np.asarray(2))), graph.constant([-1, 1]))
    total = graph.op("ReduceSum", durations, keepdims=0)
    frames = graph.op(
        "Range", graph.constant(np.asarray(0, np.float32)), total, graph.constant(np.asarray(1, np.float32))
    )
    passed = graph.op("LessOrEqual", ends, graph.op("Reshape", frames, graph.constant([1, -1])))
    owner = graph.op("ReduceSum", graph.op("Cast", passed, to=TensorProto.INT64), graph.constant([0]), keepdims=0)
    z = graph.op("Gather", x, owner, axis=2)
    z = graph.op("Add", z, graph.op("Mul", graph.op("RandomNormalLike", z), noise_scale))
    mask = graph.op("Cos", graph.op("Mul", graph.op("Cast", owner, to=TensorProto.FLOAT), graph.constant(0.0)))
    mask = graph.op("Reshape", mask, graph.constant([1, 1, -1]))  # all ones
    vector = ""
    if speakers > 1:
        sid = graph.input("sid", ["batch"], TensorProto.INT64)
        vector = graph.op("Unsqueeze", graph.op("Gather", weight(speakers, 4), sid), graph.constant([2]))
    z = _flow(graph, z, mask, vector, weight)
    graph.output(_decoder(graph, z, weight, vector), "output", ["batch", "time", 1, "samples"])
    return graph.model()


def _flow(graph: Graph, z: str, mask: str, vector: str, weight: Any) -> str:
    """A coupling: what half of the channels say of a few frames around is added to the other half."""
    for _ in range(2):
        kept, moved = graph.ops("Split", z, graph.constant([WIDTH // 2, WIDTH // 2]), outputs=2, axis=1)
        x = graph.op("Conv", graph.op("Mul", kept, mask), weight(WIDTH, WIDTH // 2, 5), pads=[2, 2])
        if vector:
            x = graph.op("Add", x, graph.op("Conv", vector, weight(WIDTH, 4, 1), weight(WIDTH)))
        x = graph.op("Conv", graph.op("Tanh", x), weight(WIDTH // 2, WIDTH, 3), pads=[1, 1])
        z = graph.op("Mul", graph.op("Concat", graph.op("Sub", moved, x), kept, axis=1), mask)
    return z


def _decoder(graph: Graph, z: str, weight: Any, vector: str) -> str:
    x = graph.op("Conv", z, weight(WIDTH, WIDTH, 7), pads=[3, 3])
    if vector:
        x = graph.op("Add", x, graph.op("Conv", vector, weight(WIDTH, 4, 1), weight(WIDTH)))
    for kind in range(2):
        x = graph.op("LeakyRelu", x, alpha=0.1)
        x = graph.op("ConvTranspose", x, weight(WIDTH, WIDTH, 4), weight(WIDTH), strides=[2], pads=[1, 1])
        branches = [_block(graph, x, weight, kernel, kind) for kernel in (3, 5)]
        x = graph.op("Div", graph.op("Add", *branches), graph.constant(np.asarray(2, np.float32)))
    x = graph.op("Conv", graph.op("LeakyRelu", x, alpha=0.01), weight(1, WIDTH, 7), pads=[3, 3])
    x = graph.op("Tanh", graph.op("Mul", x, graph.constant(np.asarray(0.3, np.float32))))
    return graph.op("Unsqueeze", x, graph.constant([1]))


def _block(graph: Graph, x: str, weight: Any, kernel: int, kind: int) -> str:
    """The residual block of Piper's large voices, or of its smaller ones."""
    for dilation in (1, 3):
        span = (kernel - 1) * dilation // 2
        y = graph.op("LeakyRelu", x, alpha=0.1)
        dilated = {"dilations": [dilation], "pads": [span, span]}
        y = graph.op("Conv", y, weight(WIDTH, WIDTH, kernel), weight(WIDTH), **dilated)
        if kind:
            half = (kernel - 1) // 2
            y = graph.op("LeakyRelu", y, alpha=0.1)
            y = graph.op("Conv", y, weight(WIDTH, WIDTH, kernel), weight(WIDTH), pads=[half, half])
        x = graph.op("Add", y, x)
    return x
