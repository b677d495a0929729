"""Breaking into a wait: how `cancel` reaches a context that is waiting for text or for the engine."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from tts_server.errors import TTSError
from tts_server.events import DoneReason

T = TypeVar("T")


class Stopped(Exception):
    """`stop` broke into a wait."""


class Interruption:
    """Carries one stop, with its reason, into whatever its owner waits for."""

    def __init__(self) -> None:
        self.reason: DoneReason | None = None  # None: nobody has stopped it
        self.error: TTSError | None = None
        self._scope: asyncio.Timeout | None = None  # around the wait that `stop` must break into

    async def wait(self, waiting: Awaitable[T]) -> T:
        """Await; raises Stopped as soon as `stop` is called, or when it was called before."""
        try:
            async with asyncio.timeout(None) as self._scope:
                if self.reason is not None:
                    self._interrupt()
                return await waiting
        except TimeoutError:
            if self.reason is None:
                raise
            raise Stopped from None
        finally:
            self._scope = None

    def stop(self, reason: DoneReason, error: TTSError | None) -> None:
        """Break in. Only the first one counts."""
        if self.reason is None:
            self.reason, self.error = reason, error
            self._interrupt()

    def _interrupt(self) -> None:
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())
