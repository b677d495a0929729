"""Whether it makes sense to ask: after failures in a row nobody does, until a probe works that nobody waits for."""

from dataclasses import dataclass
from typing import Final

MAX_FAILURES: Final = 3


@dataclass(slots=True)
class Breaker:
    """Closed lets questions through; it begins open, as nothing is known yet."""

    is_closed: bool = False
    _failures: int = 0

    def worked(self) -> bool:
        """An answer came. True when it is the first one after failures: others may ask again."""
        was_closed, self.is_closed, self._failures = self.is_closed, True, 0
        return not was_closed

    def failed(self) -> bool:
        """None came. True when this one was too much."""
        self._failures += 1
        if not self.is_closed or self._failures < MAX_FAILURES:
            return False
        self.is_closed = False
        return True
