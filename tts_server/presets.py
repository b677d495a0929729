"""The emotions as changes of a voice: one table for every engine whose voice has not learned them.

An engine moves what its model predicts (baker) or its audio is changed (voices that know only neutral). The presets
follow the literature in direction (arousal raises register and rate, sadness lowers and slows; happy and surprised
speech ends high, angry speech low) and were tuned by `make emotions`; an intensity scales all of a preset's values.
"""

from dataclasses import dataclass
from typing import Final

MAX_INTENSITY: Final = 2.0


@dataclass(frozen=True, slots=True)
class Preset:
    """An emotion at intensity 1."""

    f0: float = 0.0  # semitones on the register
    f0_range: float = 1.0  # factor on the excursions about the mean
    energy: float = 0.0  # z
    duration: float = 1.0  # factor
    tilt: float = 0.0  # dB above 600 Hz
    breath: float = 0.0  # noise with the voice's own swell: 0 none, 1 a whisper; over 0.2 it costs quality
    ramp: float = 0.0  # semitones, reached at the end of the clause
    pause: float = 1.0  # factor
    gain: float = 0.0  # dB

    def at(self, intensity: float) -> "Preset":
        """The preset with all its values scaled; intensity 0 is neutral."""
        k = min(max(intensity, 0.0), MAX_INTENSITY)
        return Preset(
            self.f0 * k,
            1 + (self.f0_range - 1) * k,
            self.energy * k,
            1 + (self.duration - 1) * k,
            self.tilt * k,
            self.breath * k,
            self.ramp * k,
            1 + (self.pause - 1) * k,
            self.gain * k,
        )


# How plainly each is heard where it is made of the samples (`Voice.emotion_strengths`), out of what `make emotions`
# measured on `heart`: steps people just hear (1 semitone, 5 % of rate, 1.5 dB, 2 dB of tilt, 3 semitones at the end),
# squared and summed; three of them are plain.
BY_SIGNAL_STRENGTHS: Final = {
    **{"neutral": 1.0, "happy": 0.43, "sad": 1.0, "angry": 0.7, "fear": 0.62, "surprise": 0.28, "calm": 1.0},
    **{"affectionate": 1.0, "serious": 0.48},
}

PRESETS: Final = {
    "neutral": Preset(),
    "happy": Preset(f0=2.5, f0_range=1.95, energy=0.2, duration=0.90, tilt=6, ramp=3, pause=0.8, gain=-1),
    "sad": Preset(f0=-2.2, f0_range=0.6, energy=-0.4, duration=1.26, tilt=-4, breath=0.12, ramp=-1, pause=1.6, gain=-2),
    "angry": Preset(f0=1.8, f0_range=1.5, energy=0.5, duration=0.86, tilt=6, ramp=-2, pause=0.7),
    "fear": Preset(f0=3.3, f0_range=0.75, energy=-0.2, duration=0.85, tilt=-1, breath=0.08, ramp=1, pause=1.2, gain=-1),
    "surprise": Preset(f0=2.0, f0_range=1.5, energy=0.3, duration=0.95, tilt=4, ramp=8, gain=-1),
    "calm": Preset(f0=-1.0, f0_range=0.75, energy=-0.25, duration=1.12, tilt=-2, ramp=-0.5, pause=1.4, gain=-1),
    "affectionate": Preset(
        f0=0.8, f0_range=0.95, energy=-0.35, duration=1.14, tilt=-3, breath=0.1, ramp=0.8, pause=1.2, gain=-1.5
    ),
    "serious": Preset(f0=-1.8, f0_range=0.85, energy=0.4, duration=1.06, tilt=3, ramp=-1.5, pause=1.3, gain=-1),
}
