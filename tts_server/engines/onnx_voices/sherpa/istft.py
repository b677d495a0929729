"""The end of a Vocos vocoder: its graph gives magnitudes and phases of frames, which are put together here."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Samples

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Istft:
    """Sizes in samples."""

    n_fft: int
    hop_length: int
    win_length: int
    is_centred: bool

    @classmethod
    def of(cls, told: Mapping[str, str]) -> "Istft":
        """From a graph's metadata. Raises ValueError."""
        made = cls(
            int(told.get("n_fft", 1024)),
            int(told.get("hop_length", 256)),
            int(told.get("win_length", told.get("n_fft", 1024))),
            told.get("center", "1") != "0",
        )
        if not 16 <= made.n_fft <= 8192 or not 1 <= made.hop_length <= made.n_fft or made.win_length > made.n_fft:
            raise ValueError(f"no transform has the sizes {made.n_fft}, {made.hop_length}, {made.win_length}")
        return made

    def samples(self, magnitude: Floats, real: Floats, imaginary: Floats) -> Samples:
        """Of (1, n_fft / 2 + 1, T) each: overlap-add with the window's square undone."""
        spectrum = (magnitude * (real + 1j * imaginary))[0]
        window = np.zeros(self.n_fft)
        left = (self.n_fft - self.win_length) // 2
        window[left : left + self.win_length] = np.hanning(self.win_length + 1)[:-1]
        frames = np.fft.irfft(spectrum.T, self.n_fft) * window
        total = self.hop_length * (len(frames) - 1) + self.n_fft
        made, weight = np.zeros(total), np.zeros(total)
        for index, frame in enumerate(frames):
            start = index * self.hop_length
            made[start : start + self.n_fft] += frame
            weight[start : start + self.n_fft] += window**2
        cut = self.n_fft // 2 if self.is_centred else 0
        samples: Samples = (made / np.maximum(weight, 1e-8))[cut : total - cut].astype(np.float32)
        return samples
