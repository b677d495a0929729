"""Runs the voice's nets: onnxruntime sessions, fed with the weights at load. Safe to use from several threads at once.

What looks only a few frames around is streamed with carried state: any chunks give what the whole utterance gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server import heap
from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.native import NativeVocoder
from tts_server.engines.baker.native_postnet import NativePostnet
from tts_server.engines.baker.precision import Precision
from tts_server.engines.baker.products import balances, is_product, rows
from tts_server.engines.baker.shape import ACOUSTIC
from tts_server.engines.baker.state import State
from tts_server.engines.baker.stored import floats
from tts_server.engines.baker.weights import StoredWeights, read_vocoder, stored_acoustic
from tts_server.processors import dot_products

GRAPHS: Final = Path(__file__).parent / "graphs"
LOOKAHEAD_FRAMES: Final = 21  # samples lag the mel by 20.2 frames; also the least that a first chunk needs
REACH: Final = 12  # frames that the postnet looks back and ahead: two layers of 1, five of 2
MIN_FRAMES: Final = 10  # of a whole utterance: less cannot be reflected at its ends
MOST_FRAMES: Final = 32  # that a streamed net is given at once: longer chunks gain no time, and take 11 MB more
LONG_FRAMES: Final = 480  # a clause above 6 s leaves much free memory behind
MASK_SEED: Final = 20_201_116  # the dropout masks belong to the text, so that a text always sounds the same

ENCODER_PARTS: Final = {"embedding", "position", "encoder", "duration", "f0", "energy"}
LATER_PARTS: Final = {"position", "f0_embedding", "energy_embedding", "decoder", "mel", "postnet"}
ALIKE_ENCODER: Final = "encoder.alike"  # its bits do not depend on the machine; a fifth slower
ALIKE_DECODER: Final = "decoder.alike"  # its functions do not; its convolutions may, which nothing behind it enlarges
POSTNET_PARTS: Final = ("mel.", "postnet.", f"decoder.{ACOUSTIC.layers - 1}.feed_forward.")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder says about U units."""

    hidden: Floats  # (U, hidden)
    durations: Floats  # (U,), frames, not yet rounded
    f0: Floats  # (U,), z-scores
    energy: Floats  # (U,), z-scores


class StreamedNet:
    """A net that takes its input in chunks, and gives what is final; with the last chunk, the rest."""

    def __init__(self, session: Any) -> None:
        self._session = session
        given, _, *states = session.get_inputs()
        self._given, self._names = given.name, [state.name for state in states]
        self.initial_state = State(tuple(np.zeros((1, state.shape[1], 1, 0), np.float32) for state in states))

    def __call__(self, chunk: Floats, state: State, *, is_last: bool) -> tuple[Floats, State]:
        """chunk: (1, C, 1, T), with T at least 1."""
        frames, parts = chunk.shape[-1], []
        for start in range(0, frames, MOST_FRAMES):
            end = min(start + MOST_FRAMES, frames)
            made, state = self._run(chunk[..., start:end], state, is_last=is_last and end == frames)
            parts.append(made)
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1), state

    def _run(self, chunk: Floats, state: State, *, is_last: bool) -> tuple[Floats, State]:
        edges = np.array([state.is_first, is_last], np.int64)
        given = {self._given: chunk, "edges": edges, **dict(zip(self._names, state.layers, strict=True))}
        made, *layers = self._session.run(None, given)
        return made, State(tuple(layers), is_first=False)


