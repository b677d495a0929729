"""How loud speech is, and making one voice as loud as another."""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from tts_server.engine import AudioChunk, Samples

FRAME_S: Final = 0.020
HOP_S: Final = 0.010
FLOOR_DBFS: Final = -55.0  # frames below are silence whatever the voice
MARGIN_DB: Final = 15.9  # frames that far below the mean are pauses, as in ITU-T P.56
KNEE: Final = 0.8  # of full scale; speech below it passes unchanged


def active_level_dbfs(samples: Samples, sample_rate: int) -> float:
    """RMS of the active speech in samples (N,), dB re full scale; -inf when there is none.

    Active frames (20 ms every 10 ms) are above -55 dBFS and within 15.9 dB of the mean of those: pauses do not count.
    """
    frame, hop = round(FRAME_S * sample_rate), round(HOP_S * sample_rate)
    if len(samples) < frame:
        return -np.inf
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), frame)[::hop]
    power = np.mean(frames * frames, axis=1)
    power = power[power > 10 ** (FLOOR_DBFS / 10)]
    if not len(power):
        return -np.inf
    active = power[power > np.mean(power) * 10 ** (-MARGIN_DB / 10)]
    return float(10 * np.log10(np.mean(active)))


def soft_limit(samples: Samples) -> Samples:
    """Bend what exceeds 0.8 so that it stays within -1..1. Without memory: it cannot pump, and delays nothing."""
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
