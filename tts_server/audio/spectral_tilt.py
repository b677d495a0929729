"""Gain, spectral tilt and breath (voice quality), changed on its samples. Any chunks give the same samples."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.audio.level import soft_limit
from tts_server.engine import Samples

TILT_CORNER: Final = 600.0  # Hz; a shelf from 1.5 kHz is not heard as a change of voice
TAPS: Final = 128  # of the low-pass's impulse response; at 24 kHz what is cut off is below 1e-8
BREATH: Final = 0.16  # of the voice's own waveform, as noise above the corner, at full breath

Doubles = NDArray[np.float64]

EMPTY_HISTORY: Final = np.zeros(TAPS - 1, np.float32)
_NOISE: Final = np.random.RandomState(7).standard_normal(1 << 16).astype(np.float32)  # its stream is frozen by numpy


def low_pass(sample_rate: int) -> Doubles:
    """The impulse response (TAPS,) of a first-order low-pass at the corner, unity gain at 0 Hz."""
    decay = np.exp(-2 * np.pi * TILT_CORNER / sample_rate)
    taps: Doubles = decay ** np.arange(TAPS)
    taps /= taps.sum()
    return taps


def above_corner(joined: Samples, taps: Doubles) -> Doubles:
    """What is above the corner, of samples that follow TAPS - 1 earlier ones: (TAPS - 1 + N,) to (N,)."""
    values = joined.astype(np.float64)
    high: Doubles = values[TAPS - 1 :] - np.convolve(values, taps, "valid")
    return high


def breath_of(joined: Samples, first_sample: int, taps: Doubles) -> Doubles:
    """Noise that swells with each period of the voice, as breath through an open glottis does: (TAPS - 1 + N,) to (N,).

    first_sample: where the N samples begin in the stream.
    """
    at = np.arange(first_sample - TAPS + 1, first_sample - TAPS + 1 + len(joined))
    return above_corner(joined * _NOISE[at % len(_NOISE)], taps) * BREATH


class SpectralTilt:
    """One spectral tilt for a whole stream."""

    def __init__(self, sample_rate: int, gain_db: float, tilt_db: float, breath: float) -> None:
        """tilt_db: gain above the corner; breath: 0 to 1."""
        self._taps = low_pass(sample_rate)
        self._gain = 10 ** (gain_db / 20)
        self._high = 10 ** (tilt_db / 20) - 1
        self._breath = breath
        self._history = EMPTY_HISTORY
        self._position = 0

    def feed(self, samples: Samples) -> Samples:
        """The next chunk, changed; it never clips."""
        if not len(samples):
            return samples
        joined = np.concatenate([self._history, samples])
        shaped = samples.astype(np.float64)
        if self._high:
            shaped += above_corner(joined, self._taps) * self._high
        if self._breath:
            shaped += breath_of(joined, self._position, self._taps) * self._breath
        self._history = joined[len(joined) - TAPS + 1 :]
        self._position += len(samples)
        return soft_limit((shaped * self._gain).astype(np.float32))
