"""Writes the vocoder as an ONNX graph that streams: any chunks give the samples of the whole utterance.

Convolutions are two-dimensional with height 1, since onnxruntime has its blocked kernels for those only. A stage's two
upsampling branches become one convolution with a channel for each phase: a transposed convolution is a filter for each
phase, and so is a convolution of a signal whose samples are repeated. `nets/vocoder.py` is what the graph must agree
with.
"""

import json
from math import prod
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray

from tts_server.engines.onnx_export.graph import Weights
from tts_server.engines.onnx_export.streamed import Signal, StreamedGraph
from tts_server.engines.sambert.nets.vocoder import LAST_LEAK
from tts_server.engines.sambert.packs.shape import VocoderShape
from tts_server.errors import VoiceDataMissing

Doubles = NDArray[np.float64]

# Of what a stage's blocks see: where it is no more than so many frames, they run over it again with each chunk.
OVERLAP_FRAMES: Final = 2


def build_vocoder(shape: VocoderShape, weights: Weights) -> onnx.ModelProto:
    """Inputs mel (1, n_mels, 1, T), is_last, NSF: sines (1, harmonics, 1, N). Output samples, lagging by `lag`."""
    graph = StreamedGraph("vocoder", weights)
    mel = graph.given("mel", [1, shape.in_channels, 1, "T"])
    excitation = _excitation(graph, shape) if shape.harmonics else None
    x = _conv(graph, Signal(mel, shape.in_channels), "conv_pre.conv1d", shape.kernel_size, shape.causal)
    for stage in range(len(shape.upsample_scales)):
        x = _upsampled(graph, x, stage, shape)
        if excitation is not None:
            x = graph.add(x, _source(graph, excitation, stage, shape))
        x = _mean_of_blocks(graph, x, stage, shape)
    x = Signal(graph.op("LeakyRelu", x.value, alpha=LAST_LEAK), x.channels, x.lag)
    x = _conv(graph, x, "conv_post.conv1d", shape.kernel_size, shape.causal)
    graph.output(graph.op("Reshape", graph.op("Tanh", x.value), graph.constant([-1])), "samples", ["N"])
    graph.metadata |= {"lag": json.dumps(x.lag), "states": json.dumps(graph.states)}
    return graph.model()


def _conv(graph: StreamedGraph, x: Signal, name: str, kernel: int, causal: bool, dilation: int = 1) -> Signal:
    left, right = _padding((kernel - 1) * dilation, causal)
    around = graph.window(x.value, x.channels, left, right)
    channels = len(graph.weights[f"{name}.weight"])
    return Signal(graph.conv(around, name, dilation=dilation), channels, x.lag + right)


def _upsampled(graph: StreamedGraph, x: Signal, stage: int, shape: VocoderShape) -> Signal:
    scale, channels = shape.upsample_scales[stage], shape.width(stage + 1)
    weight, bias, left, right = fuse_upsampling(graph.weights, stage, shape)
    y = graph.op("LeakyRelu", graph.op("Add", x.value, graph.op("Sin", x.value)), alpha=shape.leak)
    around = graph.window(y, x.channels, left, right)
    phases = graph.op("Conv", around, graph.constant(weight[:, :, None]), graph.constant(bias))
    phases = graph.op("Reshape", phases, graph.constant([channels, scale, -1]))
    samples = graph.op("Reshape", graph.op("Transpose", phases, perm=[0, 2, 1]), graph.constant([1, channels, 1, -1]))
    return Signal(samples, channels, (x.lag + right) * scale)


