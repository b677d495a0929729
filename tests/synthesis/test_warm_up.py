"""What the core does of its own accord: it measures its voices, and speaks the warm list."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.support.core import ENGINES, Core, CoreLimits, running_core
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.errors import EngineFailed
from tts_server.events import SpeechOptions
from tts_server.scheduling.measured_cost import UNMEASURED_RTF
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.synthesis.warm_up import calibrate, prepare


async def test_a_voice_is_measured_by_letting_it_speak() -> None:
    async with running_core(engine_settings={"tone": {"slow_s": 0.02}}) as core:
        turns = Turns(Scheduler(2))
        rtf = await calibrate(core.link, turns, core.synthesizer.catalogue.choose("tone"))
    assert turns.scheduler.costs.measured == ["tone"]
    assert rtf == turns.scheduler.costs.of("tone").rtf != UNMEASURED_RTF
    assert rtf >= 0.02  # at most a second for each 0.02 s of work


async def test_a_voice_that_fails_is_not_measured(core: Core) -> None:
    with pytest.raises(EngineFailed):
        await calibrate(core.link, Turns(Scheduler(2)), core.synthesizer.catalogue.choose("broken"))


async def test_the_warm_list_is_there_when_it_is_asked_for_and_faults_are_told(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    turns = Turns(Scheduler(2))
    cache = SegmentCache(core.link, turns, KeyMaker({}, {}), memory_bytes=2**20)
    synthesizer = Synthesizer(core.link, turns, CoreLimits(max_text_chars=20), cache=cache)
    told = asyncio.Event()
    caplog.handler.addFilter(lambda record: "in advance" not in record.msg or told.set() is None)
    texts = [("主人，欢迎回家。", SpeechOptions(emotion="happy")), ("长" * 21, SpeechOptions())]
    async with asyncio.TaskGroup() as tasks:
        preparing = tasks.create_task(
            prepare(synthesizer, core.link, turns, ["default", "missing", "nobody"], lambda: texts)
        )
        await told.wait()
        preparing.cancel()
    assert cache.counts.spoken >= 1
    assert cache.memory_size > 0
    assert turns.scheduler.costs.measured == ["tone"]
    assert "nobody" in caplog.text
    assert "of 21 characters" in caplog.text
    assert "长" not in caplog.text


async def test_a_daemon_that_stops_tells_nothing_of_what_it_has_not_spoken(
    core: Core, caplog: pytest.LogCaptureFixture
) -> None:
    await core.synthesizer.drain(1)
    asked = asyncio.Event()
    texts = [("主人，欢迎回家。", SpeechOptions())]
    turns = Turns(Scheduler(2))
    with caplog.at_level(logging.WARNING):
        preparing = asyncio.create_task(
            prepare(core.synthesizer, core.link, turns, [], lambda: texts if asked.set() is None else [])
        )
        await asked.wait()
        await core.synthesizer.wait_idle()
        for _ in range(5):  # as many steps as the text takes to be refused
            await asyncio.sleep(0)
        preparing.cancel()
    assert caplog.text == ""


async def test_a_host_without_a_voice_is_waited_for_and_the_loop_goes_on() -> None:
    engines = {"missing": ENGINES["missing"]}
    async with running_core(engines=engines, default_voice="missing", preload=["missing"]) as core:
        assert not core.link.is_ready
        turns = Turns(Scheduler(2))
        preparing = asyncio.create_task(prepare(core.synthesizer, core.link, turns, ["default"], lambda: []))
        for _ in range(3):  # as many steps as it takes to come to a wait
            await asyncio.sleep(0)
        assert not preparing.done()
        preparing.cancel()
        await asyncio.wait([preparing])


async def test_a_voice_that_becomes_the_default_later_is_measured_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "voices"
    file.write_text("", encoding="utf-8")
    engines = {"tone": ENGINES["tone"], "changing": "tests.engine_host.changing_engine:ChangingEngine"}
    settings = {"changing": {"list": str(file), "loaded": str(tmp_path / "loaded")}}
    measured: asyncio.Queue[str] = asyncio.Queue()
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(lambda record: "have room" not in record.msg or not measured.put_nowait(record.args[0]))
    async with running_core(engines=engines, engine_settings=settings, default_voice="", preload=["default"]) as core:
        turns = Turns(Scheduler(2))
        synthesizer = Synthesizer(core.link, turns, CoreLimits())
        async with asyncio.TaskGroup() as tasks:
            preparing = tasks.create_task(prepare(synthesizer, core.link, turns, ["default"], list))
            assert await measured.get() == "tone"
            file.write_text("zhida", encoding="utf-8")
            core.link.reload()
            assert await measured.get() == "zhida"
            preparing.cancel()
    assert turns.scheduler.costs.measured == ["tone", "zhida"]
