"""Gain, spectral tilt and breath on the samples, free to change in mid-clause, and a soft limit: nothing clips."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.audio.level import soft_limit
from tts_server.audio.spectral_tilt import EMPTY_HISTORY, TAPS, above_corner, breath_of, low_pass
from tts_server.engine import Samples
from tts_server.engines.baker.shape import VOCODER

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """What is done to each frame of a clause; between the middles of frames, values go in straight lines."""

    gain: Doubles  # (T,), factor
    high: Doubles  # (T,), factor on what is above the tilt's corner, less 1
    breath: Doubles  # (T,), factor on the noise

    @classmethod
    def of_decibels(cls, gain: Doubles, tilt: Doubles, breath: Doubles) -> "Curve":
        """All (T,); gain and tilt in dB, breath from 0 to 1."""
        return cls(10 ** (gain / 20), 10 ** (tilt / 20) - 1, breath)


__all__ = ["EMPTY_HISTORY", "Curve", "apply"]

_LOW_PASS: Final = low_pass(VOCODER.sample_rate)


def apply(curve: Curve, samples: Samples, first_sample: int, history: Samples) -> tuple[Samples, Samples]:
    """One chunk that begins at `first_sample` of its clause. Returns it changed, and the history for the next chunk."""
    joined = np.concatenate([history, samples])
    after = joined[len(joined) - TAPS + 1 :]
    if not (curve.high.any() or curve.breath.any()) and (curve.gain == 1).all():
        return soft_limit(samples), after
    shaped = samples.astype(np.float64)
    places = (np.arange(first_sample, first_sample + len(samples)) + 0.5) / VOCODER.hop_length - 0.5  # in frames
    if curve.high.any():
        shaped += above_corner(joined, _LOW_PASS) * _between_frames(curve.high, places)
    if curve.breath.any():
        shaped += breath_of(joined, first_sample, _LOW_PASS) * _between_frames(curve.breath, places)
    shaped *= _between_frames(curve.gain, places)
    return soft_limit(shaped.astype(np.float32)), after


def _between_frames(values: Doubles, places: Doubles) -> Doubles | float:
    """A clause said in one way has one value, and needs no line."""
    if (values == values[0]).all():
        return float(values[0])
    line: Doubles = np.interp(places, np.arange(len(values)), values)
    return line
