"""How late a loop with nothing to do gets its turn: the machine's part in what a listener hears."""

import asyncio
import time
from collections import deque
from typing import Final

TICK_S: Final = 0.01
LATE_S: Final = 0.03  # less is a machine as usual


class Yardstick:
    """Keeps when it was late, and by how much, for some minutes."""

    def __init__(self) -> None:
        self._late: deque[tuple[float, float]] = deque(maxlen=10_000)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            due_at = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            if (late_s := time.monotonic() - due_at) > LATE_S:
                self._late.append((due_at, late_s))

    def late_s(self, since: float) -> float:
        """In all, since then."""
        return sum(late_s for at, late_s in self._late if at + late_s >= since)
