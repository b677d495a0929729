"""Segments spoken once and heard by all who ask for them: at the same time, later, and after a restart."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.core import Core, CoreLimits, running_core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tts_server.cache.disk import DiskStore, Store
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.errors import EngineFailed
from tts_server.events import Audio, Done, DoneReason, Marks, SpeechEvent, SpeechOptions
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Context, Synthesizer
from tts_server.text.linguistic.segment import Segment

TEXT = "主人，欢迎回家。"
OPTIONS = SpeechOptions(voice="tone", split="sentence")
SLOW = {"engine_settings": {"tone": {"slow_s": 0.05}}}


def caching(core: Core, store: Store | None = None, **settings: float) -> Synthesizer:
    """The core with a cache of its own, empty but for what the store has."""
    turns = Turns(Scheduler(2))
    memory_bytes = int(settings.get("memory_bytes", 2**20))
    max_age_s = settings.get("max_age_s", 1000.0)
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), memory_bytes, max_age_s, store)
    return Synthesizer(core.link, turns, CoreLimits(max_contexts=32), cache=cache)


def opened(synthesizer: Synthesizer, text: str = TEXT, options: SpeechOptions = OPTIONS) -> Context:
    context = synthesizer.open(options)
    context.text(text)
    context.end()
    return context


async def heard(context: Context) -> list[SpeechEvent]:
    async with aclosing(context.events()) as events:
        return [event async for event in events]


async def say(synthesizer: Synthesizer, text: str = TEXT, options: SpeechOptions = OPTIONS) -> list[SpeechEvent]:
    return await heard(opened(synthesizer, text, options))


def audio(events: list[SpeechEvent]) -> bytes:
    samples = [event.samples for event in events if isinstance(event, Audio)]
    return np.concatenate([*samples, np.zeros(0, np.float32)]).tobytes()


def marks(events: list[SpeechEvent]) -> list[tuple[int, int, int, int]]:
    return [item for event in events if isinstance(event, Marks) for item in event.items]


def done(events: list[SpeechEvent]) -> Done:
    assert isinstance(events[-1], Done)
    return events[-1]


def damage(folder: Path) -> None:
    """Turn one bit of the only recording."""
    (kept,) = folder.rglob("*.segment")
    sound = kept.read_bytes()
    kept.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))


@asynccontextmanager
async def writing(cache: SegmentCache) -> AsyncGenerator[None]:
    """The cache's own task at work inside."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(cache.run())
        yield
        task.cancel()


async def test_the_second_time_is_heard_from_memory_and_sounds_the_same(core: Core) -> None:
    synthesizer = caching(core)
    first, second = await say(synthesizer), await say(synthesizer)
    assert audio(second) == audio(first)
    assert marks(second) == marks(first)
    assert (synthesizer.cache.counts.spoken, synthesizer.cache.counts.from_memory) == (1, 1)
    assert done(second).synth_ms == 0


@pytest.mark.parametrize("rate", [8000, 24000])
async def test_one_recording_serves_every_rate(core: Core, rate: int) -> None:
    synthesizer = caching(core)
    await say(synthesizer)
    options = replace(OPTIONS, sample_rate=rate)
    kept, fresh = await say(synthesizer, TEXT, options), await say(core.synthesizer, TEXT, options)
    assert synthesizer.cache.counts.spoken == 1
    assert audio(kept) == audio(fresh)


async def test_marks_are_those_of_the_text_at_hand(core: Core) -> None:
    synthesizer = caching(core)
    await say(synthesizer)
    events = await say(synthesizer, "[neutral]" + TEXT)
    fresh = await say(core.synthesizer, "[neutral]" + TEXT)
    assert synthesizer.cache.counts.spoken == 1
    assert marks(events) == marks(fresh)
    assert marks(events)[0][:2] == (9, 10)


async def test_twenty_at_once_are_spoken_to_once(core: Core) -> None:
    synthesizer = caching(core)
    contexts = [opened(synthesizer) for _ in range(20)]
    async with asyncio.TaskGroup() as tasks:
        hearing = [tasks.create_task(heard(context)) for context in contexts]
    audios = {audio(task.result()) for task in hearing}
    assert synthesizer.cache.counts.spoken == 1
    assert [len(each) for each in audios] == [6 * SAMPLES_PER_CHARACTER * 4]


async def test_whoever_is_slow_holds_up_nobody_and_hears_all_of_it() -> None:
    async with running_core(**SLOW) as core:
        synthesizer = caching(core)
        async with aclosing(opened(synthesizer).events()) as slow:
            taken = [await anext(slow), await anext(slow), await anext(slow)]
            quick = await say(synthesizer)
            taken += [event async for event in slow]
        assert synthesizer.cache.counts.spoken == 1
        assert audio(taken) == audio(quick)


async def test_when_the_first_one_leaves_the_others_hear_the_rest() -> None:
    async with running_core(**SLOW) as core:
        synthesizer = caching(core)
        first, second, third = (opened(synthesizer) for _ in range(3))
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(heard(context)) for context in (second, third)]
            async with aclosing(first.events()) as events:
                async for event in events:
                    if isinstance(event, Audio):
                        first.cancel()
        assert synthesizer.cache.counts.spoken == 1
        assert {len(audio(task.result())) for task in others} == {6 * SAMPLES_PER_CHARACTER * 4}


