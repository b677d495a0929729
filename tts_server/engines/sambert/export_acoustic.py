"""Writes SAMBERT as ONNX graphs: encoder, durations, memory, one decoder step, and a postnet that streams.

Emotions and speakers come in as rows of their tables, so that they can be mixed. `acoustic.py` is what the graphs must
agree with.
"""

import json
import math

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tts_server.engines.sambert.export_graph import Graph, Signal, Weights, lstm_weights
from tts_server.engines.sambert.shape import NORM_EPS, AcousticShape, fsmn_padding


def build_encoder(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """units, their positions, rows of speaker and emotion -> text, pitch, energy."""
    graph = Graph("encoder", weights)
    units = graph.input("units", ["U", len(shape.tables)], TensorProto.INT64)
    positions = graph.input("positions", ["U", shape.embedding_dim])
    speaker = graph.input("speaker", ["U", shape.speaker_units])
    emotion = graph.input("emotion", ["U", shape.emotion_units])
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
    graph.output(graph.affine(memory, weight, bias), "given", ["S", units])
    names = [f"{decoder}.pnca.{layer}.pnca_attn.w_h_kv" for layer in range(shape.decoder_num_layers)]
    stacked = [np.concatenate([weights[f"{name}.{kind}"] for name in names]) for kind in ("weight", "bias")]
    width = 2 * units * shape.decoder_num_layers
    graph.output(graph.affine(memory, *stacked), "ahead", ["S", width])
    return graph.model()


def build_step(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """One decoder step.

    frame: the last one (1, n_mels); given: (1, units) of the memory; past and ahead: keys and values of the steps
    within the band, (1, steps, layers * 2 units). Returns the frames (1, group * n_mels), and `own` keys and values.
    """
    graph = Graph("step", weights)
    decoder, units, layers = "mel_decoder.mel_dec", shape.decoder_num_units, shape.decoder_num_layers
    width = 2 * units * layers
    frame = graph.input("frame", [1, shape.num_mels])
    given = graph.input("given", [1, units])
    past = graph.ops("Split", graph.input("past", [1, "P", width]), outputs=2 * layers, axis=2, num_outputs=2 * layers)
    ahead = graph.ops(
        "Split", graph.input("ahead", [1, "A", width]), outputs=2 * layers, axis=2, num_outputs=2 * layers
    )
    y = frame
    for index in range(len(shape.decoder_prenet_units)):
        y = graph.op("Relu", graph.linear(y, f"{decoder}.prenet.fcs.{3 * index}"))
    x, y = given, _prenet_end(graph, y, shape)
    own = []
    for layer in range(layers):
        name = f"{decoder}.pnca.{layer}"
        here = slice(2 * layer, 2 * layer + 2)
        x, normed = _add_and_norm(graph, x, y, f"{name}.pnca_attn.layer_norm")
        y, fresh = _band_attention(graph, normed, past[here], ahead[here], f"{name}.pnca_attn", shape)
        x, normed = _add_and_norm(graph, x, y, f"{name}.pos_ffn.layer_norm")
        y = graph.op("Relu", _pointwise(graph, normed, f"{name}.pos_ffn.w_1"))
        y = _pointwise(graph, y, f"{name}.pos_ffn.w_2")
        own += fresh
    _, normed = _add_and_norm(graph, x, y, f"{decoder}.ln")
    frames = graph.linear(normed, f"{decoder}.dec_out_proj")
    graph.output(frames, "frames", [1, shape.outputs_per_step * shape.num_mels])
    graph.output(graph.op("Concat", *own, axis=2), "own", [1, 1, width])
    return graph.model()


def build_postnet(shape: AcousticShape, weights: Weights) -> onnx.ModelProto:
    """Decoder frames (T, n_mels) -> mel, lagging by `lag` frames."""
    graph = Graph("postnet", weights)
    decoded = graph.time_last(graph.input("decoded", ["T", shape.num_mels]), shape.num_mels)
    graph.input("is_last", [1], TensorProto.INT64)
    frames = x = Signal(decoded, shape.num_mels)
    left, right = fsmn_padding(shape.postnet_filter_size, shape.postnet_shift)
    units = shape.postnet_num_memory_units
    for layer in range(shape.postnet_fsmn_num_layers):
        y = graph.op("Relu", graph.conv(x.value, f"mel_postnet.fsmn.ffn_lst.{layer}.w_1"))
        inner = Signal(graph.conv(y, f"mel_postnet.fsmn.ffn_lst.{layer}.w_2"), units, x.lag)
        around = graph.window(inner, left, right)
        memory = graph.conv(around, f"mel_postnet.fsmn.memory_block_lst.{layer}.conv_dw", group=units)
        centre = graph.cut(around, left, -right if right else 2**62)
        y = graph.op("Add", memory, centre)
        z = Signal(y, units, x.lag + right)
        x = graph.add(x, z) if x.channels == units else z
    hidden = _streamed_lstm(graph, graph.time_first(x.value, units), shape.postnet_lstm_units)
    held = graph.time_first(graph.delayed(frames, x.lag).value, shape.num_mels)
    mel = graph.op("Add", held, graph.linear(hidden, "mel_postnet.fc"))
    graph.output(mel, "mel", ["T'", shape.num_mels])
    graph.metadata["lag"] = json.dumps(x.lag)
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


def _prenet_end(graph: Graph, y: str, shape: AcousticShape) -> str:
    """The prenet's last layer and its part of the input projection, which are linear: one matrix, made in float64."""
    decoder = "mel_decoder.mel_dec"
    last = f"{decoder}.prenet.fcs.{3 * len(shape.decoder_prenet_units)}"
    into = graph.weights[f"{decoder}.dec_in_proj.weight"][:, shape.memory_units :].astype(np.float64)
    into = into * math.sqrt(shape.decoder_num_units)
    weight, bias = (graph.weights[f"{last}.{kind}"].astype(np.float64) for kind in ("weight", "bias"))
    return graph.affine(y, into @ weight, into @ bias)


def _add_and_norm(graph: Graph, x: str, y: str, name: str) -> tuple[str, str]:
    """x + y, and that normalised: in one node, since a step's cost is half that of its nodes."""
    weight, bias = graph.weight(f"{name}.weight"), graph.weight(f"{name}.bias")
    normed, _, _, total = graph.ops(
        "SkipLayerNormalization", x, y, weight, bias, outputs=4, epsilon=NORM_EPS, domain="com.microsoft"
    )
    return total, normed


def _band_attention(
    graph: Graph, x: str, past: list[str], ahead: list[str], name: str, shape: AcousticShape
) -> tuple[str, list[str]]:
    """x: (1, units), normalised. Returns what is added to it, and its own key and value, each (1, 1, units)."""
    units = shape.decoder_num_units
    projected = graph.op("Reshape", graph.linear(x, f"{name}.w_x_qkv"), graph.constant([1, 1, 3 * units]))
    query, *own = graph.ops("Split", projected, outputs=3, axis=2, num_outputs=3)
    seen = [graph.op("Concat", before, now, axis=1) for before, now in zip(past, own, strict=True)]
    heads = {"num_heads": shape.decoder_num_heads, "domain": "com.microsoft"}
    mixed = [graph.op("MultiHeadAttention", query, *keys_values, **heads) for keys_values in (seen, ahead)]
    both = graph.op("Reshape", graph.op("Concat", *mixed, axis=2), graph.constant([1, 2 * units]))
    weight, bias = (
        [graph.weights[f"{name}.{part}.{kind}"] for part in ("fc_x", "fc_h")] for kind in ("weight", "bias")
    )
    return graph.affine(both, np.concatenate(weight, axis=1), bias[0].astype(np.float64) + bias[1]), own


def _pointwise(graph: Graph, x: str, name: str) -> str:
    """A convolution of kernel 1 on (N, C)."""
    return graph.affine(x, graph.weights[f"{name}.weight"][:, :, 0], graph.weights[f"{name}.bias"])


def _streamed_lstm(graph: Graph, x: str, hidden: int) -> str:
    """x: (T, C). Returns (T, hidden)."""
    states = [graph.state((1, 1, hidden)) for _ in range(2)]
    y, *after = graph.ops(
        "LSTM",
        graph.op("Unsqueeze", x, graph.constant([1])),
        *lstm_weights(graph, "mel_postnet.lstm", [""]),
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
