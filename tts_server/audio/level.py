"""How loud speech is, and making one voice as loud as another."""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import AudioChunk, Samples

FRAME_S: Final = 0.020
FLOOR_DBFS: Final = -55.0  # frames below are silence whatever the voice
MARGIN_DB: Final = 15.9  # frames that far below the mean are pauses, as in ITU-T P.56
KNEE: Final = 0.8  # of full scale; speech below it passes unchanged


class LevelMeter:
    """How loud the speech heard so far is, pauses left out.

    Active frames (20 ms) are above -55 dBFS and within 15.9 dB of the mean of those. Keeps one number a frame.
    """

    def __init__(self, sample_rate: int) -> None:
        self._frame = round(FRAME_S * sample_rate)
        self._rest = np.zeros(0, np.float32)  # less than a frame
        self._powers: list[float] = []

    def feed(self, samples: Samples) -> None:
        """Hear samples (N,)."""
        samples = np.concatenate([self._rest, samples])
        count = len(samples) // self._frame
        frames = samples[: count * self._frame].astype(np.float64).reshape(count, self._frame)
        self._powers += np.mean(frames * frames, axis=1).tolist()
        self._rest = samples[count * self._frame :]

    @property
    def active_s(self) -> float:
        """Seconds of active speech."""
        return len(self._active()) * FRAME_S

    @property
    def level_dbfs(self) -> float:
        """RMS of the active speech, dB re full scale; -inf when there is none."""
        active = self._active()
        return float(10 * np.log10(np.mean(active))) if len(active) else -np.inf

    def _active(self) -> NDArray[np.float64]:
        powers = np.asarray(self._powers)
        powers = powers[powers > 10 ** (FLOOR_DBFS / 10)]
        return powers[powers > np.mean(powers) * 10 ** (-MARGIN_DB / 10)] if len(powers) else powers


def active_level_dbfs(samples: Samples, sample_rate: int) -> float:
    """What a LevelMeter says of samples (N,)."""
    meter = LevelMeter(sample_rate)
    meter.feed(samples)
    return meter.level_dbfs


def soft_limit(samples: Samples) -> Samples:
    """Bend what exceeds 0.8 so that it stays below 1. No memory: it cannot pump, and delays nothing."""
    size = np.abs(samples)
    if not len(samples) or float(size.max()) <= KNEE:
        return samples
    bent = KNEE + (1 - KNEE) * np.tanh((size - KNEE) / (1 - KNEE))
    return np.where(size > KNEE, np.copysign(bent, samples), samples).astype(np.float32)


def match_level(chunks: Iterable[AudioChunk], gain_db: float) -> Generator[AudioChunk]:
    """The same audio, louder by gain_db and soft-limited. No delay."""
    factor = np.float32(10 ** (gain_db / 20))
    for chunk in chunks:
        yield replace(chunk, samples=soft_limit(chunk.samples * factor))
