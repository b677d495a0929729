"""What of an emotion can be measured in a recording: pitch, range, rate, level, tilt, final rise, quality.

Runs in the environment of requirements/emotion.txt; knows nothing of the program that spoke.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import parselmouth
import soundfile
import soxr

FLOOR_HZ, CEILING_HZ = 90.0, 600.0
STEP_S = 0.01
SILENCE_DB = -35.0  # below the loudest frame
FINAL_S = 0.15  # of voiced speech, at the end
BODY = (0.1, 0.7)  # of the voiced frames: what the end is compared with
MOS_RATE = 16000


@dataclass(frozen=True)
class Measured:
    """One recording. Pitch in semitones above 100 Hz."""

    f0: float  # mean
    f0_range: float  # 5th to 95th percentile
    f0_deviation: float  # standard deviation
    seconds: float  # first to last sound
    level: float  # dB, of the frames that are not silent
    tilt: float  # dB: energy of 1 to 5 kHz over that below 1 kHz
    final: float  # semitones: the end of the sentence over its body
    peak: float


def measure(path: Path) -> Measured:
    """Listen to one WAV."""
    samples, rate = soundfile.read(path)
    sound = parselmouth.Sound(samples, rate)
    times, st = contour(sound)
    loud = _loud_frames(samples, rate)
    return Measured(
        f0=float(st.mean()),
        f0_range=float(np.percentile(st, 95) - np.percentile(st, 5)),
        f0_deviation=float(st.std()),
        seconds=(loud[-1] - loud[0] + 1) * STEP_S,
        level=_level(samples, rate, loud),
        tilt=_tilt(samples, rate),
        final=_final(times, st),
        peak=float(np.abs(samples).max()),
    )


def contour(sound: parselmouth.Sound) -> tuple[np.ndarray, np.ndarray]:
    """Times in seconds and pitch in semitones above 100 Hz, of the voiced frames."""
    pitch = sound.to_pitch_ac(time_step=STEP_S, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ)
    hertz = pitch.selected_array["frequency"]
    voiced = hertz > 0
    return pitch.xs()[voiced], 12 * np.log2(hertz[voiced] / 100)


def load_quality() -> Callable[[Path], float]:
    """A predictor of the mean opinion score (DistillMOS), without the packages that it imports and does not use."""
    sys.modules.setdefault("torchaudio", ModuleType("torchaudio"))
    import distillmos
    import torch

    torch.set_num_threads(1)
    model: Any = distillmos.ConvTransformerSQAModel()
    model.eval()

    def quality(path: Path) -> float:
        samples, rate = soundfile.read(path, dtype="float32")
        heard = soxr.resample(samples, rate, MOS_RATE).astype(np.float32)
        with torch.no_grad():
            return float(model(torch.from_numpy(heard)[None]))

    return quality


def _loud_frames(samples: np.ndarray, rate: int) -> np.ndarray:
    """Indices of the frames that are heard."""
    size = round(STEP_S * rate)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    power = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return np.flatnonzero(power > power.max() + SILENCE_DB)


def _level(samples: np.ndarray, rate: int, loud: np.ndarray) -> float:
    size = round(STEP_S * rate)
    frames = samples[: len(samples) // size * size].reshape(-1, size)[loud]
    return float(10 * np.log10(np.mean(frames**2)))


def _tilt(samples: np.ndarray, rate: int) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    low, high = power[(hertz > 80) & (hertz < 1000)].sum(), power[(hertz >= 1000) & (hertz < 5000)].sum()
    return float(10 * np.log10(high / low))


def _final(times: np.ndarray, st: np.ndarray) -> float:
    end = st[-round(FINAL_S / STEP_S) :]
    first, last = (round(part * len(st)) for part in BODY)
    return float(np.median(end[len(end) // 2 :]) - st[first:last].mean())
