"""The end of the acoustic model as compiled code (`kernel/postnet.c`): called like the graph that it stands for."""

import ctypes
from typing import Final

import numpy as np

from tts_server.engines.baker.kernel.layer import PANEL, Entry, Floats, Layer, at, padded, rooms
from tts_server.engines.baker.kernel.library import Layers
from tts_server.engines.baker.shape import ACOUSTIC
from tts_server.engines.baker.state import State, in_blocks
from tts_server.engines.baker.stored import floats
from tts_server.engines.baker.weights import StoredWeights

MOST_FRAMES: Final = 64  # at once
HELD_FRAMES: Final = 14  # at most, that wait for what comes after them
AROUND: Final = 24  # columns, at most, that a layer sees around a chunk
SLACK: Final = 1024  # floats of a room, beside its window


class _Ending(ctypes.Structure):
    _fields_ = (
        ("layers", ctypes.POINTER(Entry)),
        *((name, ctypes.c_void_p) for name in ("scale", "shift")),
        ("epsilon", ctypes.c_float),
    )


class NativePostnet:
    """The last block's feed-forward net and the postnet: frames (1, hidden, 1, T) -> mel (1, n_mels, 1, T)."""

    def __init__(self, weights: StoredWeights, compiled: Layers, *, bits: int) -> None:
        """weights: of the graph, and the feed-forward net's balance. bits: 8 or 16."""
        self._compiled = compiled
        in_a_word = 32 // bits
        block = f"decoder.{ACOUSTIC.layers - 1}.feed_forward"
        names = [f"{block}.expand", f"{block}.project", "mel", *(f"postnet.{layer}" for layer in range(5))]
        self._layers: list[Layer] = []
        width = ACOUSTIC.hidden
        for name in names:
            weight = floats(weights[f"{name}.weight"])
            if is_mel := name == "mel":  # in floats, after a normalisation
                weight, width = weight[:, :, None], ACOUSTIC.hidden
            values = padded(weight, floats(weights[f"{name}.bias"]), width)
            balance = floats(weights[f"{name}.balance"]) if f"{name}.balance" in weights else None
            self._layers.append(Layer(*values, in_a_word=1 if is_mel else in_a_word, balance=balance))
            width = len(values[0])
        self._norm = [np.ascontiguousarray(floats(weights[f"{block}.norm.{part}"])) for part in ("weight", "bias")]
        entries = (Entry * len(self._layers))(*(layer.entry for layer in self._layers))
        self._plan = _Ending(entries, *map(at, self._norm), ACOUSTIC.norm_eps)
        wide, bands, inner = (entries[index].outputs for index in (0, 2, 3))
        self._widths = wide, entries[1].outputs, bands
        kept = 2 * ACOUSTIC.hidden + 2 * wide + 2 * ACOUSTIC.hidden + 20 * bands + 4 * bands + 4 * 4 * inner
        self.initial_state = State((np.zeros(kept, np.float32),))

    def __call__(self, chunk: Floats, state: State, *, is_last: bool) -> tuple[Floats, State]:
        """chunk: (1, hidden, 1, T), with T at least 1. Raises ValueError for a first chunk that is too short."""
        frames = np.ascontiguousarray(chunk[0, :, 0].T, np.float32)
        made, state = in_blocks(self._mel, frames, state, MOST_FRAMES, is_last=is_last)
        return np.ascontiguousarray(made[:, : ACOUSTIC.n_mels].T)[None, :, None], state

    def _mel(self, frames: Floats, kept: Floats, is_first: bool, is_last: bool) -> Floats:
        """kept is changed into what the next chunk needs."""
        rows = len(frames) + HELD_FRAMES + AROUND
        wide, hidden, bands = self._widths
        mel = np.empty((rows, bands), np.float32)
        given, _room = rooms(*(rows * width + SLACK for width in (wide, wide, hidden, hidden, wide + PANEL)))
        edges = int(is_first), int(is_last)
        plan = ctypes.byref(self._plan)
        count = self._compiled.postnet(plan, at(frames), len(frames), *edges, at(kept), given, at(mel))
        if count < 0:
            raise ValueError(f"{len(frames)} frames are too few for a first chunk")
        return mel[:count]