async def test_everyone_may_leave_at_any_moment_and_one_still_hears_it_whole() -> None:
    async with running_core(**SLOW) as core:
        synthesizer = caching(core)
        contexts = [opened(synthesizer) for _ in range(12)]

        async def leave_after(context: Context, events: int) -> DoneReason:
            async with aclosing(context.events()) as stream:
                async for event in stream:
                    events -= 1
                    if not events:
                        context.cancel()
                    if isinstance(event, Done):
                        return event.reason
            raise AssertionError("no Done")

        async with asyncio.TaskGroup() as tasks:
            leavers = [tasks.create_task(leave_after(context, n)) for n, context in enumerate(contexts[:-1], 1)]
            stays = tasks.create_task(heard(contexts[-1]))
        assert synthesizer.cache.counts.spoken == 1
        assert len(audio(stays.result())) == 6 * SAMPLES_PER_CHARACTER * 4
        assert leavers[0].result() is DoneReason.CANCELLED


async def test_what_nobody_heard_to_the_end_is_not_kept(core: Core) -> None:
    synthesizer = caching(core)
    context = opened(synthesizer)
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Audio):
                context.cancel()
    assert synthesizer.cache.memory_size == 0
    assert len(audio(await say(synthesizer))) == 6 * SAMPLES_PER_CHARACTER * 4
    assert synthesizer.cache.counts.spoken == 2


async def test_a_failure_is_told_to_all_and_not_kept(core: Core) -> None:
    synthesizer = caching(core)
    options = replace(OPTIONS, voice="broken")
    contexts = [opened(synthesizer, TEXT, options) for _ in range(5)]
    async with asyncio.TaskGroup() as tasks:
        hearing = [tasks.create_task(heard(context)) for context in contexts]
    assert {type(done(task.result()).error) for task in hearing} == {EngineFailed}
    assert synthesizer.cache.memory_size == 0
    assert done(await say(synthesizer, TEXT, options)).error is not None
    assert synthesizer.cache.counts.from_memory == 0


async def test_a_restart_finds_it_on_the_disk(core: Core, tmp_path: Path) -> None:
    before = caching(core, DiskStore(tmp_path, 10**6, 1000.0))
    async with writing(before.cache):
        first = await say(before)
        await before.cache.written()
    after = caching(core, DiskStore(tmp_path, 10**6, 1000.0))
    second = await say(after)
    assert audio(second) == audio(first)
    assert marks(second) == marks(first)
    assert (after.cache.counts.spoken, after.cache.counts.from_store) == (0, 1)
    await say(after)
    assert after.cache.counts.from_memory == 1


async def test_a_damaged_file_is_spoken_again_and_made_good(core: Core, tmp_path: Path) -> None:
    before = caching(core, DiskStore(tmp_path, 10**6, 1000.0))
    async with writing(before.cache):
        first = await say(before)
        await before.cache.written()
    damage(tmp_path)
    after = caching(core, DiskStore(tmp_path, 10**6, 1000.0))
    async with writing(after.cache):
        assert audio(await say(after)) == audio(first)
        assert (after.cache.counts.spoken, after.cache.counts.from_store) == (1, 0)
        await after.cache.written()
    again = caching(core, DiskStore(tmp_path, 10**6, 1000.0))
    assert audio(await say(again)) == audio(first)
    assert again.cache.counts.from_store == 1


async def test_what_is_switched_off_keeps_and_shares_nothing(core: Core) -> None:
    contexts = [opened(core.synthesizer) for _ in range(3)]
    async with asyncio.TaskGroup() as tasks:
        for context in contexts:
            tasks.create_task(heard(context))
    assert core.synthesizer.cache.counts.spoken == 3
    assert core.synthesizer.cache.memory_size == 0


async def test_memory_is_bounded_and_the_longest_unused_goes(core: Core) -> None:
    synthesizer = caching(core, memory_bytes=2.5 * (3 * SAMPLES_PER_CHARACTER * 2 + 500))
    for text in ("一二三。", "四五六。", "一二三。", "七八九。"):
        await say(synthesizer, text)
    counts = synthesizer.cache.counts
    assert (counts.spoken, counts.from_memory) == (3, 1)
    await say(synthesizer, "一二三。")
    assert counts.from_memory == 2
    await say(synthesizer, "四五六。")
    assert counts.spoken == 4
    assert synthesizer.cache.memory_size <= 2.5 * (3 * SAMPLES_PER_CHARACTER * 2 + 500)


async def test_what_is_too_old_is_spoken_again(core: Core) -> None:
    synthesizer = caching(core, max_age_s=-1.0)
    await say(synthesizer)
    await say(synthesizer)
    assert synthesizer.cache.counts.spoken == 2


async def test_a_text_too_long_to_be_said_twice_is_not_kept(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_server.cache.single_flight.MAX_SHARED_BYTES", 3 * SAMPLES_PER_CHARACTER)
    synthesizer = caching(core)
    assert len(audio(await say(synthesizer))) == 6 * SAMPLES_PER_CHARACTER * 4
    assert synthesizer.cache.memory_size == 0


async def test_who_takes_over_a_flight_is_credited_with_what_it_has_not_heard_yet(core: Core) -> None:
    """What was made on the turns of one who left is no gift of the one who goes on."""
    turns = Turns(Scheduler(2))
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), 2**20)
    segment, voice = Segment(TEXT, tuple(range(len(TEXT) + 1))), core.link.catalogue.voices[0]
    with turns.stream() as heir:
        with turns.stream() as first:
            source, other = await cache.open(segment, voice, first), await cache.open(segment, voice, heir)
            while await source.next() is not None:
                if turns.in_hand_s(first) > 0.3:
                    break
            source.close()
        assert turns.in_hand_s(heir) == 0
        await other.next()
        assert turns.in_hand_s(heir) > 0
        other.close()
