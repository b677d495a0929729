"""What of a recording can be measured: how its clauses end, its pitch at the end, loudness, pauses."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import parselmouth
import pyloudnorm
from numpy.typing import NDArray

Samples = NDArray[np.float64]

FRAME_S: Final = 0.0125
PAUSE_S: Final = 0.02  # of zeros: the engine's own silence
FLOOR_HZ, CEILING_HZ = 75.0, 600.0
HEARD_DB: Final = -25.0  # below the loudest frame
END_S: Final = 0.4


@dataclass(frozen=True)
class Figures:
    """Of one recording. Pitch in semitones above 100 Hz."""

    seconds: float
    lufs: float
    cut_db: float  # the loudest last 12.5 ms before a silence, below the loudest frame
    final_st: float  # median of the last fifth of the voiced frames
    end_db: float  # level of the last 0.4 s that are heard
    pauses_s: float  # zeros between sounds


def figures(samples: Samples, rate: int) -> Figures:
    """Measure one recording that has sound in it."""
    levels = frame_levels(samples, rate)
    sounds = spans_of_sound(samples, rate)
    size = round(FRAME_S * rate)
    loudest = 10 ** (levels.max() / 20)
    cuts = [_db(np.sqrt(np.mean(samples[max(0, end - size) : end] ** 2)) / loudest) for _, end in sounds]
    heard = np.flatnonzero(levels > levels.max() + HEARD_DB)
    last = samples[max(0, (heard[-1] + 1) * size - round(END_S * rate)) : (heard[-1] + 1) * size]
    voiced = contour(samples, rate)[1]
    return Figures(
        seconds=len(samples) / rate,
        lufs=float(pyloudnorm.Meter(rate).integrated_loudness(samples)),
        cut_db=max(cuts),
        final_st=float(np.median(voiced[-max(1, len(voiced) // 5) :])),
        end_db=_db(np.sqrt(np.mean(last**2))),
        pauses_s=sum(start - end for (_, end), (start, _) in pairwise(sounds)) / rate,
    )


def contour(samples: Samples, rate: int) -> tuple[Samples, Samples]:
    """Times and pitch of the voiced frames."""
    pitch = parselmouth.Sound(samples, rate).to_pitch_ac(
        time_step=0.005, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ
    )
    hertz = pitch.selected_array["frequency"]
    return pitch.xs()[hertz > 0], 12 * np.log2(hertz[hertz > 0] / 100)


def frame_levels(samples: Samples, rate: int) -> Samples:
    """dB of each frame."""
    size = round(FRAME_S * rate)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    levels: Samples = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return levels


def spans_of_sound(samples: Samples, rate: int) -> list[tuple[int, int]]:
    """Where there is sound, between stretches of zeros."""
    sound = np.flatnonzero(samples)
    parts = np.split(sound, np.flatnonzero(np.diff(sound) > PAUSE_S * rate) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


def _db(value: float) -> float:
    return float(20 * np.log10(max(value, 1e-6)))
