"""The vocoder as compiled code (`kernel/vocoder_layers.c`), where this installation and this processor have it.

A net like the others that stream: chunks in, samples out, and what each layer has seen as its state. A call lets other
threads run (ctypes releases the GIL); weights are only read.
"""

import ctypes
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.state import State

PANEL: Final = 48  # outputs whose weights lie together
LARGEST: Final = 4095  # of a column's integers
LARGEST_WEIGHT: Final = 2047
MOST_FRAMES: Final = 32  # at once

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]


class _Layer(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("weights", "scales", "bias")),
        *((name, ctypes.c_int32) for name in ("inputs", "outputs", "taps", "dilation")),
    )


class Layer:
    """A convolution's weights as the compiled code reads them."""

    def __init__(self, weight: Floats, bias: Floats, dilation: int = 1) -> None:
        """weight: (outputs, inputs, taps)."""
        outputs, inputs, taps = weight.shape
        largest = min(LARGEST_WEIGHT, (2**31 - 1) // (LARGEST * inputs))  # sums of a tap fit into 32 bits
        scales = np.maximum(np.abs(weight).max(axis=1), 1e-20) / largest  # (outputs, taps)
        integers = np.rint(weight / scales[:, None]).astype(np.int16)
        panels = integers.reshape(-1, PANEL, inputs // 2, 2, taps).transpose(0, 4, 2, 1, 3)
        self._arrays: tuple[NDArray[Any], ...] = (
            _aligned(panels),
            _by_panel(scales / LARGEST).astype(np.float32),
            np.ascontiguousarray(bias, np.float32),
        )
        pointers = (array.ctypes.data for array in self._arrays)
        self._layer = _Layer(*pointers, inputs, outputs, taps, dilation)
        self.reference = ctypes.byref(self._layer)
        self.inputs, self.outputs, self.span = inputs, outputs, (taps - 1) * dilation


def _by_panel(rows: NDArray[Any]) -> NDArray[Any]:
    """(outputs, taps) to (panels, taps, PANEL)."""
    return np.ascontiguousarray(rows.reshape(-1, PANEL, rows.shape[1]).transpose(0, 2, 1))


def _aligned(array: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same, flat, beginning with a cache line."""
    room = np.empty(array.size + 32, np.int16)
    aligned: NDArray[np.int16] = room[-(room.ctypes.data // 2) % 32 :][: array.size]
    aligned[:] = array.ravel()
    return aligned


class NativeVocoder:
    """The vocoder, as `StreamedNet` is called: mel (1, n_mels, 1, T) -> samples."""

    def __init__(self, weights: Weights) -> None:
        loaded = library.load()
        assert loaded is not None
        self._library = loaded

        def layer(name: str, dilation: int = 1) -> Layer:
            weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
            if name.endswith("shortcut"):  # of the unit's sum
                bias = bias + weights[f"{name.replace('shortcut', 'pointwise')}.bias"]
            return Layer(weight, bias, dilation)

        self._first = layer("conv_in")
        self._stages = []
        for stage, factor in enumerate(VOCODER.upsampling):
            rows = _phases_first(factor)
            up = f"up.{stage}"
            phased = Layer(rows(weights[f"{up}.weight"]), rows(weights[f"{up}.bias"]))
            units = [
                (layer(f"{name}.dilated", d), layer(f"{name}.pointwise"), layer(f"{name}.shortcut"), d)
                for d, name in ((d, f"stack.{stage}.{unit}") for unit, d in enumerate(VOCODER.dilations))
            ]
            self._stages.append((factor, phased, units))
        self._last = _Narrow(weights["conv_out.weight"], weights["conv_out.bias"])
        self._filterbank = _Narrow(weights["filterbank.weight"], np.zeros(VOCODER.bands, np.float32))
        widths = [VOCODER.n_mels]
        for (_, phased, units), width in zip(self._stages, VOCODER.channels[1:], strict=True):
            widths += [phased.inputs, *[width] * len(units)]
        widths += [VOCODER.channels[-1], VOCODER.bands]
        self.initial_state = State(tuple(np.zeros((0, width), np.float32) for width in widths))

    def __call__(self, chunk: Floats, state: State, *, is_last: bool) -> tuple[Floats, State]:
        """chunk: (1, n_mels, 1, T), with T at least 1."""
        mel, parts = np.ascontiguousarray(chunk[0, :, 0].T), []
        for start in range(0, len(mel), MOST_FRAMES):
            end = min(start + MOST_FRAMES, len(mel))
            run = _Run(state, is_last and end == len(mel))
            parts.append(self._samples(mel[start:end], run))
            state = State(tuple(run.kept), is_first=False)
        return parts[0] if len(parts) == 1 else np.concatenate(parts), state

    def _samples(self, mel: Floats, run: "_Run") -> Floats:
        x = self._convolve(self._first, run.window(mel, 3, 3, is_reflected=True), is_leaky=False)
        for factor, up, units in self._stages:
            x = self._convolve(up, run.window(x, 1, 1, kept=1), is_leaky=True).reshape(-1, up.outputs // factor)
            x = x[factor // 2 if run.is_first else 0 : len(x) - (factor - factor // 2 if run.is_last else 0)]
            for dilated, pointwise, shortcut, reach in units:
                around = run.window(x, reach, reach, is_reflected=True)
                x = self._unit(dilated, pointwise, shortcut, around)
        bands = np.tanh(self._narrow(self._last, run.window(x, 3, 3, is_reflected=True), is_leaky=True))
        span = VOCODER.filterbank_taps - 1
        phases = self._narrow(self._filterbank, run.window(bands, span // 2, span - span // 2), is_leaky=False)
        return phases.reshape(-1)

    def _convolve(self, layer: Layer, x: Floats, *, is_leaky: bool) -> Floats:
        count = len(x) - layer.span
        y = np.empty((count, layer.outputs), np.float32)
        room = np.empty(len(x) * (4 + 2 * layer.inputs), np.uint8)
        self._library.vocoder_convolve(layer.reference, _at(x), count, is_leaky, _at(y), _at(room))
        return y

    def _unit(self, dilated: Layer, pointwise: Layer, shortcut: Layer, x: Floats) -> Floats:
        count = len(x) - dilated.span
        y = np.empty((count, dilated.outputs), np.float32)
        room = np.empty(y.nbytes + len(x) * (4 + 4 * dilated.inputs), np.uint8)
        layers = (dilated.reference, pointwise.reference, shortcut.reference)
        self._library.vocoder_unit(*layers, _at(x), count, _at(y), _at(room))
        return y

    def _narrow(self, layer: "_Narrow", x: Floats, *, is_leaky: bool) -> Floats:
        count = len(x) - layer.span
        y = np.empty((count, VOCODER.bands), np.float32)
        bias, weights = _at(layer.bias), _at(layer.weight)
        self._library.vocoder_narrow(_at(x), weights, bias, count, layer.weight.shape[1], x.shape[1], is_leaky, _at(y))
        return y


class _Narrow:
    """A convolution of four outputs: windows of neighbouring floats times four rows."""

    def __init__(self, weight: Floats, bias: Floats) -> None:
        outputs, _, taps = weight.shape
        self.weight: Floats = np.ascontiguousarray(weight.transpose(0, 2, 1)).reshape(outputs, -1)
        self.bias, self.span = np.ascontiguousarray(bias), taps - 1


class _Run:
    """A chunk on its way through the layers: each takes what it has seen before, and leaves what it needs next."""

    def __init__(self, state: State, is_last: bool) -> None:
        self.is_first, self.is_last = state.is_first, is_last
        self._before = iter(state.layers)
        self.kept: list[Floats] = []

    def window(
        self, x: Floats, left: int, right: int, *, kept: int | None = None, is_reflected: bool = False
    ) -> Floats:
        """x (T, C) with what a layer sees around it; at the utterance's edges zeros, or x reflected."""
        around = np.concatenate([next(self._before), x])
        before, after = left * self.is_first, right * self.is_last
        if before or after:
            mode: Any = "reflect" if is_reflected else "constant"
            around = np.pad(around, ((before, after), (0, 0)), mode=mode)
        self.kept.append(around[len(around) - (left + right if kept is None else kept) :].copy())
        return around


def _phases_first(factor: int) -> Any:
    """Rows (channels * factor, ...) as (factor * channels, ...): a column of all phases is then as many columns."""

    def reordered(rows: Floats) -> Floats:
        return np.ascontiguousarray(rows.reshape(-1, factor, *rows.shape[1:]).swapaxes(0, 1)).reshape(rows.shape)

    return reordered


def _at(array: NDArray[Any]) -> int:
    return array.ctypes.data
