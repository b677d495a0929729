"""How something is said, as changes to what the acoustic model predicts for each unit, and to the samples.

F0 is moved in semitones about the clause's mean, since a Mandarin tone is a contour: register, range and final ramp
change, the contours stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Break, Prosody
from tts_server.presets import PRESETS

F0_MEAN: Final = 252.7  # Hz at z = 0, measured on the voice
F0_DEVIATION: Final = 55.1  # Hz for z = 1
F0_FLOOR: Final = 70.0  # Hz
F0_LIMITS: Final = (-1.9, 2.4)  # z; beyond, the voice breaks
ENERGY_LIMITS: Final = (-1.0, 1.5)  # z added; beyond, the voice breaks
SHORT_END_ENERGY: Final = -0.6  # z of the closing silence, halfway to a true one: the sound stays, and dies away evenly
SPEED_LIMITS: Final = (0.25, 4.0)
PRESET_GAIN_LIMITS: Final = (-6.0, 3.0)  # dB; together with the energy, more only drives the limiter
TILT_LIMITS: Final = (-10.0, 12.0)  # dB
BREATH_LIMITS: Final = (0.0, 1.2)
RAMP_FRAMES: Final = 36  # of speech at the end of a clause (0.45 s) over which the ramp is reached
RAMP_HEADROOM: Final = 0.6  # z that the ramp may go beyond the limits: at the end the voice bears more
GAIN_LIMITS: Final = (-60.0, 20.0)  # dB
CHANGE_OVER: Final = (0.35, 0.6, 0.85)  # shares of a new emotion in the first syllables said in it
PAUSES: Final = {Break.CLAUSE: 0.30, Break.SENTENCE: 0.45}  # seconds between clauses; none at weaker breaks

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Controls:
    """All that a prosody changes."""

    f0: float  # semitones
    f0_range: float
    energy: float  # z
    duration: float
    tilt: float  # dB
    breath: float  # 0 none, 1 breathy
    ramp: float  # semitones
    pause: float
    gain: float  # dB


def controls(prosody: Prosody) -> Controls:
    """What a prosody asks for, within what the voice bears. An emotion that it does not have counts as neutral."""
    preset = PRESETS.get(prosody.emotion, PRESETS["neutral"]).at(prosody.intensity)
    speed = float(np.clip(prosody.speed, *SPEED_LIMITS))
    return Controls(
        f0=preset.f0 + prosody.pitch,
        f0_range=preset.f0_range,
        energy=float(np.clip(preset.energy, *ENERGY_LIMITS)),
        duration=preset.duration / speed,
        tilt=float(np.clip(preset.tilt, *TILT_LIMITS)),
        breath=float(np.clip(preset.breath, *BREATH_LIMITS)),
        ramp=preset.ramp,
        pause=preset.pause / speed,
        gain=float(np.clip(np.clip(preset.gain, *PRESET_GAIN_LIMITS) + prosody.volume, *GAIN_LIMITS)),
    )


def changing_over(said: Sequence[Prosody], before: Prosody | None) -> list[Controls]:
    """The controls of syllables said one after the other; the first of them come out of another emotion."""
    found = [controls(how) for how in said]
    if before is not None:
        for index, share in enumerate(CHANGE_OVER[: len(found)]):
            old = controls(replace(said[index], emotion=before.emotion, intensity=before.intensity))
            found[index] = _mixed(old, found[index], share)
    return found


def _mixed(old: Controls, new: Controls, share: float) -> Controls:
    """share: of the new ones."""
    return Controls(
        *(getattr(old, control.name) * (1 - share) + getattr(new, control.name) * share for control in fields(Controls))
    )


def shape_f0(f0: Floats, durations: Floats, wanted: Sequence[Controls]) -> Floats:
    """f0: z (U,), durations: (U,), `wanted` of each unit. Unchanged where nothing is asked for."""
    st = _semitones(f0)
    weights = durations + 1e-3
    mean = float((st * weights).sum() / weights.sum())
    ramp = nearness(durations) * [control.ramp for control in wanted]
    register = np.array([control.f0 for control in wanted])
    excursion = (st - mean) * [control.f0_range - 1 for control in wanted]
    moved = f0 + _z_score(st + excursion + register + ramp) - _z_score(st)
    low, high = F0_LIMITS  # what the model itself predicts beyond them is left alone
    beyond = RAMP_HEADROOM * nearness(durations)
    return np.clip(moved, np.minimum(f0, low), np.maximum(f0, high + beyond)).astype(np.float32)


def shape_energy(energy: Floats, wanted: Sequence[Controls], *, is_short_end: bool = False) -> Floats:
    """energy: z (U,). is_short_end: whether the last sound is one that shall not last.

    The closing silence is never given more, and the end mark is as quiet as the silence before the clause: otherwise
    the last sound hangs in them. Of 40 clauses the model ends one as loud as speech.
    """
    shaped = energy + np.array([control.energy for control in wanted], np.float32)
    shaped[-2] = min(shaped[-2], energy[-2], SHORT_END_ENERGY if is_short_end else np.inf)
    shaped[-1] = min(energy[-1], energy[0])
    return shaped


def shape_durations(durations: Floats, wanted: Sequence[Controls]) -> NDArray[np.int64]:
    """durations: frames (U,), as predicted. Returns whole frames; a factor holds for the sum, to half a frame."""
    frames = np.rint(durations).astype(np.float64)
    ends = np.rint(np.cumsum(frames * [control.duration for control in wanted]))
    return np.diff(ends, prepend=0).astype(np.int64)


def pause_seconds(after: Break, how: Prosody) -> float:
    """The voice's own pause after a clause."""
    return PAUSES.get(after, 0.0) * controls(how).pause


def asked_pause_ms(after: Break, how: Prosody) -> int | None:
    """The pause that was asked for at such breaks."""
    return {Break.CLAUSE: how.clause_pause_ms, Break.SENTENCE: how.sentence_pause_ms}.get(after)


def nearness(durations: Floats) -> NDArray[np.float64]:
    """How near each unit is to the end of speech: 0 far from it, 1 for the last unit before the silence. (U,)"""
    speech = durations.astype(np.float64)
    speech[-2:] = 0  # the closing silence and the end mark
    left = speech.sum() - np.cumsum(speech)  # frames after each unit
    near: NDArray[np.float64] = np.clip(1 - left / RAMP_FRAMES, 0, 1)
    return near


def _semitones(f0: Floats) -> NDArray[np.float64]:
    """z to semitones about the voice's mean."""
    return 12 * np.log2(np.maximum(F0_MEAN + F0_DEVIATION * f0.astype(np.float64), F0_FLOOR) / F0_MEAN)


def _z_score(semitones: NDArray[np.float64]) -> NDArray[np.float64]:
    return (F0_MEAN * 2 ** (semitones / 12) - F0_MEAN) / F0_DEVIATION
