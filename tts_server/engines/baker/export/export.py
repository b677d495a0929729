"""Writes the voice's nets as ONNX graphs without weights (development only).

    python -m tts_server.engines.baker.export.export

Of what comes after the encoder there are two: the second multiplies 8-bit integers. Of encoder and decoder there is one
more, that says the same on every machine, and is used where all is computed in floats. The weights are named,
external initialisers; `runtime.py` feeds them at load. Convolutions are two-dimensional with height 1, since
onnxruntime has its blocked kernels for those only. `nets.py` is what the graphs must agree with.
"""

import math
from pathlib import Path

import onnx
import torch
from onnx import TensorProto

from tts_server.engines.baker.export import eight_bits
from tts_server.engines.baker.export.alike import AlikeGraph
from tts_server.engines.baker.export.nets import AcousticModel, Vocoder
from tts_server.engines.baker.shape import ACOUSTIC, VOCODER
from tts_server.engines.onnx_export.graph import TIME, Graph, Weights
from tts_server.engines.onnx_export.streamed import StreamedGraph

# Of what the postnet's convolutions are given: the least and the most of 67 clauses, and some more.
RANGES = {
    "expand": (-7.5, 8.2),
    "project": (-0.31, 16.0),
    "postnet.0": (-15.0, 3.6),
    **{f"postnet.{layer}": (-1.0, 1.0) for layer in range(1, 5)},  # hyperbolic tangents
}


def build_graphs() -> dict[str, onnx.ModelProto]:
    """The graphs by name. Of the nets' weights only the shapes matter."""
    acoustic, vocoder = _weights(AcousticModel()), _weights(Vocoder())
    return {
        "encoder": _encoder(Graph("encoder", acoustic, is_empty=True)),
        "encoder.alike": _encoder(AlikeGraph("encoder", acoustic, is_empty=True)),
        "decoder": _decoder(Graph("decoder", acoustic, is_empty=True)),
        "decoder.alike": _decoder(AlikeGraph("decoder", acoustic, is_empty=True)),
        "postnet": _postnet(acoustic),
        "vocoder": _vocoder(vocoder),
        "decoder.int8": _decoder(Graph("decoder", acoustic, is_empty=True), bits=8),
        "postnet.int8": _postnet(acoustic, bits=8),
    }


def main() -> None:
    """Write the graphs beside this file."""
    folder = Path(__file__).parents[1] / "graphs"
    folder.mkdir(exist_ok=True)
    for name, model in build_graphs().items():
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def _weights(net: torch.nn.Module) -> Weights:
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


def _encoder(graph: Graph) -> onnx.ModelProto:
    units = graph.input("units", ["U"], TensorProto.INT64)
    x = graph.op("Gather", graph.weight("embedding.weight"), units)
    x = graph.op("Add", x, _positions(graph, units))
    for layer in range(ACOUSTIC.layers):
        x = _transformer_block(graph, x, f"encoder.{layer}", bits=32)
    graph.output(x, "hidden", ["U", ACOUSTIC.hidden])
    frames = graph.op("Sub", graph.op("Exp", _predictor(graph, x, "duration")), graph.constant(1.0))
    graph.output(graph.op("Relu", frames), "durations", ["U"])
    for name in ("f0", "energy"):
        graph.output(_predictor(graph, x, name), name, ["U"])
    return graph.model()


def _decoder(graph: Graph, bits: int = 32) -> onnx.ModelProto:
    """All that looks at the whole clause: up to the attention of the last block."""
    x = graph.input("hidden", ["U", ACOUSTIC.hidden])
    repeats = graph.input("repeats", ["T"], TensorProto.INT64)
    for name in ("f0", "energy"):
        value = graph.op("Reshape", graph.input(name, ["U"]), graph.constant([1, 1, 1, -1]))
        embedded = graph.time_first(graph.conv(value, f"{name}_embedding", padding=(4, 4)), ACOUSTIC.hidden)
        mask = graph.input(f"{name}_mask", ["U", ACOUSTIC.hidden])
        x = graph.op("Add", x, graph.op("Mul", embedded, mask))
    x = graph.op("Add", graph.op("Gather", x, repeats), _positions(graph, repeats))
    for layer in range(ACOUSTIC.layers - 1):
        x = _transformer_block(graph, x, f"decoder.{layer}", bits)
    x = _attention(graph, x, f"decoder.{ACOUSTIC.layers - 1}.attention")
    graph.output(graph.time_last(x, ACOUSTIC.hidden), "frames", [1, ACOUSTIC.hidden, 1, "T"])
    return graph.model()


