"""An event loop whose time is simulated, and in which whatever is ready runs in an order drawn by chance from a seed.

Nothing waits for the clock: when nobody is ready, time jumps to the next timer. What would run on a thread runs on the
loop, a simulated moment later. There are no sockets.
"""

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
THREAD_S = 0.002  # at most, for what would run on a thread


class _NoSockets(selectors.DefaultSelector):
    """Never has news; waiting for some moves the clock on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits for somebody else, for ever")
        self.now += max(0.0, timeout)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Made for one seed."""

    def __init__(self, seed: int) -> None:
        self._clock = _NoSockets()
        super().__init__(self._clock)
        self.chance = random.Random(seed)
        self.steps = 0

    def time(self) -> float:
        return self._clock.now

    def _run_once(self) -> None:
        ready: deque[Any] = self._ready  # type: ignore[attr-defined]
        if len(ready) > 1:
            shuffled = list(ready)
            self.chance.shuffle(shuffled)
            ready.clear()
            ready.extend(shuffled)
        self.steps += len(ready)
        super()._run_once()  # type: ignore[misc]

    async def run_in_executor(self, executor: Any, work: Callable[..., T], *arguments: Any) -> T:  # type: ignore[override]
        await asyncio.sleep(self.chance.uniform(0, THREAD_S))
        return work(*arguments)
