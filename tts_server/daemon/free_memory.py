"""Gives back what speech leaves free in the midst of heaps, the engine host's too, at a moment when nobody speaks.

The C library by itself gives back only what is free on top. One small piece that lives on up there keeps all below it,
so each hour with more going on at once than any before would make the process larger for good.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from tts_server import heap

_REST_S: Final = 30.0  # at least, between two times


class FreeMemory:
    """Looks after speech; a box that is not spoken to is not woken."""

    def __init__(
        self,
        active: Callable[[], int],
        rest_s: float = _REST_S,
        give_back: Callable[[], None] = heap.give_back,
        engines: Callable[[], None] = lambda: None,
    ) -> None:
        """active: how many texts are being spoken; engines: lets their process do the same."""
        self._active = active
        self._rest_s = rest_s
        self._give_back = give_back
        self._engines = engines
        self._has_spoken = asyncio.Event()

    def spoke(self, *_of_whom: object) -> None:
        """An observer of the core's: a text has been spoken to its end."""
        self._has_spoken.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._has_spoken.wait()
            await asyncio.sleep(self._rest_s)
            if not self._active():  # else those milliseconds would be heard
                self._has_spoken.clear()
                self._give_back()
                self._engines()
