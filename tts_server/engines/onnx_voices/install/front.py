"""The rest of a VITS graph, up to where the decoder is cut off: symbols in, frames for the decoder out.

Its noise becomes an input, so that the same text gives the same samples; how long each symbol lasts becomes an output.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tts_server.errors import VoiceDataMissing

NOISE: Final = "noise"
RANDOM: Final = "RandomNormalLike"


def front_of(model: onnx.ModelProto, frames: str, condition: str) -> onnx.ModelProto:
    """Outputs frames (1, channels, T), durations (1, 1, symbols), condition. Raises VoiceDataMissing."""
    durations = [node.output[0] for node in model.graph.node if node.op_type == "Ceil"]
    if len(durations) != 1:
        raise VoiceDataMissing(f"the graph rounds {len(durations)} values; a VITS voice rounds its durations only")
    named = {"frames": frames, "durations": durations[0], **({"condition": condition} if condition else {})}
    front = _made_of(model, named)
    _feed_noise(front)
    return front


def _made_of(model: onnx.ModelProto, named: Mapping[str, str]) -> onnx.ModelProto:
    """The part of a graph that these values need, which become its outputs by their new names."""
    front = onnx.ModelProto()
    front.CopyFrom(model)
    graph, needed = front.graph, set(named.values())
    kept = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    for part in (graph.node, graph.output, graph.initializer, graph.value_info):
        del part[:]
    graph.node.extend(reversed(kept))
    graph.node.extend(helper.make_node("Identity", [inner], [name]) for name, inner in named.items())
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in named)
    graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name in needed)
    return front


def _feed_noise(model: onnx.ModelProto) -> None:
    """Each random node reads on in one long row of noise, which begins anew at its end."""
    graph = model.graph
    nodes, places = [], 0
    for node in graph.node:
        if node.op_type != RANDOM:
            nodes.append(node)
            continue
        nodes += _reading(node, f"noise.{places}", places)
        places += 1
    if not any(node.op_type.startswith("Random") for node in nodes) and places:
        del graph.node[:]
        graph.node.extend(nodes)
        graph.input.append(helper.make_tensor_value_info(NOISE, TensorProto.FLOAT, ["noise"]))
        return
    raise VoiceDataMissing("the graph draws its noise in a way that no VITS voice does")


def _reading(node: onnx.NodeProto, name: str, place: int) -> list[onnx.NodeProto]:
    """What stands in place of a random node: the noise from `place` thousands on, in the shape of its input."""
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if attributes.get("mean", 0.0) != 0.0 or attributes.get("scale", 1.0) != 1.0:
        raise VoiceDataMissing("the graph's noise is not of mean 0 and deviation 1")

    def constant(suffix: str, value: int) -> onnx.NodeProto:
        tensor = numpy_helper.from_array(np.asarray(value, np.int64))
        return helper.make_node("Constant", [], [f"{name}.{suffix}"], value=tensor)

    return [
        constant("begin", 1000 * place),
        constant("step", 1),
        helper.make_node("Size", [node.input[0]], [f"{name}.size"]),
        helper.make_node("Add", [f"{name}.begin", f"{name}.size"], [f"{name}.end"]),
        helper.make_node("Range", [f"{name}.begin", f"{name}.end", f"{name}.step"], [f"{name}.places"]),
        helper.make_node("Size", [NOISE], [f"{name}.length"]),
        helper.make_node("Mod", [f"{name}.places", f"{name}.length"], [f"{name}.within"]),
        helper.make_node("Gather", [NOISE, f"{name}.within"], [f"{name}.row"]),
        helper.make_node("Shape", [node.input[0]], [f"{name}.shape"]),
        helper.make_node("Reshape", [f"{name}.row", f"{name}.shape"], list(node.output)),
    ]
