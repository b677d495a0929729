"""What a streamed net remembers between two chunks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class State:
    """Where a stream stands in an utterance: the last inputs of each layer that looks around."""

    layers: tuple[NDArray[np.float32], ...]  # empty spans before the first chunk
    is_first: bool = True


def in_blocks(
    run: Callable[[NDArray[np.float32], NDArray[np.float32], bool, bool], NDArray[np.float32]],
    rows: NDArray[np.float32],
    state: State,
    most: int,
    *,
    is_last: bool,
) -> tuple[NDArray[np.float32], State]:
    """Rows (T, channels) through compiled code, at most so many at once.

    run: of a block of rows, what is kept (it changes that into what the next block needs), is_first, is_last.
    """
    kept, is_first, parts = state.layers[0].copy(), state.is_first, []
    for start in range(0, len(rows), most):
        end = min(start + most, len(rows))
        parts.append(run(rows[start:end], kept, is_first, is_last and end == len(rows)))
        is_first = False
    return parts[0] if len(parts) == 1 else np.concatenate(parts), State((kept,), is_first=False)
