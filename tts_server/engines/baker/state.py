"""What a streamed net remembers between two chunks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class State:
    """Where a stream stands in an utterance: the last inputs of each layer that looks around."""

    layers: tuple[NDArray[np.float32], ...]  # empty spans before the first chunk
    is_first: bool = True