def _postnet(weights: Weights, bits: int = 32) -> onnx.ModelProto:
    """The rest of the decoder, two thirds of its work: it looks only `REACH` frames around, and is streamed."""
    hidden, name = ACOUSTIC.hidden, f"decoder.{ACOUSTIC.layers - 1}.feed_forward"
    graph = StreamedGraph("postnet", weights, is_empty=True)
    frames = graph.given("frames", [1, hidden, 1, "T"], knows_first=True)
    around = graph.window(frames, hidden, 1, 1, name="expand")
    y = _mish(graph, _streamed_conv(graph, around, f"{name}.expand", bits))
    y = graph.window(y, ACOUSTIC.feed_forward, 1, 1, name="project")
    y = _streamed_conv(graph, y, f"{name}.project", bits)
    x = graph.cut(graph.window(graph.cut(around, 1, -1), hidden, 1, 1, name="shortcut"), 1, -1)
    x = graph.norm(graph.time_first(graph.op("Add", y, x), hidden), f"{name}.norm", ACOUSTIC.norm_eps)
    mel = residual = graph.time_last(graph.linear(x, "mel"), ACOUSTIC.n_mels)
    for layer in range(5):
        channels = ACOUSTIC.postnet if layer else ACOUSTIC.n_mels
        around = graph.window(residual, channels, 2, 2, name=f"postnet.{layer}")
        residual = _streamed_conv(graph, around, f"postnet.{layer}", bits)
        if layer < 4:
            residual = graph.op("Tanh", residual)
    mel = graph.cut(graph.window(mel, ACOUSTIC.n_mels, 10, 10, name="mel"), 10, -10)
    graph.output(graph.op("Add", mel, residual), "mel", [1, ACOUSTIC.n_mels, 1, "M"])
    return graph.model()


def _positions(graph: Graph, counted: str) -> str:
    """The embeddings of the positions 1 to len(counted)."""
    end = graph.op("Add", graph.op("Shape", counted), graph.constant([1]))
    return graph.op("Slice", graph.weight("position.weight"), graph.constant([1]), end, graph.constant([0]))


def _transformer_block(graph: Graph, x: str, name: str, bits: int) -> str:
    x = _attention(graph, x, f"{name}.attention")
    y = (_feed_forward_in_8_bits if bits == 8 else _feed_forward)(graph, x, f"{name}.feed_forward")
    return graph.norm(graph.op("Add", y, x), f"{name}.feed_forward.norm", ACOUSTIC.norm_eps)


def _feed_forward(graph: Graph, x: str, name: str) -> str:
    y = graph.conv(graph.time_last(x, ACOUSTIC.hidden), f"{name}.expand", padding=(1, 1))
    y = graph.conv(_mish(graph, y), f"{name}.project", padding=(1, 1))
    return graph.time_first(y, ACOUSTIC.hidden)


def _feed_forward_in_8_bits(graph: Graph, x: str, name: str) -> str:
    balanced = graph.op("Mul", x, _balance(graph, f"{name}.expand"))
    y = eight_bits.conv(graph, eight_bits.rounded(graph, balanced), f"{name}.expand", padding=1)
    return eight_bits.conv(graph, eight_bits.rounded(graph, _mish(graph, y)), f"{name}.project", padding=1)


def _streamed_conv(graph: Graph, x: str, name: str, bits: int) -> str:
    """x: (1, C, 1, T), with what its windows see around it."""
    if bits != 8:
        return graph.conv(x, name)
    outputs, channels, _ = graph.weights[f"{name}.weight"].shape
    x = graph.time_first(x, channels)
    if name.endswith("expand"):
        x = graph.op("Mul", x, _balance(graph, name))
    low, high = next(limits for end, limits in RANGES.items() if name.endswith(end))
    return graph.time_last(eight_bits.conv(graph, eight_bits.rounded_within(graph, x, low, high), name), outputs)


def _balance(graph: Graph, name: str) -> str:
    return graph.fed(f"{name}.balance", (ACOUSTIC.hidden,), TensorProto.FLOAT)


