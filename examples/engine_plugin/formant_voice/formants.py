"""A Mandarin syllable as sound: harmonics of a pitch, weighted by the formants of vowels, after a burst of noise."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16000
FORMANTS: Final = {  # Hz of the first three, and loudness
    "a": (850, 1300, 2700, 1.0), "o": (520, 900, 2600, 1.0), "e": (500, 1150, 2600, 1.0), "E": (550, 1900, 2600, 1.0),
    "i": (290, 2300, 3100, 1.2), "u": (340, 720, 2500, 1.2), "v": (290, 1950, 2400, 1.2), "I": (380, 1500, 2700, 1.0),
    "R": (500, 1400, 1750, 1.0), "N": (280, 1650, 2600, 0.5), "G": (280, 1000, 2500, 0.5),
    "m": (260, 950, 2400, 0.4), "n": (280, 1650, 2600, 0.4), "l": (340, 1250, 2700, 0.5), "r": (400, 1400, 1900, 0.5),
}  # fmt: skip
NOISE: Final = {  # Hz of its middle, seconds, loudness
    "b": (700, 0.010, 0.3), "p": (900, 0.060, 0.3), "d": (3000, 0.010, 0.3), "t": (3200, 0.060, 0.3),
    "g": (1600, 0.015, 0.3), "k": (1700, 0.065, 0.3), "f": (5000, 0.090, 0.15), "h": (1300, 0.080, 0.3),
    "j": (4600, 0.045, 0.3), "q": (4600, 0.095, 0.3), "x": (4600, 0.110, 0.25), "zh": (3200, 0.045, 0.3),
    "ch": (3200, 0.095, 0.3), "sh": (3200, 0.110, 0.25), "z": (6200, 0.045, 0.3), "c": (6200, 0.095, 0.3),
    "s": (6200, 0.110, 0.25),
}  # fmt: skip
TONES: Final = {"1": (4, 4), "2": (-1, 0, 4), "3": (-2, -5, -6, -3), "4": (6, 3, -4), "5": (-1, -3)}  # semitones
SPELLING: Final = (  # pinyin's final to vowels, one letter each; the first rules undo spelling conventions
    ("^yu", "v"), ("^yi?", "i"), ("^wu?", "u"), ("iu$", "iou"), ("ui$", "uei"), ("un$", "uen"), ("ng", "G"), ("n", "N"),
    ("([iv])aN", r"\1EN"), ("([iv])e", r"\1E"), ("ei", "Ei"), ("oG", "uG"), ("ao", "au"), ("r", "R"),
)  # fmt: skip
BANDWIDTH_HZ: Final = np.array([70.0, 100.0, 160.0])[:, None, None]
EDGE_S: Final = 0.012


@dataclass(frozen=True, slots=True)
class Style:
    """How one syllable is said."""

    hertz: float
    seconds: float
    gain: float


def syllable_sound(pinyin: str, style: Style) -> NDArray[np.float32]:
    """A syllable ("zhong1") as samples. What is no pinyin sounds like a neutral e."""
    initial, vowels = spelled(pinyin.rstrip("12345"))
    tone = np.array(TONES.get(pinyin[-1:], TONES["5"]))
    noise_hz, noise_s, noise_gain = NOISE.get(initial, (0, 0.0, 0.0))
    noise_s = min(noise_s, style.seconds / 2)
    voiced = _voiced(vowels, style.hertz * 2 ** (tone / 12), round((style.seconds - noise_s) * RATE))
    sound = np.concatenate([noise_gain * _noise(noise_hz, round(noise_s * RATE)), voiced])
    return np.tanh(0.16 * style.gain * sound).astype(np.float32)


def spelled(syllable: str) -> tuple[str, str]:
    """A syllable without its tone as initial and vowels; a voiced initial is the first of the vowels."""
    found = re.match(r"[zcs]h|[bpmfdtnlgkhjqxrzcs](?=.)|", syllable)
    initial = found[0] if found else ""
    final = syllable[len(initial) :]
    if initial in ("j", "q", "x"):
        final = re.sub("^u", "v", final)
    elif initial in ("zh", "ch", "sh", "r", "z", "c", "s") and final == "i":
        final = "I"
    for pattern, vowels in SPELLING:
        final = re.sub(pattern, vowels, final)
    vowels = (initial if initial in FORMANTS else "") + "".join(vowel for vowel in final if vowel in FORMANTS)
    return initial, vowels or "e"


def _voiced(vowels: str, hertz: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """A glide through the vowels on a glide through the pitches."""
    place = np.linspace(0, 1, length)
    pitch = np.interp(place, np.linspace(0, 1, len(hertz)), hertz)
    held = np.repeat(np.array([FORMANTS[vowel] for vowel in vowels], float), 2, axis=0)  # each is held, then left
    tracks = [np.interp(place, np.linspace(0, 1, len(held)), track) for track in held.T]
    number = np.arange(1, int(0.45 * RATE / hertz.max()) + 1)[:, None]
    away = (number * pitch - np.array(tracks[:3])[:, None]) / BANDWIDTH_HZ
    weights = (1 / np.sqrt(1 + away**2)).sum(axis=0) / number**0.5
    harmonics = weights * np.sin(2 * np.pi * number * np.cumsum(pitch) / RATE)
    edge = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (EDGE_S * RATE))
    return harmonics.sum(axis=0) * tracks[3] * edge


def _noise(hertz: float, length: int) -> NDArray[np.float64]:
    """Noise about one frequency; the same every time, so that the same text gives the same bytes."""
    wide = np.random.default_rng(0).standard_normal(length + 15)
    narrow = np.convolve(wide, np.hanning(16), "valid")[:length] / 2
    return narrow * np.cos(2 * np.pi * hertz / RATE * np.arange(length)) * np.hanning(length)
