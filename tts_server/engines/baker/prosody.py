"""How something is said, as changes to what the acoustic model predicts for each unit, and to the samples.

F0 is moved in semitones about the clause's mean, since a Mandarin tone is a contour: register, range and final ramp
change, the contours stay. The presets follow the literature in direction (arousal raises register and rate, sadness
lowers and slows) and were tuned by measurement; an intensity scales all of a preset's values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Break, Prosody

F0_MEAN: Final = 252.7  # Hz at z = 0, measured on the voice
F0_DEVIATION: Final = 55.1  # Hz for z = 1
F0_FLOOR: Final = 70.0  # Hz
F0_LIMITS: Final = (-1.9, 2.4)  # z; beyond, the voice breaks
ENERGY_LIMITS: Final = (-1.0, 1.5)  # z added; beyond, the voice breaks
SPEED_LIMITS: Final = (0.25, 4.0)
PRESET_GAIN_LIMITS: Final = (-6.0, 3.0)  # dB; together with the energy, more only drives the limiter
TILT_LIMITS: Final = (-10.0, 5.0)  # dB
GAIN_LIMITS: Final = (-60.0, 20.0)  # dB
PAUSES: Final = {Break.CLAUSE: 0.30, Break.SENTENCE: 0.45}  # seconds between clauses; none at weaker breaks

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Preset:
    """An emotion at intensity 1."""

    f0: float = 0.0  # semitones on the register
    f0_range: float = 1.0  # factor on the excursions about the mean
    energy: float = 0.0  # z
    duration: float = 1.0  # factor
    tilt: float = 0.0  # dB above 600 Hz
    ramp: float = 0.0  # semitones, reached at the end of the clause
    pause: float = 1.0  # factor
    gain: float = 0.0  # dB


PRESETS: Final = {
    "neutral": Preset(),
    "happy": Preset(f0=2.5, f0_range=1.35, energy=0.5, duration=0.90, tilt=2, ramp=1, pause=0.8, gain=1),
    "sad": Preset(f0=-2.5, f0_range=0.55, energy=-0.5, duration=1.30, tilt=-5, ramp=-1, pause=1.7, gain=-3),
    "angry": Preset(f0=1.5, f0_range=1.5, energy=1.0, duration=0.86, tilt=4, ramp=-2, pause=0.7, gain=3),
    "fear": Preset(f0=3.5, f0_range=0.7, energy=-0.2, duration=0.84, tilt=-1, ramp=0.5, pause=1.3, gain=-1),
    "surprise": Preset(f0=3.0, f0_range=1.4, energy=0.6, duration=0.96, tilt=2, ramp=2.5, gain=1),
    "calm": Preset(f0=-1.0, f0_range=0.75, energy=-0.25, duration=1.12, tilt=-2, ramp=-0.5, pause=1.4, gain=-1),
    "affectionate": Preset(f0=1.0, f0_range=0.9, energy=-0.4, duration=1.14, tilt=-3, ramp=0.5, pause=1.2, gain=-2),
    "serious": Preset(f0=-1.8, f0_range=0.85, energy=0.4, duration=1.06, tilt=1, ramp=-1.5, pause=1.3),
}


@dataclass(frozen=True, slots=True)
class Controls:
    """All that a prosody changes."""

    f0: float  # semitones
    f0_range: float
    energy: float  # z
    duration: float
    tilt: float  # dB
    ramp: float  # semitones
    pause: float
    gain: float  # dB


def controls(prosody: Prosody) -> Controls:
    """What a prosody asks for, within what the voice bears. An emotion that it does not have counts as neutral."""
    preset = PRESETS.get(prosody.emotion, PRESETS["neutral"])
    k = float(np.clip(prosody.intensity, 0, 2))
    speed = float(np.clip(prosody.speed, *SPEED_LIMITS))
    return Controls(
        f0=preset.f0 * k + prosody.pitch,
        f0_range=1 + (preset.f0_range - 1) * k,
        energy=float(np.clip(preset.energy * k, *ENERGY_LIMITS)),
        duration=(1 + (preset.duration - 1) * k) / speed,
        tilt=float(np.clip(preset.tilt * k, *TILT_LIMITS)),
        ramp=preset.ramp * k,
        pause=(1 + (preset.pause - 1) * k) / speed,
        gain=float(np.clip(np.clip(preset.gain * k, *PRESET_GAIN_LIMITS) + prosody.volume, *GAIN_LIMITS)),
    )


def shape_f0(f0: Floats, durations: Floats, wanted: Sequence[Controls]) -> Floats:
    """f0: z (U,), durations: (U,), `wanted` of each unit. Unchanged where nothing is asked for."""
    st = _semitones(f0)
    weights = durations + 1e-3
    mean = float((st * weights).sum() / weights.sum())
    position = np.arange(len(f0)) / len(f0)
    ramp = np.clip((position - 0.75) / 0.25, 0, 1) * [control.ramp for control in wanted]
    register = np.array([control.f0 for control in wanted])
    excursion = (st - mean) * [control.f0_range - 1 for control in wanted]
    moved = f0 + _z_score(st + excursion + register + ramp) - _z_score(st)
    low, high = F0_LIMITS  # what the model itself predicts beyond them is left alone
    return np.clip(moved, np.minimum(f0, low), np.maximum(f0, high)).astype(np.float32)


def shape_energy(energy: Floats, wanted: Sequence[Controls]) -> Floats:
    """energy: z (U,)."""
    return energy + np.array([control.energy for control in wanted], np.float32)


def shape_durations(durations: Floats, wanted: Sequence[Controls]) -> NDArray[np.int64]:
    """durations: frames (U,), as predicted. Returns whole frames; a factor holds for the sum, to half a frame."""
    frames = np.rint(durations).astype(np.float64)
    ends = np.rint(np.cumsum(frames * [control.duration for control in wanted]))
    return np.diff(ends, prepend=0).astype(np.int64)


def pause_seconds(after: Break, wanted: Controls) -> float:
    """How long nothing is heard after a clause."""
    return PAUSES.get(after, 0.0) * wanted.pause


def _semitones(f0: Floats) -> NDArray[np.float64]:
    """z to semitones about the voice's mean."""
    return 12 * np.log2(np.maximum(F0_MEAN + F0_DEVIATION * f0.astype(np.float64), F0_FLOOR) / F0_MEAN)


def _z_score(semitones: NDArray[np.float64]) -> NDArray[np.float64]:
    return (F0_MEAN * 2 ** (semitones / 12) - F0_MEAN) / F0_DEVIATION