def fuse_upsampling(
    weights: Weights, stage: int, shape: VocoderShape
) -> tuple[NDArray[np.float32], NDArray[np.float32], int, int]:
    """Both branches of a stage as one convolution: weight (channels * scale, inputs, taps), bias, left and right reach.

    Output channel c * scale + r is phase r of channel c. Taps are summed in float64.
    """
    scale, kernel = shape.upsample_scales[stage], shape.upsample_kernal_sizes[stage]
    transposed = weights[f"transpose_upsamples.{stage}.1.deconv.weight"].astype(np.float64)  # (inputs, channels, K)
    repeated = weights[f"repeat_upsamples.{stage}.2.conv1d.weight"].astype(np.float64)  # (channels, inputs, k)
    if kernel < scale or (not shape.causal and (kernel - scale) % 2):
        raise VoiceDataMissing(f"an upsampling by {scale} with {kernel} taps is not supported")
    skipped = 0 if shape.causal else (kernel - scale) // 2
    before = (shape.kernel_size - 1) // (1 if shape.causal else 2)
    taps: dict[tuple[int, int], Doubles] = {}  # (phase, input offset) -> (channels, inputs)

    def add(phase: int, offset: int, tap: Doubles) -> None:
        taps[phase, offset] = taps.get((phase, offset), 0.0) + tap

    for tap in range(kernel):
        offset, phase = divmod(tap - skipped, scale)
        add(phase, -offset, transposed[:, :, tap].T)
    for phase in range(scale):
        for tap in range(shape.kernel_size):
            add(phase, (phase + tap - before) // scale, repeated[:, :, tap])
    left = -min(offset for _, offset in taps)
    right = max(offset for _, offset in taps)
    channels, inputs, _ = repeated.shape
    weight = np.zeros((channels, scale, inputs, left + right + 1))
    for (phase, offset), matrix in taps.items():
        weight[:, phase, :, offset + left] += matrix
    bias = weights[f"transpose_upsamples.{stage}.1.deconv.bias"] + weights[f"repeat_upsamples.{stage}.2.conv1d.bias"]
    fused = weight.reshape(channels * scale, inputs, -1).astype(np.float32)
    return fused, np.repeat(bias, scale).astype(np.float32), left, right


def _mean_of_blocks(graph: StreamedGraph, x: Signal, stage: int, shape: VocoderShape) -> Signal:
    """The stage's residual blocks, one for each kernel."""
    kinds = list(zip(shape.resblock_kernel_sizes, shape.resblock_dilations, strict=True))
    span = max((kernel - 1) * sum(dilation + 1 for dilation in dilations) for kernel, dilations in kinds)
    if prod(shape.upsample_scales[: stage + 1]) * OVERLAP_FRAMES >= span:
        x = _blocks_at_once(graph, x, stage, shape, span)
    else:
        outputs = [_streamed_block(graph, x, stage, index, shape) for index in range(len(kinds))]
        lag = max(output.lag for output in outputs)
        x = Signal(graph.op("Sum", *(graph.delayed(output, lag).value for output in outputs)), x.channels, lag)
    return Signal(graph.op("Mul", x.value, graph.constant(1 / len(kinds))), x.channels, x.lag)


def _streamed_block(graph: StreamedGraph, x: Signal, stage: int, index: int, shape: VocoderShape) -> Signal:
    """A residual block, each convolution with a state."""
    kernel, name = shape.resblock_kernel_sizes[index], _block_name(stage, index, shape)
    for layer, dilation in enumerate(shape.resblock_dilations[index]):
        y = Signal(graph.op("LeakyRelu", x.value, alpha=shape.leak), x.channels, x.lag)
        y = _conv(graph, y, f"{name}.convs1.{layer}.conv1d", kernel, shape.causal, dilation)
        y = Signal(graph.op("LeakyRelu", y.value, alpha=shape.leak), y.channels, y.lag)
        y = _conv(graph, y, f"{name}.convs2.{layer}.conv1d", kernel, shape.causal)
        x = graph.add(x, y)
    return x


def _blocks_at_once(graph: StreamedGraph, x: Signal, stage: int, shape: VocoderShape, span: int) -> Signal:
    """The sum of a stage's blocks, with one state for all: its convolutions pad, and nothing is cut or joined within.

    So values stay in the layout of onnxruntime's blocked kernels. A LeakyRelu has none, but a convolution can end with
    one: hence the convolutions by 1 before them, and before what residuals are added to.
    """
    by_one = graph.constant(np.ones((x.channels, 1, 1, 1), np.float32))
    before, after = _padding(span, shape.causal)

    def build(around: str) -> str:
        total = first = graph.op("Conv", around, by_one, group=x.channels)
        for index, kernel in enumerate(shape.resblock_kernel_sizes):
            name, y = _block_name(stage, index, shape), first
            for layer, dilation in enumerate(shape.resblock_dilations[index]):
                z = graph.op("LeakyRelu", graph.op("Conv", y, by_one, group=x.channels), alpha=shape.leak)
                padding = _padding((kernel - 1) * dilation, shape.causal)
                z = graph.conv(z, f"{name}.convs1.{layer}.conv1d", dilation=dilation, padding=padding)
                z = graph.op("LeakyRelu", z, alpha=shape.leak)
                z = graph.conv(z, f"{name}.convs2.{layer}.conv1d", padding=_padding(kernel - 1, shape.causal))
                y = graph.op("Add", z, y)
            total = graph.op("Add", total, y) if index else y
        return total

    return graph.overlapped(x, before, after, build)


def _block_name(stage: int, index: int, shape: VocoderShape) -> str:
    return f"conv_blocks.{stage * len(shape.resblock_kernel_sizes) + index}"


def _padding(span: int, causal: bool) -> tuple[int, int]:
    """Samples that a layer sees before and after."""
    return (span, 0) if causal else (span // 2, span - span // 2)


def _excitation(graph: StreamedGraph, shape: VocoderShape) -> Signal:
    sines = graph.input("sines", [1, shape.harmonics, 1, "N"])
    return Signal(graph.op("Tanh", graph.conv(sines, "source_module.ffn.0")), 1)


def _source(graph: StreamedGraph, excitation: Signal, stage: int, shape: VocoderShape) -> Signal:
    """The excitation at the rate of a stage: it lags by as many samples there as it looks ahead."""
    stride, channels = shape.source_strides[stage], shape.width(stage + 1)
    name = f"source_downs.{stage}.conv1d"
    if stride == 1:
        return Signal(graph.conv(excitation.value, name), channels)
    if shape.causal:
        around = graph.window(excitation.value, excitation.channels, 2 * stride - 1, 0)
        return Signal(graph.conv(around, name, strides=[1, stride]), channels)
    if stride % 2:
        raise VoiceDataMissing(f"a source with stride {stride} is not supported")
    reach = stride // 2
    around = graph.window(excitation.value, excitation.channels, reach, reach, kept=reach + stride)
    return Signal(graph.conv(around, name, strides=[1, stride]), channels, 1)
