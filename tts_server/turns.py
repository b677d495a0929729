"""Waiting for one's turn: the asyncio side of the scheduler."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from tts_server.engine import AudioChunk
from tts_server.scheduler import Scheduler


class Turns:
    """Runs chunk requests in the scheduler's order, at most `scheduler.slots` at a time."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._waiting: dict[int, asyncio.Future[float]] = {}
        self._ids = itertools.count(1)

    @contextmanager
    def stream(self, priority: int = 0, client: str = "") -> Iterator[int]:
        """A place in the order for as long as one context speaks."""
        stream = next(self._ids)
        self._scheduler.open(stream, self._now(), priority, client)
        try:
            yield stream
        finally:
            self._scheduler.close(stream)
            self._give_turns()

    async def take(
        self, stream: int, voice: str, fetch: Callable[[float], Awaitable[AudioChunk | None]]
    ) -> AudioChunk | None:
        """Wait for the stream's turn, fetch a chunk of the length the scheduler says, and pass the turn on."""
        turn = self._waiting[stream] = asyncio.get_running_loop().create_future()
        self._scheduler.ask(stream, self._now(), voice)
        self._give_turns()
        try:
            chunk = await fetch(await turn)
            if chunk is not None:
                self._scheduler.finish(stream, len(chunk.samples) / chunk.sample_rate, self._now())
            return chunk
        finally:
            self._waiting.pop(stream, None)
            self._scheduler.withdraw(stream)
            self._give_turns()

    def _give_turns(self) -> None:
        while (turn := self._scheduler.pick(self._now())) is not None:
            waiting = self._waiting[turn.stream]
            if not waiting.done():
                waiting.set_result(turn.wanted_s)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
