"""The vocoder as compiled code (`kernel/vocoder_layers.c`), where this installation and this processor have it.

A net like the others that stream: chunks in, samples out, and what each layer has seen as its state. A call lets other
threads run (ctypes releases the GIL); weights are only read.
"""

import ctypes
from collections.abc import Mapping
from typing import Final

import numpy as np

from tts_server.engines.baker.kernel.layer import Entry, Floats, Layer, at, rooms
from tts_server.engines.baker.kernel.library import Layers
from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.state import State, in_blocks

MOST_FRAMES: Final = 32  # at once: what is made of more is further away from the processor
HELD_FRAMES: Final = 22  # at most, that wait for what comes after them
SLACK: Final = 1024  # floats of a room, beside its window
NARROW_REACH: Final = 3

Weights = Mapping[str, Floats]


class _Narrow(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("weights", "bias")),
        *((name, ctypes.c_int32) for name in ("width", "step")),
    )


class _Plan(ctypes.Structure):
    _fields_ = (
        ("layers", ctypes.POINTER(Entry)),
        ("factors", ctypes.POINTER(ctypes.c_int32)),
        *((name, _Narrow) for name in ("last", "filterbank")),
        *((name, ctypes.c_int32) for name in ("stages", "units")),
    )


class NativeVocoder:
    """The vocoder, as `StreamedNet` is called: mel (1, n_mels, 1, T) -> samples."""

    def __init__(self, weights: Weights, compiled: Layers, *, is_rounded: bool) -> None:
        """is_rounded: multiply integers of 16 bits, else floats."""
        self._compiled = compiled
        in_a_word = 2 if is_rounded else 1

        def layer(name: str, dilation: int = 1) -> Layer:
            weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
            if name.endswith("shortcut"):  # of the unit's sum
                bias = bias + weights[f"{name.replace('shortcut', 'pointwise')}.bias"]
            return Layer(weight, bias, dilation, in_a_word=in_a_word)

        self._layers = [layer("conv_in")]
        for stage, factor in enumerate(VOCODER.upsampling):
            weight, bias = (_phases_first(weights[f"up.{stage}.{part}"], factor) for part in ("weight", "bias"))
            self._layers.append(Layer(weight, bias, in_a_word=in_a_word))
            for unit, dilation in enumerate(VOCODER.dilations):
                name = f"stack.{stage}.{unit}"
                self._layers += [
                    layer(f"{name}.dilated", dilation),
                    *map(layer, (f"{name}.pointwise", f"{name}.shortcut")),
                ]
        self._narrow = [
            _window_first(weights["conv_out.weight"]),
            weights["conv_out.bias"],
            _window_first(weights["filterbank.weight"]),
            np.zeros(VOCODER.bands, np.float32),
        ]
        last, filterbank = (
            _Narrow(at(weight), at(bias), weight.shape[1], step)
            for weight, bias, step in zip(
                self._narrow[::2], self._narrow[1::2], (VOCODER.channels[-1], VOCODER.bands), strict=True
            )
        )
        entries = (Entry * len(self._layers))(*(layer.entry for layer in self._layers))
        factors = (ctypes.c_int32 * len(VOCODER.upsampling))(*VOCODER.upsampling)
        self._plan = _Plan(entries, factors, last, filterbank, len(factors), len(VOCODER.dilations))
        self.initial_state = State((np.zeros(_kept_floats(), np.float32),))

    def __call__(self, chunk: Floats, state: State, *, is_last: bool) -> tuple[Floats, State]:
        """chunk: (1, n_mels, 1, T), with T at least 1. Raises ValueError for a first chunk that is too short."""
        mel = np.ascontiguousarray(chunk[0, :, 0].T, np.float32)
        return in_blocks(self._samples, mel, state, MOST_FRAMES, is_last=is_last)

    def _samples(self, mel: Floats, kept: Floats, is_first: bool, is_last: bool) -> Floats:
        """kept is changed into what the next chunk needs."""
        frames = len(mel) + (HELD_FRAMES if is_last else 2)
        samples = np.empty(frames * VOCODER.hop_length, np.float32)
        window = _window_floats(frames)
        given, _room = rooms(window, window, 2 * window + window // 8)
        edges = int(is_first), int(is_last)
        plan = ctypes.byref(self._plan)
        count = self._compiled.vocoder(plan, at(mel), len(mel), *edges, at(kept), given, at(samples))
        if count < 0:
            raise ValueError(f"{len(mel)} frames are too few for a first chunk")
        return samples[:count]


def _kept_floats() -> int:
    """What all layers see of a chunk, for the next one."""
    before, *later = VOCODER.channels
    seen = 2 * NARROW_REACH * VOCODER.n_mels + before + sum(later[:-1])
    seen += sum(2 * reach * width for width in later for reach in VOCODER.dilations)
    return seen + 2 * NARROW_REACH * later[-1] + (VOCODER.filterbank_taps - 1) * VOCODER.bands


def _window_floats(frames: int) -> int:
    """Of the largest signal with what a layer sees around it."""
    widest, rate = VOCODER.channels[0], 1
    for factor, channels in zip(VOCODER.upsampling, VOCODER.channels[1:], strict=True):
        rate *= factor
        widest = max(widest, rate * channels)
    return frames * widest + 4 * max(VOCODER.dilations) * VOCODER.channels[1] + SLACK


def _window_first(weight: Floats) -> Floats:
    """(outputs, inputs, taps) to (outputs, taps * inputs): neighbouring columns are neighbouring floats."""
    return np.ascontiguousarray(weight.transpose(0, 2, 1)).reshape(len(weight), -1)


def _phases_first(rows: Floats, factor: int) -> Floats:
    """Rows (channels * factor, ...) as (factor * channels, ...): a column of all phases is then as many columns."""
    return np.ascontiguousarray(rows.reshape(-1, factor, *rows.shape[1:]).swapaxes(0, 1)).reshape(rows.shape)
