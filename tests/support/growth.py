"""Does work grow with its input, or with its square? A ratio of two lengths says so on any machine."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

FACTOR: Final = 4  # between the two lengths
MOST: Final = 2 * FACTOR  # of linear work, with the noise of a busy machine; quadratic work comes to FACTOR * FACTOR
ROUNDS: Final = 3


def growth(work: Callable[[T], object], make: Callable[[int], T], length: int) -> float:
    """How many times as much processor time `work` takes for an input of `length` as for one of `length // FACTOR`.

    make: an input of a length. The best of a few rounds counts, the two in turn; the short one counts as 2 ms at least.
    """
    inputs = [make(length // FACTOR), make(length)]
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for which, given in enumerate(inputs):
            started = time.process_time()
            work(given)
            best[which] = min(best[which], time.process_time() - started)
        if best[1] < MOST * max(best[0], 0.002):
            break
    return best[1] / max(best[0], 0.002)
