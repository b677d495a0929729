"""Tells of refused clients without letting them fill the journal: one line an address and minute, then a count."""

import logging
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

_QUIET_S: Final = 60.0
_MAX_ADDRESSES: Final = 64  # more at once are told of together


class Refusals:
    """The log of one door's refusals."""

    def __init__(self, door: str, now: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._now = now
        self._told: dict[str, tuple[float, int]] = {}  # when an address was last told of, and refusals since

    def note(self, address: str, reason: str) -> None:
        """A client was refused."""
        now = self._now()
        if len(self._told) >= _MAX_ADDRESSES and address not in self._told:
            self._told = {key: value for key, value in self._told.items() if now < value[0] + _QUIET_S}
        key = address if address in self._told or len(self._told) < _MAX_ADDRESSES else ""
        told_at, since = self._told.get(key, (now - _QUIET_S, 0))
        if now < told_at + _QUIET_S:
            self._told[key] = (told_at, since + 1)
            return
        again = f" ({since} more were since the last such line)" if since else ""
        log.warning("%s client %s was refused: %s%s", self._door, key or "of many addresses", reason, again)
        self._told[key] = (now, 0)
