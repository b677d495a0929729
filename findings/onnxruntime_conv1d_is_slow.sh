#!/usr/bin/env bash
# Seen: onnxruntime runs a one-dimensional convolution by its slow road; written as two-dimensional with height 1, the same takes 6-25 % less time.
# Whom: every vocoder and VITS that is exported from PyTorch as it stands (nn.Conv1d): HiFi-GAN, MelGAN, piper, Kokoro, codecs.
# Why:  the blocked layout (NCHWc) of its CPU kernels exists for tensors of four dimensions only.
# Way out: add an axis of length 1 to weights, strides, dilations and pads when exporting; the numbers stay the same.
set -euo pipefail
export ORT_DISABLE_TELEMETRY=1 # it reports its use otherwise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder" &&
    "$folder/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 || exit 2

"$folder/bin/python" - "$folder" <<'PYTHON'
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

LAYERS = 6


def chain(channels, kernel, dilation, height):
    """Convolutions and LeakyReLUs as in a HiFi-GAN block. height: the axis of length 1, or nothing."""
    random = np.random.default_rng(0)
    nodes, weights = [], []
    pad = (kernel - 1) * dilation // 2
    for layer in range(LAYERS):
        weight = random.normal(0, 0.03, (channels, channels, *height, kernel)).astype(np.float32)
        weights.append(numpy_helper.from_array(weight, f"w{layer}"))
        along = {"pads": [*(0 for _ in height), pad] * 2, "dilations": [*height, dilation]}
        nodes.append(helper.make_node("Conv", [f"x{layer}", f"w{layer}"], [f"y{layer}"], **along))
        nodes.append(helper.make_node("LeakyRelu", [f"y{layer}"], [f"x{layer + 1}"], alpha=0.1))
    given = helper.make_tensor_value_info("x0", TensorProto.FLOAT, [1, channels, *height, "T"])
    made = helper.make_tensor_value_info(f"x{LAYERS}", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "chain", [given], [made], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString()


def session(graph):
    """A session on one thread, and how many of its convolutions are blocked."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    options.optimized_model_filepath = f"{sys.argv[1]}/optimised.onnx"
    made = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(options.optimized_model_filepath).graph.node
    return made, sum(node.op_type == "Conv" and node.domain == "com.microsoft.nchwc" for node in nodes)


print("onnxruntime", version("onnxruntime"), "onnx", version("onnx"))
blocked = []
for channels, length, kernel, dilation in ((128, 800, 7, 3), (64, 2000, 11, 1), (32, 4000, 11, 5)):
    (flat, flat_blocked), (high, high_blocked) = (session(chain(channels, kernel, dilation, h)) for h in ((), (1,)))
    x = np.random.default_rng(1).normal(size=(1, channels, length)).astype(np.float32)
    times = ([], [])
    for _ in range(20):
        for which, run, given in ((0, flat, x), (1, high, x[:, :, None])):
            started = time.process_time()
            (made,) = run.run(None, {"x0": given})
            times[which].append(time.process_time() - started)
    slow, fast = map(statistics.median, times)
    blocked.append((flat_blocked, high_blocked))
    print(
        f"{channels} channels, kernel {kernel}: 1-D {slow * 1e3:.1f} ms ({flat_blocked} of {LAYERS} blocked), "
        f"2-D {fast * 1e3:.1f} ms ({high_blocked} blocked), {slow / fast:.2f} times as fast"
    )
if all(high == 0 for _, high in blocked):
    print("this processor has no blocked kernels; nothing can be seen here", file=sys.stderr)
    sys.exit(2)
if any(counts != (0, LAYERS) for counts in blocked):
    sys.exit("changed: one-dimensional convolutions are blocked too")
PYTHON