def _attention(graph: Graph, x: str, name: str) -> str:
    def heads(part: str, order: list[int]) -> str:
        split = graph.constant([-1, ACOUSTIC.heads, ACOUSTIC.head_size])
        projected = graph.op("Reshape", graph.linear(x, f"{name}.{part}"), split)
        return graph.op("Transpose", projected, perm=order)

    scores = graph.op("MatMul", heads("query", [1, 0, 2]), heads("key", [1, 2, 0]))
    scores = graph.op("Mul", scores, graph.constant(1 / math.sqrt(ACOUSTIC.head_size)))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), heads("value", [1, 0, 2]))
    inner = graph.constant([-1, ACOUSTIC.heads * ACOUSTIC.head_size])
    mixed = graph.op("Reshape", graph.op("Transpose", mixed, perm=[1, 0, 2]), inner)
    return graph.norm(graph.op("Add", graph.linear(mixed, f"{name}.output"), x), f"{name}.norm", ACOUSTIC.norm_eps)


def _mish(graph: Graph, x: str) -> str:
    """x tanh(softplus x) as x n / (n + 2), n = e^x (e^x + 2): the operators' own way makes a clause 25 % slower."""
    e = graph.op("Exp", graph.op("Min", x, graph.constant(20.0)))  # beyond, the factor is 1 in float32
    n = graph.op("Mul", e, graph.op("Add", e, graph.constant(2.0)))
    return graph.op("Mul", x, graph.op("Div", n, graph.op("Add", n, graph.constant(2.0))))


def _predictor(graph: Graph, x: str, name: str) -> str:
    for layer in range(2):
        y = graph.conv(graph.time_last(x, ACOUSTIC.hidden), f"{name}.conv{layer}", padding=(1, 1))
        x = graph.norm(graph.time_first(graph.op("Relu", y), ACOUSTIC.hidden), f"{name}.norm{layer}", ACOUSTIC.norm_eps)
    return graph.op("Reshape", graph.linear(x, f"{name}.linear"), graph.constant([-1]))


def _vocoder(weights: Weights) -> onnx.ModelProto:
    graph = StreamedGraph("vocoder", weights, is_empty=True)
    mel = graph.given("mel", [1, VOCODER.n_mels, 1, "T"], knows_first=True)
    x = graph.conv(graph.window(mel, VOCODER.n_mels, 3, 3, mode="reflect", name="conv_in"), "conv_in")
    x = _leaky_relu(graph, x)
    for stage, factor in enumerate(VOCODER.upsampling):
        inputs, channels = VOCODER.channels[stage : stage + 2]
        x = graph.conv(graph.window(x, inputs, 1, 1, kept=1, name=f"up.{stage}"), f"up.{stage}")
        x = graph.op("Reshape", x, graph.constant([channels, factor, -1]))
        x = graph.op("Reshape", graph.op("Transpose", x, perm=[0, 2, 1]), graph.constant([1, channels, 1, -1]))
        surplus = graph.op("Mul", graph.edges, graph.constant([-(factor // 2), factor // 2 - factor]))
        x = graph.op("Pad", x, surplus, "", graph.constant([TIME]))
        for unit, dilation in enumerate(VOCODER.dilations):
            name = f"stack.{stage}.{unit}"
            around = graph.window(x, channels, dilation, dilation, mode="reflect", name=name)
            y = graph.conv(_leaky_relu(graph, around), f"{name}.dilated", dilation=dilation)
            y = graph.conv(_leaky_relu(graph, y), f"{name}.pointwise")
            x = graph.op("Add", graph.conv(graph.cut(around, dilation, -dilation), f"{name}.shortcut"), y)
        x = _leaky_relu(graph, x)
    x = graph.window(x, VOCODER.channels[-1], 3, 3, mode="reflect", name="conv_out")
    x = graph.op("Tanh", graph.conv(x, "conv_out"))
    span = VOCODER.filterbank_taps - 1
    x = graph.window(x, VOCODER.bands, span // 2, span - span // 2, name="filterbank")
    x = graph.conv(x, "filterbank")
    x = graph.op("Reshape", x, graph.constant([VOCODER.bands, -1]))
    graph.output(graph.op("Reshape", graph.op("Transpose", x, perm=[1, 0]), graph.constant([-1])), "samples", ["N"])
    return graph.model()


def _leaky_relu(graph: Graph, x: str) -> str:
    return graph.op("LeakyRelu", x, alpha=VOCODER.leak)


if __name__ == "__main__":
    main()
