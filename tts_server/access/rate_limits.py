"""How much anybody may ask for in a minute. Counts slide; they live in memory and begin anew with the daemon.

Where boxes share a server, what was spent at the others counts too (`shared_counts`).
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tts_server.access.shared_counts import SharedCounts
from tts_server.errors import RateLimited, TextTooLong

if TYPE_CHECKING:
    from limits import RateLimitItemPerMinute
    from limits.strategies import SlidingWindowCounterRateLimiter

MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What one token, and one address, may ask for. 0 is no limit."""

    requests_per_min: int = 0
    chars_per_min: int = 0


class Allowance:
    """Counts what is spent. Every payer must be able to pay, or none pays."""

    def __init__(self, limits: RateLimits, shared: SharedCounts | None = None) -> None:
        self._limits = limits
        self._shared = shared
        counted = ((limits.requests_per_min, "requests"), (limits.chars_per_min, "chars"))
        wanted = {name: amount for amount, name in counted if amount}
        self._items: dict[str, RateLimitItemPerMinute] = {}
        self._counter: SlidingWindowCounterRateLimiter | None = None
        if wanted:
            self._items, self._counter = _counting(wanted)

    def spend(self, payers: Sequence[str], chars: int, requests: int = 1) -> None:
        """Take requests and characters off every payer's minute. Raises RateLimited, TextTooLong."""
        if self._counter is None:
            return
        if 0 < self._limits.chars_per_min < chars:
            raise TextTooLong(f"text has {chars} characters; {self._limits.chars_per_min} a minute may be spoken")
        costs = {"requests": requests, "chars": chars}
        for name, item in self._items.items():
            for payer in payers:
                if self._shared is not None and (until := self._shared.blocked_until(item, payer)):
                    raise _refused(name, item, until)
                if not self._counter.test(item, payer, cost=costs[name]):
                    raise self._refusal(name, item, payer)
        for name, item in self._items.items():
            for payer in payers:
                self._counter.hit(item, payer, cost=costs[name])
                if self._shared is not None:
                    self._shared.note(item, payer, costs[name])

    def _refusal(self, name: str, item: "RateLimitItemPerMinute", payer: str) -> RateLimited:
        assert self._counter is not None
        return _refused(name, item, self._counter.get_window_stats(item, payer).reset_time)


def _counting(
    wanted: Mapping[str, int],
) -> "tuple[dict[str, RateLimitItemPerMinute], SlidingWindowCounterRateLimiter]":
    """Only where there are limits: the package takes 3 MB, and its storage runs a thread that forgets old counts."""
    from limits import RateLimitItemPerMinute
    from limits.storage import MemoryStorage
    from limits.strategies import SlidingWindowCounterRateLimiter

    items = {name: RateLimitItemPerMinute(amount, namespace=name) for name, amount in wanted.items()}
    return items, SlidingWindowCounterRateLimiter(MemoryStorage())


def _refused(name: str, item: "RateLimitItemPerMinute", reset_at: float) -> RateLimited:
    wait_s = min(MINUTE_S, max(1.0, math.ceil(reset_at - time.time())))
    what = "requests" if name == "requests" else "characters"
    return RateLimited(f"more than {item.amount} {what} in a minute; try again in {wait_s:g} s", wait_s)
