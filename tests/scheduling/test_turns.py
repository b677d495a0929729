"""Turns on the event loop: who waits is told, who leaves makes room, and no thread is left idle."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager

import numpy as np
import pytest

from tts_server.engine import AudioChunk
from tts_server.events import Queued
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import TurnLost, Turns

VOICE = "v"
HEAVY_RTF = 0.5  # at which two streams fill two threads


class Bench:
    """Turns of two threads and a heavy voice, and chunks that are done when the test says so."""

    def __init__(self) -> None:
        scheduler = Scheduler(2)
        scheduler.costs.learn(VOICE, HEAVY_RTF * 100, 100.0)
        self.turns = Turns(scheduler)
        self.working: list[asyncio.Event] = []
        self.begun = asyncio.Semaphore(0)

    async def fetch(self, wanted_s: float) -> AudioChunk:
        done = asyncio.Event()
        self.working.append(done)
        self.begun.release()
        await done.wait()
        return AudioChunk(np.zeros(round(wanted_s * 8000), np.float32), 8000)

    async def take(self, stream: int) -> AudioChunk | Queued | None:
        return await self.turns.take(stream, VOICE, self.fetch, begins=False)


@asynccontextmanager
async def full() -> AsyncGenerator[tuple[Bench, Callable[[], int], "asyncio.TaskGroup", list["asyncio.Task[object]"]]]:
    """Two streams at work, each on a thread; a way to open more, and the tasks of the two."""
    bench = Bench()
    with ExitStack() as stack:
        async with asyncio.TaskGroup() as tasks:
            taking: list[asyncio.Task[object]] = [
                tasks.create_task(bench.take(stack.enter_context(bench.turns.stream()))) for _ in range(2)
            ]
            for _ in taking:
                await bench.begun.acquire()
            yield bench, lambda: stack.enter_context(bench.turns.stream()), tasks, taking
            for task in taking:
                task.cancel()


async def test_one_for_whom_there_is_no_room_is_told_its_place_at_once() -> None:
    async with full() as (bench, another, _, _):
        first, second = another(), another()
        assert isinstance(told := await bench.take(first), Queued)
        assert told.position == 1
        assert isinstance(told := await bench.take(second), Queued)
        assert told.position == 2
        assert bench.turns.queued == 2


async def test_who_waits_is_told_only_when_its_place_changes() -> None:
    async with full() as (bench, another, tasks, _):
        with bench.turns.stream() as first:
            await bench.take(first)
            second = another()
            await bench.take(second)
            waiting = tasks.create_task(bench.take(second))
            await asyncio.sleep(0)
            assert not waiting.done()
        assert isinstance(told := await waiting, Queued)
        assert told.position == 1


async def test_a_cancel_makes_room_at_once() -> None:
    async with full() as (bench, another, tasks, taking):
        waiting = another()
        await bench.take(waiting)
        third = tasks.create_task(bench.take(waiting))
        taking[0].cancel()
        await bench.begun.acquire()
        bench.working[2].set()
        assert isinstance(await third, AudioChunk)


async def test_who_was_told_and_does_not_ask_again_holds_up_nobody() -> None:
    async with full() as (bench, another, tasks, taking):
        slow, quick = another(), another()
        await bench.take(slow)
        await bench.take(quick)
        chunk = tasks.create_task(bench.take(quick))
        taking[0].cancel()
        await bench.begun.acquire()
        bench.working[2].set()
        assert isinstance(await chunk, AudioChunk)


async def test_whoever_waits_for_a_stream_that_ends_is_told_so() -> None:
    async with full() as (bench, _, tasks, _):

        async def lose(stream: int) -> None:
            with pytest.raises(TurnLost):
                await bench.take(stream)

        with bench.turns.stream() as gone:
            await bench.take(gone)
            waiting = tasks.create_task(lose(gone))
            await asyncio.sleep(0)
        await waiting
        await lose(gone)


async def test_an_heir_gets_the_place_in_line() -> None:
    async with full() as (bench, another, _, _):
        with bench.turns.stream() as first:
            await bench.take(first)
            behind, heir = another(), another()
            await bench.take(behind)
            bench.turns.hand_over(first, heir)
        assert isinstance(told := await bench.take(heir), Queued)
        assert told.position == 1


async def test_a_fetch_that_fails_frees_its_thread() -> None:
    async with full() as (bench, another, _, taking):

        async def fail(wanted_s: float) -> AudioChunk:
            raise OSError("no more")

        taking[0].cancel()
        await asyncio.wait(taking[:1])
        stream = another()
        with pytest.raises(OSError, match="no more"):
            await bench.turns.take(stream, VOICE, fail, begins=False)
        assert bench.turns.scheduler.active == 1
