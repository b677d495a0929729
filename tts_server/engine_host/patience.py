"""How long a chunk may take on this box: what is configured, and more where that was once too little.

An engine that hangs can only be ended with the process it runs in. One that is merely slow (a cold voice on a full
memory card, a box that swaps) would be ended for ever, so each end doubles what the next one is given.
"""

from typing import Final

_AT_MOST: Final = 8  # times what is configured
_ROOM: Final = 2  # times what a chunk took
_FORGETS: Final = 0.9  # with every chunk


class Patience:
    """What was measured on this box so far."""

    def __init__(self, usual_s: float) -> None:
        self._usual_s = usual_s
        self.seconds = usual_s

    @property
    def beyond_usual_s(self) -> float:
        """What a chunk is given besides what is configured."""
        return self.seconds - self._usual_s

    def was_too_short(self) -> None:
        """An engine was ended for it."""
        self.seconds = min(2 * self.seconds, _AT_MOST * self._usual_s)

    def was_enough(self, taken_s: float) -> None:
        """A chunk came after so long. A box that has become faster is given less again, little by little."""
        wanted_s = max(self._usual_s, _ROOM * taken_s, _FORGETS * self.seconds)
        self.seconds = min(wanted_s, _AT_MOST * self._usual_s)
