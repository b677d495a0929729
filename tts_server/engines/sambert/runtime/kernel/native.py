"""The decoder's steps as compiled code (`decoder_steps.c`), where this installation has it. See `decoder.py`.

The structures are those of `decoder_steps.h`. A call lets other threads run (ctypes releases the GIL); each stream has
a state of its own, and the weights are only read.
"""

import ctypes
import logging
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.sambert.packs.shape import NORM_EPS, AcousticShape

log = logging.getLogger(__name__)

LIBRARY: Final = Path(__file__).with_name("decoder_steps.so")
PANEL: Final = 64  # outputs whose weights lie together
LANES: Final = 16  # of the widest vectors: rings are padded to a multiple
HIDDEN: Final = -1e30

Floats = NDArray[np.float32]


class _Matrix(ctypes.Structure):
    _fields_ = (("weights", ctypes.c_void_p), ("inputs", ctypes.c_int32), ("outputs", ctypes.c_int32))


class _Plan(ctypes.Structure):
    _fields_ = (
        ("matrices", ctypes.POINTER(_Matrix)),
        *((name, ctypes.c_int32) for name in ("prenet", "layers", "heads", "units", "inner", "n_mels", "outputs")),
        *((name, ctypes.c_int32) for name in ("widest", "is_half")),
        ("epsilon", ctypes.c_float),
    )


class _State(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("keys", "values", "hidden", "scratch", "rows")),
        *((name, ctypes.c_int32) for name in ("width", "places")),
    )


@cache
def library() -> ctypes.CDLL | None:
    """The compiled code, or None where it was not built or cannot be loaded."""
    try:
        loaded = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        log.info("Sambert's decoder runs without compiled code: %s", error)
        return None
    loaded.decoder_name.restype = ctypes.c_char_p
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    loaded.decoder_enter.argtypes = (pointer, pointer, integer, pointer)
    loaded.decoder_run.argtypes = (pointer, pointer, integer, integer, pointer, pointer, pointer, integer, pointer)
    return loaded


def name() -> str:
    """What the compiled code uses of this processor, "" where there is none."""
    loaded = library()
    return "" if loaded is None else str(loaded.decoder_name().decode("ascii"))


class NativeWeights:
    """A voice's matrices as the compiled code reads them; shared by its streams."""

    def __init__(self, matrices: Mapping[str, Floats], shape: AcousticShape, *, is_half: bool = False) -> None:
        """is_half: keep them as bfloat16, half the memory and half the reading."""
        self.shape = shape
        packed = [panels(matrix, is_half).ravel() for matrix in matrices.values()]
        self._words = _aligned(packed)
        ends = np.cumsum([len(words) for words in packed]) * self._words.itemsize
        starts = [self._words.ctypes.data, *(self._words.ctypes.data + int(end) for end in ends)]
        sizes = [matrix.shape for matrix in matrices.values()]
        entries = [_Matrix(at, rows - 1, outputs) for at, (rows, outputs) in zip(starts, sizes, strict=False)]
        self._matrices = (_Matrix * len(entries))(*entries)
        widths = [*(width for matrix in matrices.values() for width in matrix.shape)]
        self.widest = -(-max(widths) // PANEL) * PANEL
        prenet = len(shape.decoder_prenet_units) + 1
        lengths = (shape.decoder_num_heads, shape.decoder_num_units, shape.decoder_ffn_inner_dim, shape.num_mels)
        self.outputs = shape.outputs_per_step * shape.num_mels
        counts = (prenet, shape.decoder_num_layers, *lengths, self.outputs, self.widest, int(is_half))
        self.plan = _Plan(self._matrices, *counts, NORM_EPS)


def _aligned(parts: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """One after the other, in one piece that begins with a cache line: the system backs it with large pages."""
    count = sum(map(len, parts))
    room = np.empty(count + LANES, np.uint32)
    aligned: NDArray[np.uint32] = room[-(room.ctypes.data // room.itemsize) % LANES :][:count]
    return np.concatenate(parts, out=aligned)


def panels(matrix: Floats, is_half: bool) -> NDArray[np.uint32]:
    """(inputs + 1, outputs) -> (panels, inputs + 1, PANEL) floats as words, or half as many words of two bf16 each."""
    rows, outputs = matrix.shape
    padded = np.pad(matrix, ((0, 0), (0, -outputs % PANEL)))
    bits = np.ascontiguousarray(padded.reshape(rows, -1, PANEL).transpose(1, 0, 2)).view(np.uint32)
    if not is_half:
        return bits
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16  # to the nearest, ties to even
    return np.asarray(rounded[..., : PANEL // 2] | rounded[..., PANEL // 2 :] << 16, np.uint32)


class NativeSteps:
    """One stream's steps; a `StepKernel`."""

    def __init__(self, weights: NativeWeights, width: int) -> None:
        """width: places of a ring."""
        loaded = library()
        assert loaded is not None
        self._library, self._weights = loaded, weights
        shape = weights.shape
        units, layers, places = shape.decoder_num_units, shape.decoder_num_layers, -(-width // LANES) * LANES
        scratch = 2 * weights.widest + 10 * (units + PANEL) + shape.decoder_ffn_inner_dim + places + PANEL
        self._arrays: Sequence[NDArray[np.float32] | NDArray[np.int32]] = (
            np.zeros((layers, 2, units, places), np.float32),
            np.zeros((layers, 2, width, units), np.float32),
            np.full((2, places), HIDDEN, np.float32),
            np.zeros(scratch, np.float32),
            np.zeros(weights.widest, np.int32),
        )
        self._state = _State(*(array.ctypes.data for array in self._arrays), width, places)
        self._references = ctypes.byref(weights.plan), ctypes.byref(self._state)

    def enter(self, slot: int, row: Floats) -> None:
        """See `StepKernel`."""
        row = np.ascontiguousarray(row)
        self._library.decoder_enter(*self._references, slot, row.ctypes.data)

    def run(self, first: int, frame: Floats, given: Floats, entering: Floats) -> Floats:
        """See `StepKernel`."""
        frame, given, entering = (np.ascontiguousarray(array) for array in (frame, given, entering))
        frames: Floats = np.empty((len(given), self._weights.outputs), np.float32)
        self._library.decoder_run(
            *self._references, first, len(given), frame.ctypes.data, given.ctypes.data,
            entering.ctypes.data, len(entering), frames.ctypes.data,
        )  # fmt: skip
        return frames
