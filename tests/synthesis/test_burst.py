"""Many ask at once and most of them change their minds: every one ends, and nothing stays behind."""

import asyncio
import os
import random
from contextlib import aclosing

from tests.support.core import Core, CoreLimits, running_core
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.events import Done, DoneReason, SpeechOptions
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Context, Synthesizer

REQUESTS, LEAVE, BURSTS = 60, 45, 2
TEXTS = ("今天天气很好。", "记得带伞。", "主人，欢迎回家。", "请把灯关掉。")


async def heard(context: Context, leaves_after: int | None) -> Done:
    """To the end, or until so many events have come."""
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Done):
                return event
            if leaves_after is not None:
                leaves_after -= 1
                if leaves_after < 0:
                    context.cancel()
    raise AssertionError("a context always ends with Done")


async def burst(synthesizer: Synthesizer, dice: random.Random) -> list[Done]:
    """A cancel comes before, amid or behind the audio; some of those who leave just stop listening."""
    leaving = dice.sample(range(REQUESTS), LEAVE)
    async with asyncio.TaskGroup() as tasks:
        hearing = []
        for number in range(REQUESTS):
            options = SpeechOptions(voice="tone", client=str(number % 5), priority=dice.choice((-1, 0, 0, 1)))
            context = synthesizer.open(options)
            context.text(dice.choice(TEXTS) + dice.choice(TEXTS))
            context.end()
            after = dice.randrange(8) if number in leaving else None
            hearing.append(tasks.create_task(heard(context, after)))
            if dice.random() < 0.2:
                await asyncio.sleep(0)
        for task in hearing:
            if dice.random() < 0.1 and hearing.index(task) in leaving:
                task.cancel()
    return [task.result() for task in hearing if not task.cancelled()]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def synthesizer_of(core: Core, keys: KeyMaker | None) -> tuple[Synthesizer, Turns]:
    turns = Turns(Scheduler(2))
    limits = CoreLimits(max_contexts=REQUESTS)
    return Synthesizer(core.link, turns, limits, cache=SegmentCache(core.link, turns, keys)), turns


async def test_a_burst_of_which_most_leave_ends_for_everyone_and_leaves_nothing_behind() -> None:
    async with running_core(engine_settings={"tone": {"slow_s": 0.002}}) as core:
        dice = random.Random(11)
        for keys in (None, KeyMaker({}, {})):  # each for himself, and sharing
            synthesizer, turns = synthesizer_of(core, keys)
            await burst(synthesizer, dice)
            tasks, files = len(asyncio.all_tasks()), open_files()
            for _ in range(BURSTS):
                done = await burst(synthesizer, dice)
                assert {each.reason for each in done} == {DoneReason.END, DoneReason.CANCELLED}
                assert sum(each.reason is DoneReason.END for each in done) >= REQUESTS - LEAVE
                assert all(each.error is None for each in done)
                assert (synthesizer.active, turns.scheduler.active, turns.queued) == (0, 0, 0)
                assert len(asyncio.all_tasks()) == tasks
                assert open_files() == files
