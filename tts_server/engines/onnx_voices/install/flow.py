"""The flow of a VITS graph, which makes the decoder's frames of what the encoder says, cut off where that can be done.

It is a third of what is computed before the first sound, and looks a few dozen frames around: it can be made as far as
the decoder has come. It is found by where the noise comes in, and tried on random numbers before it is believed in.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tts_server.engines.onnx_voices.install.front import NOISE
from tts_server.engines.onnx_voices.piper.frames import LATENT, OUTER, around

log = logging.getLogger(__name__)

MAX_REACH: Final = 64  # frames: of more, little would be gained
MAX_OUTER: Final = 32
TRIED_FRAMES: Final = 6 * MAX_REACH
TRIED_SYMBOLS: Final = 24
TOLERANCE: Final = 1e-5  # of the largest value
_NOISE: Final = re.compile(r"noise\.\d+\.row")  # as `front.py` names what it reads of it


@dataclass(frozen=True, slots=True)
class FlowCut:
    """A front in two parts."""

    front: onnx.ModelProto  # gives `latent`, and the outer values, in place of `frames`
    flow: onnx.ModelProto
    reach: int  # frames that it looks back and ahead


def cut_flow(front: onnx.ModelProto) -> FlowCut | None:
    """front: of `front_of`. None where it has no flow that can be made piece by piece."""
    nodes = list(front.graph.node)
    latent = _latent(nodes)
    if latent is None:
        return None
    known = {tensor.name for tensor in front.graph.initializer}
    inner = {latent}
    flow, rest = [], []
    for node in nodes:
        if inner.intersection(node.input):
            inner.update(node.output)
            flow.append(node)
        else:
            rest.append(node)
            if known.issuperset(node.input):
                known.update(node.output)
    outputs = [output.name for output in front.graph.output]
    taken = dict.fromkeys(name for node in flow for name in node.input if name and name not in inner | known)
    if [name for name in outputs if name in inner] != ["frames"] or len(taken) > MAX_OUTER:
        return None
    outer = {name: f"{OUTER}{number}" for number, name in enumerate(taken)}
    given = {latent: LATENT, **outer}
    before = _part(front, rest, [name for name in outputs if name != "frames"], {}, given)
    constants = [node for node in rest if known.issuperset(node.output)]
    after = _part(front, [*constants, *flow], ["frames"], given, {})
    reach = _tried(before, after, list(outer.values()))
    return FlowCut(before, after, reach) if reach else None


def _tried(front: onnx.ModelProto, flow: onnx.ModelProto, outer: Sequence[str]) -> int:
    """How far the flow looks; 0 where it does not give in parts what it gives as a whole."""
    import onnxruntime

    try:
        before, after = (onnxruntime.InferenceSession(part.SerializeToString(), _quiet()) for part in (front, flow))
        values = before.run(list(outer), _any_line(before))
        if any(value.shape[-1] != 1 and not np.all(value == 1) for value in values):
            return 0
        random = np.random.RandomState(1)
        channels = before.run([LATENT], _any_line(before))[0].shape[1]
        latent = random.standard_normal((1, channels, TRIED_FRAMES)).astype(np.float32)

        def run(frames: NDArray[np.float32]) -> NDArray[np.float32]:
            made: NDArray[np.float32]
            (made,) = after.run(["frames"], {LATENT: frames, **around(outer, values, frames.shape[-1])})
            return made

        whole, middle = run(latent), TRIED_FRAMES // 2
        latent[..., middle] += 1
        moved = np.any(run(latent) != whole, axis=(0, 1))
        latent[..., middle] -= 1
        reach = int(np.abs(np.flatnonzero(moved) - middle).max())
        part = run(latent[..., middle - reach : middle + 1 + reach])[..., reach : reach + 1]
        is_same = np.allclose(part, whole[..., middle : middle + 1], atol=TOLERANCE * float(np.abs(whole).max()))
        return reach if is_same and reach <= MAX_REACH else 0
    except Exception as error:  # onnxruntime has a class of its own for each way a graph can be no such one
        log.info("the voice is made without cutting its flow: %s", str(error)[:200])
        return 0


def _any_line(session: Any) -> dict[str, NDArray[Any]]:
    """What a front takes, for a line of no account."""
    given: dict[str, NDArray[Any]] = {
        "input": np.ones((1, TRIED_SYMBOLS), np.int64),
        "input_lengths": np.full(1, TRIED_SYMBOLS, np.int64),
        "scales": np.array([0.0, 1.0, 0.0], np.float32),
        "sid": np.zeros(1, np.int64),
        NOISE: np.zeros(1000, np.float32),
    }
    names: set[str] = {value.name for value in session.get_inputs()}
    return {name: value for name, value in given.items() if name in names}


def _quiet() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options


def _latent(nodes: list[onnx.NodeProto]) -> str | None:
    """Where the noise of the frames has just been added to their means."""
    needed = _needed(nodes, ["durations"])
    rows = [node for node in nodes if _NOISE.fullmatch(node.input[0] if node.input else "")]
    value: str | None = next((node.output[0] for node in rows if not needed.issuperset(node.output)), None)
    while value is not None:
        takers = [node for node in nodes if value in node.input]
        if len(takers) != 1 or takers[0].op_type not in ("Mul", "Add"):
            return None
        value = takers[0].output[0]
        if takers[0].op_type == "Add":
            return value
    return None


def _needed(nodes: list[onnx.NodeProto], values: Iterable[str]) -> set[str]:
    """All that is computed for these values."""
    needed = set(values)
    for node in reversed(nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
    return needed


def _part(
    front: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    outputs: list[str],
    given: dict[str, str],
    wanted: dict[str, str],
) -> onnx.ModelProto:
    """Of the graph what gives `outputs` and the values `wanted`, from those `given`, by their new names."""
    part = onnx.ModelProto()
    part.CopyFrom(front)
    graph = part.graph
    needed = _needed(nodes, [*outputs, *wanted])
    for field in (graph.node, graph.output, graph.initializer, graph.value_info):
        del field[:]
    if given:
        del graph.input[:]
        graph.input.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in given.values())
    graph.node.extend(helper.make_node("Identity", [name], [inner]) for inner, name in given.items())
    graph.node.extend(node for node in nodes if needed.intersection(node.output))
    graph.node.extend(helper.make_node("Identity", [inner], [name]) for inner, name in wanted.items())
    names = [*outputs, *wanted.values()]
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    graph.initializer.extend(tensor for tensor in front.graph.initializer if tensor.name in needed)
    return part