class Nets:
    """The nets, loaded.

    postnet: what `decode` gives -> mel (1, n_mels, 1, T), `REACH` frames late. A first chunk needs more than that, if
    it is not also the last.
    vocode: mel -> samples. A first chunk needs `LOOKAHEAD_FRAMES` or, if it is also the last, `MIN_FRAMES`.
    """

    def __init__(self, precision: Precision = "fp32") -> None:
        """precision: "int8" is of decoder and postnet, "int16" of the postnet; in 8 bits the encoder would give other
        durations, and the vocoder would hiss. It has 16 bits in both, if it is compiled for them, or floats.

        Raises VoiceDataMissing.
        """
        compiled = library.load()
        # Weights are read net by net: all of them beside the encoder while it is made would be the peak of all memory.
        is_alike = precision == "fp32"
        self._encoder = _session(ALIKE_ENCODER if is_alike else "encoder", stored_acoustic(ENCODER_PARTS))
        decoder, end = stored_acoustic(LATER_PARTS), ".int8" if precision == "int8" else ""
        is_compiled = compiled is not None and compiled.has(precision)
        if end or is_compiled:
            decoder.update(balances(decoder))
        postnet = {name: decoder.pop(name) for name in list(decoder) if name.startswith(POSTNET_PARTS)}
        if not end:
            decoder = {name: weight for name, weight in decoder.items() if not name.endswith(".balance")}
        self._decoder = _session(ALIKE_DECODER if is_alike else "decoder" + end, decoder)
        self.postnet: StreamedNet | NativePostnet
        if compiled is not None and is_compiled:
            self.postnet = NativePostnet(postnet, compiled, bits=8 if end else 16)
        else:
            self.postnet = StreamedNet(_session("postnet" + end, postnet))
        vocoder = read_vocoder()
        self.vocode: StreamedNet | NativeVocoder
        if compiled is not None:
            is_rounded = precision != "fp32"
            self.vocode = NativeVocoder(vocoder, compiled, is_rounded=is_rounded)
        else:
            self.vocode = StreamedNet(_session("vocoder", dict(vocoder)))
        heap.give_back()

    def encode(self, units: NDArray[np.int64]) -> Encoded:
        return Encoded(*self._encoder.run(None, {"units": units}))

    def decode(self, encoded: Encoded, frames: NDArray[np.int64]) -> Floats:
        """frames: (U,), of each unit; `ACOUSTIC.max_frames` together at most. For `postnet`: (1, hidden, 1, T)."""
        f0_mask, energy_mask = _dropout_masks(len(frames))
        given = {
            "hidden": encoded.hidden,
            "repeats": np.repeat(np.arange(len(frames)), frames),
            "f0": encoded.f0,
            "energy": encoded.energy,
            "f0_mask": f0_mask,
            "energy_mask": energy_mask,
        }
        decoded: Floats
        (decoded,) = self._decoder.run(["frames"], given)
        if decoded.shape[-1] > LONG_FRAMES:
            heap.give_back()
        return decoded


def _session(name: str, weights: StoredWeights) -> Any:
    """Takes the weights out of the dict, so that they are not held twice. One thread, no spinning: parallel work is
    several streams. No arenas: they cost memory and save no time here.
    """
    import onnxruntime  # 0.2 s and 20 MB, only when a voice is loaded

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if name == ALIKE_ENCODER:  # above that, convolutions are blocked as suits the machine
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    if not dot_products():  # sums of two products would be cut off at 16 bits; where there are some, this only costs
        options.add_session_config_entry("session.x64quantprecision", "1")
    names, values = [], []
    for weight in list(weights):
        for part, array in _fed(weight, weights, in_8_bits=name.endswith(".int8")):
            names.append(part)
            values.append(onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array)))
    options.add_external_initializers(names, values)
    graph = (GRAPHS / f"{name}.onnx").read_bytes()
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _fed(name: str, weights: StoredWeights, *, in_8_bits: bool) -> Iterator[tuple[str, NDArray[Any]]]:
    """A weight as the graph wants it; taken out of the dict."""
    balance = weights.get(name.replace(".weight", ".balance"))
    array = floats(weights.pop(name))
    if in_8_bits and is_product(name):
        integers, scales = rows(array, None if balance is None else floats(balance))
        yield name, integers
        yield name.replace(".weight", ".scales"), scales
    else:
        yield name, array[:, :, None] if array.ndim == 3 else array


def _dropout_masks(units: int) -> tuple[Floats, Floats]:
    """The net was published with dropout alive at inference, and sounds a little worse without."""
    random = np.random.RandomState(MASK_SEED)  # its stream is frozen by numpy, unlike default_rng's
    masks = (random.random_sample((2, units, ACOUSTIC.hidden)) >= 0.5).astype(np.float32) * np.float32(2)
    return masks[0], masks[1]
