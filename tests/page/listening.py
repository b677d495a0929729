"""Is what the loudspeaker was given what the daemon made? Compared stretch by stretch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.support.sound_sink import RATE

Samples = NDArray[np.float32]

WINDOW = RATE // 10  # samples; a tenth of a second of speech is found again by its shape
SEARCH = RATE // 2  # how far a stretch is looked for around the place where it should be
AUDIBLE = 0.01
SURE = 0.8  # correlation


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of the speech. Milliseconds."""

    first_at: float  # of the recording, in seconds, when the first audible sample was heard
    quiet_ms: float  # before the first audible sample of the speech itself
    found: float  # 0 to 1: of its audible stretches, those that were heard
    worst_hole_ms: float  # between two neighbouring stretches: too much (or, below zero, too little)
    holes: int  # above 5 ms
    lost_ms: float  # the last stretch's place less the first's, beside the speech's own: silence in all the holes

    @property
    def is_whole(self) -> bool:
        """All samples, in order, without a hole above 5 ms."""
        return self.found == 1.0 and self.holes == 0


def compare(recorded: Samples, speech: Samples) -> Heard:
    """Find the speech in the recording. Raises AssertionError when nothing was heard."""
    audible = np.flatnonzero(np.abs(recorded) > AUDIBLE)
    assert audible.size, "nothing was heard"
    quiet = int(np.flatnonzero(np.abs(speech) > AUDIBLE)[0])
    shift = int(audible[0]) - quiet
    shifts: list[int] = []
    stretches = 0
    for start in range(0, len(speech) - WINDOW, WINDOW):
        stretch = speech[start : start + WINDOW]
        if np.sqrt(np.mean(stretch**2)) < AUDIBLE:
            continue
        stretches += 1
        found = _find(recorded, stretch, start + shift)
        if found is not None:
            shift = found - start
            shifts.append(shift)
    assert shifts, "nothing of the speech was heard"
    steps = np.diff(shifts) / RATE * 1000
    worst = float(steps[np.argmax(np.abs(steps))]) if steps.size else 0.0
    return Heard(
        first_at=int(audible[0]) / RATE,
        quiet_ms=1000 * quiet / RATE,
        found=len(shifts) / stretches,
        worst_hole_ms=worst,
        holes=int(np.sum(np.abs(steps) > 5)),
        lost_ms=1000 * (shifts[-1] - shifts[0]) / RATE,
    )


def _find(recorded: Samples, stretch: Samples, expected: int) -> int | None:
    """Where the stretch is heard, near the place where it should be."""
    first = max(0, expected - SEARCH)
    around = recorded[first : expected + SEARCH + len(stretch)]
    if len(around) < len(stretch):
        return None
    likeness = np.maximum(_likeness(around, stretch), _likeness(around, _half_a_sample_later(stretch)))
    best = int(np.argmax(likeness))
    return first + best if likeness[best] > SURE else None


def _likeness(around: Samples, stretch: Samples) -> NDArray[np.float64]:
    """Correlation at each place."""
    size = 1 << (len(around) + len(stretch)).bit_length()
    spectrum = np.fft.rfft(around, size) * np.conj(np.fft.rfft(stretch, size))
    products = np.fft.irfft(spectrum, size)[: len(around) - len(stretch) + 1]
    power = np.cumsum(np.concatenate([[0.0], around.astype(np.float64) ** 2]))
    norms = np.sqrt(np.maximum(power[len(stretch) :] - power[: -len(stretch)], 1e-9)) * np.linalg.norm(stretch)
    return products / norms


def _half_a_sample_later(stretch: Samples) -> Samples:
    """A sink at 48 kHz may begin between two of our samples: a hiss is another one then, sample by sample."""
    turn = np.exp(-1j * np.pi * np.fft.rfftfreq(len(stretch)))
    return np.fft.irfft(np.fft.rfft(stretch) * turn, len(stretch)).astype(np.float32)
