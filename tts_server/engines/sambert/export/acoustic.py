"""Writes SAMBERT as ONNX graphs: encoder, durations, memory, and a postnet that streams. `step.py` has the step.

Emotions and speakers come in as rows of their tables, so that they can be mixed. `nets/acoustic.py` is what the graphs
must agree with.
"""

import json
import math

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tts_server.engines.onnx_export.graph import END, Graph, Weights
from tts_server.engines.onnx_export.streamed import Signal, StreamedGraph
from tts_server.engines.sambert.export.step import without_mean
from tts_server.engines.sambert.packs.shape import NORM_EPS, AcousticShape, fsmn_padding


def build_encoder(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """units and their positions -> text; where the voice predicts filled pauses, how likely each is before a unit."""
    graph = Graph("encoder", weights)
    units = graph.input("units", ["U", len(shape.tables)], TensorProto.INT64)
    positions = graph.input("positions", ["U", shape.embedding_dim])
    tables = ("byte_index_emb",) if shape.using_byte else ("sy_emb", "tone_emb", "syllable_flag_emb", "ws_emb")
    embedded = [
        graph.op("Gather", graph.weight(f"text_encoder.{name}.weight"), graph.op("Gather", units, column, axis=1))
        for name, column in zip(tables, map(graph.constant, range(len(tables))), strict=True)
    ]
    x = graph.op("Mul", graph.op("Sum", *embedded), _scalar(graph, math.sqrt(shape.encoder_num_units)))
    x = graph.op("Add", x, positions)
    for layer in range(shape.encoder_num_layers):
        x = _encoder_block(graph, x, f"text_encoder.ling_enc.fft.{layer}", shape, has_residual=_fits(shape, layer))
    text = graph.linear(graph.norm(x, "text_encoder.ling_enc.ln", NORM_EPS), "text_encoder.ling_proj")
    graph.output(text, "text", ["U", shape.encoder_projection_units])
    if shape.FP:
        graph.output(_fillers(graph, text, shape), "fillers", ["U", 4])
    return graph.model()


def build_variance(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """text, rows of speaker and emotion -> pitch, energy."""
    graph = Graph("variance", weights)
    text = graph.input("text", ["U", shape.encoder_projection_units])
    speaker = graph.input("speaker", ["U", shape.speaker_units])
    emotion = graph.input("emotion", ["U", shape.emotion_units])
    condition = graph.op("Concat", text, speaker, emotion, axis=1)
    for name in ("pitch", "energy"):
        values = _predictor(graph, condition, f"variance_adaptor.{name}_predictor", shape)
        graph.output(values, name, ["U"])
    return graph.model()


def build_durations(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """text, pitch, energy, rows of speaker and emotion -> text with both in it, log durations."""
    graph = Graph("durations", weights)
    width, adaptor = shape.encoder_projection_units, "variance_adaptor"
    text = graph.input("text", ["U", width])
    for name in ("pitch", "energy"):
        values = graph.op("Reshape", graph.input(name, ["U"]), graph.constant([1, 1, 1, -1]))
        spread = graph.conv(values, f"{adaptor}.{name}_emb", padding=(4, 4))
        text = graph.op("Add", text, graph.time_first(spread, width))
    graph.output(text, "inflected", ["U", width])
    speaker = graph.input("speaker", ["U", shape.speaker_units])
    emotion = graph.input("emotion", ["U", shape.emotion_units])
    condition = graph.op("Concat", text, speaker, emotion, axis=1)
    graph.output(_durations(graph, condition, shape), "log_durations", ["U"])
    return graph.model()


def build_memory(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """memory (S, memory_units) -> what the steps take of it: their input, keys and values of all blocks."""
    graph = Graph("memory", weights)
    memory = graph.input("memory", ["S", shape.memory_units])
    units, decoder = shape.decoder_num_units, "mel_decoder.mel_dec"
    scale = math.sqrt(units)
    weight = weights[f"{decoder}.dec_in_proj.weight"][:, : shape.memory_units].astype(np.float64) * scale
    bias = weights[f"{decoder}.dec_in_proj.bias"].astype(np.float64) * scale
    graph.output(graph.affine(memory, without_mean(weight), without_mean(bias)), "given", ["S", units])
    names = [f"{decoder}.pnca.{layer}.pnca_attn.w_h_kv" for layer in range(shape.decoder_num_layers)]
    stacked = [np.concatenate([weights[f"{name}.{kind}"] for name in names]) for kind in ("weight", "bias")]
    width = 2 * units * shape.decoder_num_layers
    graph.output(graph.affine(memory, *stacked), "ahead", ["S", width])
    return graph.model()


def build_postnet(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """Decoder frames (T, n_mels) -> mel, lagging by `lag` frames."""
    graph = StreamedGraph("postnet", weights)
    decoded = graph.time_last(graph.given("decoded", ["T", shape.num_mels]), shape.num_mels)
    frames = x = Signal(decoded, shape.num_mels)
    left, right = fsmn_padding(shape.postnet_filter_size, shape.postnet_shift)
    units = shape.postnet_num_memory_units
    for layer in range(shape.postnet_fsmn_num_layers):
        y = graph.op("Relu", graph.conv(x.value, f"mel_postnet.fsmn.ffn_lst.{layer}.w_1"))
        around = graph.window(graph.conv(y, f"mel_postnet.fsmn.ffn_lst.{layer}.w_2"), units, left, right)
        memory = graph.conv(around, f"mel_postnet.fsmn.memory_block_lst.{layer}.conv_dw", group=units)
        centre = graph.cut(around, left, -right if right else END)
        y = graph.op("Add", memory, centre)
        z = Signal(y, units, x.lag + right)
        x = graph.add(x, z) if x.channels == units else z
    hidden = _streamed_lstm(graph, graph.time_first(x.value, units), shape.postnet_lstm_units)
    held = graph.time_first(graph.delayed(frames, x.lag).value, shape.num_mels)
    mel = graph.op("Add", held, graph.linear(hidden, "mel_postnet.fc"))
    graph.output(mel, "mel", ["T'", shape.num_mels])
    graph.metadata |= {"lag": json.dumps(x.lag), "states": json.dumps(graph.states)}
    return graph.model()


def _fits(shape: AcousticShape, layer: int) -> bool:
    """Whether a block's attention has a residual."""
    return layer > 0 or shape.embedding_dim == shape.encoder_num_units


def _encoder_block(graph: Graph, x: str, name: str, shape: AcousticShape, has_residual: bool) -> str:
    units, heads = shape.encoder_num_units, shape.encoder_num_heads
    projected = graph.linear(graph.norm(x, f"{name}.slf_attn.layer_norm", NORM_EPS), f"{name}.slf_attn.w_qkv")
    split = graph.constant([-1, heads, units // heads])
    parts = [
        graph.op("Reshape", part, split) for part in graph.ops("Split", projected, outputs=3, axis=1, num_outputs=3)
    ]
    query, key, value = (
        graph.op("Transpose", part, perm=order)
        for part, order in zip(parts, ([1, 0, 2], [1, 2, 0], [1, 0, 2]), strict=True)
    )
    scores = graph.op("Mul", graph.op("MatMul", query, key), _scalar(graph, 1 / math.sqrt(units // heads)))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[1, 0, 2]), graph.constant([-1, units]))
    y = graph.linear(mixed, f"{name}.slf_attn.fc")
    x = graph.op("Add", y, x) if has_residual else y
    y = graph.time_last(graph.norm(x, f"{name}.pos_ffn.layer_norm", NORM_EPS), units)
    y = graph.op("Relu", graph.conv(y, f"{name}.pos_ffn.w_1", padding=(1, 1)))
    return graph.op("Add", graph.time_first(graph.conv(y, f"{name}.pos_ffn.w_2"), units), x)


def _fillers(graph: Graph, text: str, shape: AcousticShape) -> str:
    """Scores of no filled pause and of each kind, (U, 4)."""
    name, width = "FP_predictor", shape.encoder_projection_units
    y = graph.op("Relu", graph.conv(graph.time_last(text, width), f"{name}.w_1", padding=(1, 1)))
    y = graph.norm(graph.time_first(y, len(graph.weights[f"{name}.w_1.weight"])), f"{name}.layer_norm1", NORM_EPS)
    y = graph.op("Relu", _pointwise(graph, y, f"{name}.w_2"))
    return graph.linear(graph.norm(y, f"{name}.layer_norm2", NORM_EPS), f"{name}.fc")


def _pointwise(graph: Graph, x: str, name: str) -> str:
    """A convolution of kernel 1 on (N, C)."""
    return graph.affine(x, graph.weights[f"{name}.weight"][:, :, 0], graph.weights[f"{name}.bias"])


def _predictor(graph: Graph, condition: str, name: str, shape: AcousticShape) -> str:
    """Pitch or energy, with the whole utterance in view."""
    padding = fsmn_padding(shape.predictor_filter_size, shape.predictor_shift)
    units, width = shape.predictor_num_memory_units, shape.condition_units
    x = graph.time_last(condition, width)
    for layer in range(shape.predictor_fsmn_num_layers):
        y = graph.op("Relu", graph.conv(x, f"{name}.fsmn.ffn_lst.{layer}.w_1"))
        inner = graph.conv(y, f"{name}.fsmn.ffn_lst.{layer}.w_2")
        memory = graph.conv(inner, f"{name}.fsmn.memory_block_lst.{layer}.conv_dw", padding=padding, group=units)
        y = graph.op("Add", memory, inner)
        x, width = (graph.op("Add", y, x) if width == units else y), units
    hidden = graph.lstm(graph.time_first(x, units), f"{name}.blstm", shape.predictor_lstm_units, both_ways=True)
    return graph.op("Reshape", graph.linear(hidden, f"{name}.fc"), graph.constant([-1]))


def _durations(graph: Graph, condition: str, shape: AcousticShape) -> str:
    """The autoregressive loop over units: two LSTM layers that also see the last log duration. (U,)"""
    name, hidden = "variance_adaptor.duration_predictor", shape.dur_pred_lstm_units
    weights = {kind: _gates(graph.weights[f"{name}.lstm.{kind}"]) for kind in _LSTM_KINDS}
    prenet = shape.dur_pred_prenet_units[-1]
    from_units = graph.affine(
        condition, weights["weight_ih_l0"][:, prenet:], weights["bias_ih_l0"] + weights["bias_hh_l0"]
    )  # (U, 4 hidden)
    lower = np.concatenate([weights["weight_ih_l0"][:, :prenet], weights["weight_hh_l0"]], axis=1)
    upper = np.concatenate([weights["weight_ih_l1"], weights["weight_hh_l1"]], axis=1)

    def cell(gates: str, before: str) -> tuple[str, str]:
        squashed, candidate = graph.ops("Split", gates, graph.constant([3 * hidden, hidden]), outputs=2, axis=1)
        i, f, o = graph.ops("Split", graph.op("Sigmoid", squashed), outputs=3, axis=1, num_outputs=3)
        after = graph.op("Add", graph.op("Mul", f, before), graph.op("Mul", i, graph.op("Tanh", candidate)))
        return graph.op("Mul", o, graph.op("Tanh", after)), after

    def body() -> list[tuple[str, list[int]]]:
        y = "last"
        for index in range(len(shape.dur_pred_prenet_units)):
            y = graph.op("Relu", graph.linear(y, f"{name}.prenet.fcs.{3 * index}"))
        seen = graph.op("Concat", y, "h0", axis=1)
        gates = graph.op("Gemm", seen, graph.constant(lower.T.astype(np.float32)), "from_unit")
        h0, c0 = cell(gates, "c0")
        bias = weights["bias_ih_l1"] + weights["bias_hh_l1"]
        h1, c1 = cell(graph.affine(graph.op("Concat", h0, "h1", axis=1), upper, bias), "c1")
        log_duration = graph.op("Relu", graph.linear(h1, f"{name}.fc"))
        states = [(log_duration, [1, 1]), *((state, [1, hidden]) for state in (h0, c0, h1, c1))]
        return [*states, (graph.op("Identity", log_duration), [1, 1])]

    state_names = ("last", "h0", "c0", "h1", "c1")
    inputs = [
        helper.make_tensor_value_info(state, TensorProto.FLOAT, [1, 1 if state == "last" else hidden])
        for state in state_names
    ]
    inputs.append(helper.make_tensor_value_info("from_unit", TensorProto.FLOAT, [4 * hidden]))
    zeros = [graph.constant(np.zeros((1, width), np.float32)) for width in (1, *[hidden] * 4)]
    loop = graph.subgraph("unit", inputs, body)
    *_, predicted = graph.ops("Scan", *zeros, from_units, outputs=6, body=loop, num_scan_inputs=1)
    return graph.op("Reshape", predicted, graph.constant([-1]))


_LSTM_KINDS = tuple(f"{kind}_l{layer}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh") for layer in (0, 1))


def _gates(array: NDArray[np.float32]) -> NDArray[np.float64]:
    """torch's order ifgo as ifog, so that one sigmoid does for three."""
    i, f, g, o = np.split(array.astype(np.float64), 4)
    return np.concatenate([i, f, o, g])


def _streamed_lstm(graph: StreamedGraph, x: str, hidden: int) -> str:
    """x: (T, C). Returns (T, hidden)."""
    states = [graph.state((1, 1, hidden)) for _ in range(2)]
    y, *after = graph.ops(
        "LSTM",
        graph.op("Unsqueeze", x, graph.constant([1])),
        *graph.lstm_weights("mel_postnet.lstm"),
        "",
        *states,
        outputs=3,
        hidden_size=hidden,
    )
    for state, value in zip(states, after, strict=True):
        graph.keep(state, value, (1, 1, hidden))
    return graph.op("Reshape", y, graph.constant([-1, hidden]))


def _scalar(graph: Graph, value: float) -> str:
    return graph.constant(np.array([value], np.float32))
