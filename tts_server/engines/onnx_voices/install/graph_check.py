"""A graph of others read as data, and refused unless it is one that onnxruntime runs by itself.

What comes out is whole: weights that lay in other files of its folder are in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto

from tts_server.engines.installing.disk_space import check_room
from tts_server.engines.onnx_voices.install.outside_data import take_in
from tts_server.errors import VoiceDataMissing

MAX_BYTES: Final = 1 << 30
MAX_NODES: Final = 50_000
DOMAINS: Final = ("", "ai.onnx")


def read_graph(path: Path, contributed: frozenset[str] = frozenset()) -> onnx.ModelProto:
    """contributed: operators of onnxruntime's own that the family is known to need. Raises VoiceDataMissing."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise VoiceDataMissing(f"{path.name} has {size >> 20} MiB; a graph has at most {MAX_BYTES >> 20}")
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise VoiceDataMissing(f"{path} cannot be read: {error.strerror}") from error
    except DecodeError as error:
        raise VoiceDataMissing(f"{path.name} is no ONNX file") from error
    if fault := _fault(model, contributed):
        raise VoiceDataMissing(f"{path.name}: {fault}")
    try:
        take_in(_tensors(model.graph), path.parent, MAX_BYTES - size)
    except VoiceDataMissing as error:
        raise VoiceDataMissing(f"{path.name}: {error}") from error
    return model


def write_graph(model: onnx.ModelProto, path: Path) -> None:
    """Write a graph into a pack. Raises VoiceDataMissing where there is no room for it."""
    content = model.SerializeToString()
    check_room(path.parent, len(content), f"installing {path.parent.name}")
    path.write_bytes(content)


def _tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    """All that hold numbers."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def _fault(model: onnx.ModelProto, contributed: frozenset[str]) -> str:
    """What is wrong with a graph; "" for nothing."""
    graph = model.graph
    if not graph.node or not graph.output:
        return "it is no ONNX graph, or an empty one"
    if len(graph.node) > MAX_NODES:
        return f"{len(graph.node)} nodes; at most {MAX_NODES} are expected"
    if model.functions:
        return "it defines operators of its own"
    for node in graph.node:
        is_contributed = node.domain == "com.microsoft" and node.op_type in contributed
        if not is_contributed and (node.domain not in DOMAINS or not onnx.defs.has(node.op_type)):
            return f"operator {node.domain}:{node.op_type[:40]} is not one of ONNX's own"
        if any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute):
            return f"{node.op_type} holds a graph of its own, which no voice needs"
    return ""
