"""Arrays in 8 bits, as the data wheel has them: turned into floats one by one, when a net is given them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Stored:
    """(integers - zero) * scale, times a factor for each first index."""

    integers: NDArray[np.int8]
    scale: np.float32
    zero: np.float32
    factor: NDArray[np.float32] | None = None

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.integers.size

    def arranged(self, arrange: Callable[[NDArray[Any]], NDArray[Any]]) -> "Stored":
        """The same values in another order."""
        return replace(self, integers=arrange(self.integers))

    def scaled(self, factor: NDArray[np.float32]) -> "Stored":
        """Each first index times its factor."""
        return replace(self, factor=factor)

    def floats(self) -> NDArray[np.float32]:
        """The values."""
        plain: NDArray[np.float32] = (self.integers - self.zero) * self.scale
        return plain if self.factor is None else plain * self.factor.reshape(-1, *[1] * (plain.ndim - 1))


def floats(array: "NDArray[np.float32] | Stored") -> NDArray[np.float32]:
    """An array, whichever it is."""
    return array.floats() if isinstance(array, Stored) else array
