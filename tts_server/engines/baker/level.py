"""Gain and spectral tilt on the samples, both free to change in mid-clause, and a soft limit so that nothing clips."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.audio.level import soft_limit
from tts_server.engine import Samples
from tts_server.engines.baker.shape import VOCODER

TILT_CORNER: Final = 600.0  # Hz; a shelf from 1.5 kHz is not heard as a change of voice
TAPS: Final = 128  # of the low-pass's impulse response; what is cut off is below 1e-8

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """What is done to each frame of a clause; between the middles of frames, values go in straight lines."""

    gain: Doubles  # (T,), factor
    high: Doubles  # (T,), factor on what is above the tilt's corner, less 1

    @classmethod
    def of_decibels(cls, gain: Doubles, tilt: Doubles) -> "Curve":
        """Both (T,), dB."""
        return cls(10 ** (gain / 20), 10 ** (tilt / 20) - 1)


EMPTY_HISTORY: Final = np.zeros(TAPS - 1, np.float32)


def apply(curve: Curve, samples: Samples, first_sample: int, history: Samples) -> tuple[Samples, Samples]:
    """One chunk that begins at `first_sample` of its clause. Returns it changed, and the history for the next chunk."""
    joined = np.concatenate([history, samples])
    shaped = samples.astype(np.float64)
    places = (np.arange(first_sample, first_sample + len(samples)) + 0.5) / VOCODER.hop_length - 0.5  # in frames
    if curve.high.any():
        high = shaped - np.convolve(joined.astype(np.float64), _LOW_PASS, "valid")
        shaped += high * _between_frames(curve.high, places)
    shaped *= _between_frames(curve.gain, places)
    return soft_limit(shaped.astype(np.float32)), joined[len(joined) - TAPS + 1 :]


def _between_frames(values: Doubles, places: Doubles) -> Doubles | float:
    """A clause said in one way has one value, and needs no line."""
    if (values == values[0]).all():
        return float(values[0])
    line: Doubles = np.interp(places, np.arange(len(values)), values)
    return line


def _low_pass() -> Doubles:
    """The impulse response of a first-order low-pass, unity gain at 0 Hz."""
    decay = np.exp(-2 * np.pi * TILT_CORNER / VOCODER.sample_rate)
    taps: Doubles = decay ** np.arange(TAPS)
    taps /= taps.sum()
    return taps


_LOW_PASS: Final = _low_pass()
