"""A convolution's weights as the compiled code reads them, and rooms for it to work in."""

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

PANEL: Final = 48  # outputs whose weights lie together
LARGEST: Final = {2: 4095, 4: 127}  # of a column's integers, by how many of them a word holds
LARGEST_WEIGHT: Final = {2: 2047, 4: 127}
ZERO_BYTE: Final = 128  # what a column's bytes are too large by
CACHE_LINE: Final = 64

Floats = NDArray[np.float32]


class Entry(ctypes.Structure):
    """`Layer` of `vocoder_layers.h`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("weights", "scales", "zeros", "bias", "balance")),
        *((name, ctypes.c_int32) for name in ("inputs", "outputs", "taps", "dilation", "in_a_word")),
    )


class Layer:
    """Weights as integers of 12 bits (two in a word) or of 8 (four), or as floats (one)."""

    def __init__(
        self, weight: Floats, bias: Floats, dilation: int = 1, *, in_a_word: int, balance: Floats | None = None
    ) -> None:
        """weight: (outputs, inputs, taps). balance: (inputs), what inputs are multiplied by before they are rounded."""
        outputs, inputs, taps = weight.shape
        if balance is not None:
            weight = weight / balance[:, None]
        arrays = [_by_panel(weight, 1), None, None] if in_a_word == 1 else _rounded(weight, in_a_word)
        self._arrays = [None if array is None else aligned(array) for array in (*arrays, bias, balance)]
        pointers = (None if array is None else at(array) for array in self._arrays)
        self.entry = Entry(*pointers, inputs, outputs, taps, dilation, in_a_word)


def padded(weight: Floats, bias: Floats, inputs: int) -> tuple[Floats, Floats]:
    """Outputs filled up to whole panels and inputs to so many, with weights of zero."""
    more = -len(weight) % PANEL
    return np.pad(weight, ((0, more), (0, inputs - weight.shape[1]), (0, 0))), np.pad(bias, (0, more))


def rooms(*floats: int) -> tuple[Any, Floats]:
    """Pointers to as many rooms, each beginning with a cache line, and what holds them."""
    sizes = [-(-size * 4 // CACHE_LINE) * CACHE_LINE for size in floats]
    room = np.empty(sum(sizes) // 4 + CACHE_LINE, np.float32)
    start = at(room) + -at(room) % CACHE_LINE
    return (ctypes.c_void_p * len(sizes))(*(start + sum(sizes[:index]) for index in range(len(sizes)))), room


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """The same, flat, beginning with a cache line."""
    room = np.empty(array.nbytes + CACHE_LINE, np.uint8)
    found: NDArray[Any] = room[-at(room) % CACHE_LINE :][: array.nbytes].view(array.dtype)
    found[:] = array.ravel()
    return found


def at(array: NDArray[Any]) -> int:
    """Where it lies."""
    return array.ctypes.data


def _rounded(weight: Floats, in_a_word: int) -> list[NDArray[Any] | None]:
    """The weights as integers by panel; the scales of their sums, (panels, taps, PANEL); and, of bytes,
    what their sums begin with.
    """
    _, inputs, taps = weight.shape
    largest = min(LARGEST_WEIGHT[in_a_word], (2**31 - 1) // (LARGEST[in_a_word] * inputs))  # sums fit into 32 bits
    scales = np.maximum(np.abs(weight).max(axis=1), 1e-20) / largest  # (outputs, taps)
    integers = np.rint(weight / scales[:, None]).astype(np.int8 if in_a_word == 4 else np.int16)
    zeros = -ZERO_BYTE * integers.sum(axis=1, dtype=np.int32)

    def by_panel(values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(-1, PANEL, taps).transpose(0, 2, 1)

    by = by_panel(scales / LARGEST[in_a_word]).astype(np.float32)
    return [_by_panel(integers, in_a_word), by, by_panel(zeros) if in_a_word == 4 else None]


def _by_panel(weight: NDArray[Any], in_a_word: int) -> NDArray[Any]:
    """(outputs, inputs, taps) to (panels, taps, words, PANEL, inputs in a word)."""
    _, inputs, taps = weight.shape
    return weight.reshape(-1, PANEL, inputs // in_a_word, in_a_word, taps).transpose(0, 4, 2, 1, 3)
