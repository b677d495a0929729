"""The source of NSF voices, streamed: sines at f0 and its harmonics where there is voice, noise elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engines.sambert.packs.shape import VOICED

SINE_LEVEL: Final = 0.1
NOISE_LEVEL: Final = 0.003  # of the noise where there is voice
SEED: Final = 20_230_614  # so that a text always sounds the same

Floats = NDArray[np.float32]
Noise = Callable[[int], Floats]  # samples -> the next (harmonics, samples) of a noise with a deviation of NOISE_LEVEL


@dataclass(slots=True)
class Source:
    """Where a stream's source stands: it is fed in order, and any chunks give the same samples."""

    phase: Floats  # (harmonics, 1), where the sines began
    noise: Noise
    sample_rate: int
    hop_length: int
    _turns: NDArray[np.float64] | float = 0.0  # (harmonics, 1), turns made so far

    def make(self, f0: Floats, uv: Floats) -> Floats:
        """f0 (Hz) and uv of the next frames, (T,). Returns (harmonics, T * hop_length)."""
        multiples = np.arange(1, len(self.phase) + 1, dtype=np.float32)[:, None]
        increments = np.repeat(f0, self.hop_length) * multiples / np.float32(self.sample_rate)
        # the sum runs in float64 and is rounded to float32 before whole turns are taken out, as published
        turns = self._turns + np.cumsum(increments, axis=1, dtype=np.float64)
        self._turns = turns[:, -1:]
        angles = np.float32(2 * np.pi) * (turns.astype(np.float32) % np.float32(1)) + self.phase
        noise = self.noise(increments.shape[1])
        voiced = np.repeat(uv >= VOICED, self.hop_length)
        sines = np.float32(SINE_LEVEL) * np.sin(angles) + noise
        return np.where(voiced, sines, np.float32(SINE_LEVEL / 3 / NOISE_LEVEL) * noise).astype(np.float32)


def seeded_source(harmonics: int, sample_rate: int, hop_length: int, seed: int = SEED) -> Source:
    """The first harmonic begins at phase 0, the others anywhere."""
    random = np.random.Generator(np.random.PCG64(seed))
    phase = random.uniform(-np.pi, np.pi, (harmonics, 1)).astype(np.float32)
    phase[0] = 0

    def noise(samples: int) -> Floats:
        # sample after sample, so that the cuts between chunks do not matter
        values = random.standard_normal((samples, harmonics), dtype=np.float32)
        return np.float32(NOISE_LEVEL) * np.ascontiguousarray(values.T)

    return Source(phase, noise, sample_rate, hop_length)


def given_source(phase: Floats, noise: Floats, sample_rate: int, hop_length: int) -> Source:
    """With phase (harmonics, 1) and noise (harmonics, N) known beforehand."""
    position = 0

    def take(samples: int) -> Floats:
        nonlocal position
        position += samples
        return noise[:, position - samples : position]

    return Source(phase, take, sample_rate, hop_length)
