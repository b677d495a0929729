"""What a figure grows by a day of the home, and how sure that is."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

BLOCK_DAYS: Final = 1 / 24  # an hour of the home is one point: the median of its samples
NIGHT: Final = (22 / 24, 7 / 24)  # when a home speaks a tenth as much
SETTLES_DAYS: Final = 12 / 24  # of each piece are left out: every voice is loaded once, the cache fills


@dataclass(frozen=True)
class Slope:
    """A day's growth, with its 95 % interval."""

    a_day: float
    lowest: float
    highest: float
    points: int


def points(samples: list[dict[str, Any]], name: str) -> tuple[NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Day, median and piece of every hour of the home that counts."""
    begins: dict[int, float] = {}
    hours: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for sample in samples:
        piece, day = sample["piece"], sample["day"]
        begun = begins.setdefault(piece, day)
        if name in sample and day - begun >= SETTLES_DAYS:
            hours.setdefault((piece, int(day / BLOCK_DAYS)), []).append((day, sample[name]))
    days, values = (np.array([np.median([pair[n] for pair in hour]) for hour in hours.values()]) for n in (0, 1))
    return days, values, [piece for piece, _ in hours]


def slope(samples: list[dict[str, Any]], name: str) -> Slope | None:
    """A straight line through all pieces, each with a height of its own; None if that is too little for one.

    Nights have a height of their own too: what a day holds more than a night is no growth. Hours that follow each other
    are alike: the points count as fewer, by how much their residuals resemble the next.
    """
    days, values, pieces = points(samples, name)
    kinds = sorted(set(pieces))
    matrix = np.column_stack([days, *([np.array([piece == kind for piece in pieces], float) for kind in kinds])])
    hour = days % 1
    night = (hour >= NIGHT[0]) | (hour < NIGHT[1])
    if night.any() and not night.all():
        matrix = np.column_stack([matrix, night])
    count, used = matrix.shape
    free = count - used
    if free < 3:
        return None
    found, *_ = np.linalg.lstsq(matrix, values, rcond=None)
    rest = values - matrix @ found
    total = float(rest @ rest)
    alike = max(0.0, float(rest[1:] @ rest[:-1]) / total) if total > 1e-12 else 0.0
    free_alike = max(3.0, count * (1 - alike) / (1 + alike) - used)
    inverse = np.linalg.inv(matrix.T @ matrix)
    error = np.sqrt(total / free * inverse[0, 0] * free / free_alike)
    reach = float(student.ppf(0.975, free_alike) * error)
    return Slope(float(found[0]), float(found[0]) - reach, float(found[0]) + reach, count)
