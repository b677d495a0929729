"""What is asked for at all boxes together. Each box counts for itself at once, and tells the common counter afterwards.

So nobody waits for another machine. A client that goes from box to box gets a text or two more than it may, and then
nothing at any of them, until its minute is over. Without the counter each box counts for itself.
"""

import asyncio
import time
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from tts_server.shared.cancellation import cancellation_kept
from tts_server.shared.server import PREFIX, SharedServer

if TYPE_CHECKING:
    from limits import RateLimitItem

_MAX_UNTOLD: Final = 256
_MAX_BLOCKED: Final = 4096  # payers that are known to have spent all
_PATIENCE_S: Final = 1.0


class SharedCounts:
    """The counter of all boxes, in a Valkey server."""

    def __init__(self, server: SharedServer) -> None:
        # Imported where boxes share something.
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import SlidingWindowCounterRateLimiter

        self._server = server
        storage = RedisStorage(f"async+{server.url}", connection_pool=server.pool, key_prefix=f"{PREFIX}limits")
        self._counter = SlidingWindowCounterRateLimiter(storage)
        self._untold: asyncio.Queue[tuple[RateLimitItem, str, int]] = asyncio.Queue(_MAX_UNTOLD)
        self._blocked: dict[tuple[str, str], float] = {}  # until when, on the wall clock

    def blocked_until(self, item: "RateLimitItem", payer: str) -> float:
        """When the payer may ask again, on the wall clock; 0 when nothing is known against it."""
        until = self._blocked.get((item.namespace, payer), 0.0)
        if until and until <= time.time():
            del self._blocked[item.namespace, payer]
            return 0.0
        return until

    def note(self, item: "RateLimitItem", payer: str, cost: int) -> None:
        """Somebody was let in here; it is told soon, if it can be."""
        if cost and self._server.is_up and not self._untold.full():
            self._untold.put_nowait((item, payer, cost))

    async def run(self) -> None:
        """Tell, until cancelled."""
        while True:
            item, payer, cost = await self._untold.get()
            try:
                with cancellation_kept():
                    async with asyncio.timeout(_PATIENCE_S):
                        await self._tell(item, payer, cost)
            except self._server.failures:
                continue  # each box counts for itself

    async def _tell(self, item: "RateLimitItem", payer: str, cost: int) -> None:
        key = blake2b(payer.encode(), digest_size=12).hexdigest()  # no name and no address stands in the counter
        if not await self._counter.hit(item, key, cost=cost):
            reset_at = (await self._counter.get_window_stats(item, key)).reset_time
            while len(self._blocked) >= _MAX_BLOCKED:
                self._blocked.pop(next(iter(self._blocked)))
            self._blocked[item.namespace, payer] = reset_at
