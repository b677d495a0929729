"""Small graphs of the shapes that sherpa runs, weights at random: Matcha with either vocoder, VITS, with emotions."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto

from tts_server.engines.onnx_export.graph import Graph

RATE: Final = 16_000
HOP: Final = 64
FFT: Final = 256
CHARACTERS: Final = {
    "我": "wo3", "你": "ni3", "他": "ta1", "好": "hao3", "是": "shi4", "不": "bu4", "的": "de1", "天": "tian1",
    "气": "qi4", "中": "zhong1", "去": "qu4", "女": "nv3", "月": "yue4", "元": "yuan2", "云": "yun2", "二": "er4",
    "六": "liu4", "水": "shui3", "春": "chun1", "用": "yong4", "安": "an1", "鸭": "ya1", "翁": "weng1", "五": "wu3",
    "雨": "yu3", "因": "yin1", "应": "ying1", "四": "si4", "花": "hua1", "儿": "er2", "今": "jin1", "很": "hen3",
}  # fmt: skip
MARKS: Final = "，。！？"


def write_model(
    folder: Path, kind: str = "matcha", style: str = "whole", metadata: dict[str, str] | None = None
) -> Path:
    """A folder as an archive of sherpa's has it. kind: matcha, vocos or vits. style: whole, halves or thirds."""
    folder.mkdir(parents=True, exist_ok=True)
    lexicon = {word: _tokens(pinyin, style) for word, pinyin in CHARACTERS.items()}
    tokens = ["_", *dict.fromkeys(token for spelled in lexicon.values() for token in spelled), *MARKS]
    lines = [f"{word} {' '.join(spelled)}\n" for word, spelled in lexicon.items()]
    (folder / "lexicon.txt").write_text("".join(lines), encoding="utf-8")
    (folder / "tokens.txt").write_text("".join(f"{t} {n}\n" for n, t in enumerate(tokens)), encoding="utf-8")
    told = {"sample_rate": str(RATE), "n_speakers": "0" if kind != "vits" else "2", "comment": "icefall", "pad_id": "0"}
    _write(folder / "model-steps-3.onnx", _model(kind), {**told, **(metadata or {})})
    if kind != "vits":
        name = "hifigan_v2.onnx" if kind == "matcha" else "vocos-16khz-univ.onnx"
        facts = {"n_fft": str(FFT), "hop_length": str(HOP), "win_length": str(FFT), "center": "1"}
        _write(folder / name, _hifigan() if kind == "matcha" else _vocos(), facts)
    return folder


def _tokens(pinyin: str, style: str) -> list[str]:
    if style == "whole":
        return [pinyin]
    at = 2 if pinyin[1] == "h" else 1 if pinyin[0] not in "ae" else 0
    initial, final, tone = pinyin[:at], pinyin[at:-1], pinyin[-1]
    last = [final + tone] if style == "halves" else [final, tone]
    return [
        *([initial] if initial else ["^"] if style == "halves" else []),
        *last,
        *(["#0"] if style == "halves" else []),
    ]


def _write(path: Path, graph: Graph, metadata: dict[str, str]) -> None:
    model = graph.model()
    onnx.helper.set_model_props(model, metadata)
    path.write_bytes(model.SerializeToString())


def _model(kind: str) -> Graph:
    """Each token lasts four frames at speed 1, and is a tone of its own; an emotion is louder."""
    graph = Graph("model", {})
    x = graph.input("x", [1, "n"], TensorProto.INT64)
    graph.input("x_length", [1], TensorProto.INT64)
    graph.input("noise_scale", [1])
    length = graph.input("length_scale", [1])
    gain = graph.constant(np.asarray([[[1.0]]], np.float32))
    if kind == "vits":
        graph.input("noise_scale_w", [1])
        graph.input("sid", [1], TensorProto.INT64)
        emotion = graph.op("Cast", graph.input("emotion_id", [1], TensorProto.INT64), to=TensorProto.FLOAT)
        gain = graph.op("Add", gain, emotion)
    count = graph.op("Reshape", graph.op("Shape", x), graph.constant([-1]))
    frames = graph.op(
        "Mul", graph.op("Cast", graph.op("Gather", count, graph.constant([1])), to=TensorProto.FLOAT), length
    )
    frames = graph.op("Squeeze", graph.op("Mul", frames, graph.constant(4.0)))
    zero, one = (graph.constant(np.asarray(value, np.float32)) for value in (0.0, 1.0))
    places = graph.op("Range", zero, frames, one)
    owner = graph.op(
        "Cast", graph.op("Div", places, graph.op("Mul", length, graph.constant(4.0))), to=TensorProto.INT64
    )
    last = graph.op("Sub", graph.op("Gather", count, graph.constant([1])), graph.constant([1]))
    token = graph.op("Gather", graph.op("Squeeze", x, graph.constant([0])), graph.op("Min", owner, last))
    random = np.random.default_rng(3)
    bands = graph.constant(random.uniform(0.2, 1.0, (4, 200)).astype(np.float32))
    mel = graph.op("Mul", graph.op("Unsqueeze", graph.op("Gather", bands, token, axis=1), graph.constant([0])), gain)
    graph.output(_waves(graph, mel) if kind == "vits" else mel, "y" if kind == "vits" else "mel", [1, 4, "t"])
    return graph


def _waves(graph: Graph, mel: str) -> str:
    """Each frame as 64 samples of four tones, in proportion to its bands."""
    tones = np.sin(np.outer([0.5, 0.9, 1.3, 1.7], np.arange(HOP)))[:, None].astype(np.float32) * 0.2
    return graph.op("ConvTranspose", mel, graph.constant(tones), strides=[HOP])


def _hifigan() -> Graph:
    graph = Graph("hifigan", {})
    mel = graph.input("mel", [1, 4, "t"])
    graph.output(_waves(graph, mel), "audio", [1, 1, "samples"])
    return graph


def _vocos() -> Graph:
    graph: Any = Graph("vocos", {})
    mel = graph.input("mels", [1, 4, "t"])
    random = np.random.default_rng(4)
    bins = FFT // 2 + 1
    magnitude = graph.op(
        "Abs", graph.op("Conv", mel, graph.constant(random.standard_normal((bins, 4, 1)).astype(np.float32)))
    )
    phase = graph.op("Conv", mel, graph.constant(random.standard_normal((bins, 4, 1)).astype(np.float32) * 3))
    for name, value in (("mag", magnitude), ("x", graph.op("Cos", phase)), ("y", graph.op("Sin", phase))):
        graph.output(value, name, [1, bins, "t"])
    return graph
