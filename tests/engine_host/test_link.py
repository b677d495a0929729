"""The engine host as a real child process: chunks, cancel, failures, restarts."""

import asyncio
import os
import signal

import numpy as np
import pytest

from tests.support.core import Core, running_core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tts_server.audio.limiter import Limiter
from tts_server.engine_host.link import EngineHostLost, RemoteUtterance
from tts_server.errors import EngineFailed, EngineLoading, EngineTimeout
from tts_server.text.linguistic.segment import Segment, Style
from tts_server.text.linguistic.utterance import Prosody

TEXT = "今天天气很好。"


def segment(text: str = TEXT) -> Segment:
    return Segment(text, tuple(range(len(text) + 1)), (Style(0, len(text), Prosody()),))


async def listen(utterance: RemoteUtterance, wanted_s: float = 0.2) -> np.ndarray:
    chunks = []
    while (chunk := await utterance.next_chunk(wanted_s)) is not None:
        chunks.append(chunk.samples)
    return np.concatenate(chunks)


async def test_chunks_come_in_the_length_asked_for_and_add_up(core: Core) -> None:
    with core.link.open(segment(), "tone") as utterance:
        first = await utterance.next_chunk(0.05)
        assert first is not None
        assert len(first.samples) == 800 - Limiter(first.sample_rate).delay
        rest = await listen(utterance, 0.5)
    assert len(first.samples) + len(rest) == 6 * SAMPLES_PER_CHARACTER


async def test_an_engine_that_fails_tells_so_and_the_next_utterance_speaks(core: Core) -> None:
    with core.link.open(segment(), "broken") as utterance, pytest.raises(EngineFailed, match="third chunk"):
        await listen(utterance)
    with core.link.open(segment(), "tone") as utterance:
        assert len(await listen(utterance)) == 6 * SAMPLES_PER_CHARACTER


async def test_an_engine_that_gives_what_cannot_be_sent_costs_no_synthesis_thread() -> None:
    engines = {name: f"tests.support.engines:{name.title()}Engine" for name in ("tone", "unsendable")}
    async with running_core(engines=engines, threads=1) as core:
        with core.link.open(segment(), "unsendable") as utterance, pytest.raises(EngineFailed, match="this text"):
            await utterance.next_chunk(0.1)
        with core.link.open(segment(), "tone") as utterance:
            assert len(await listen(utterance)) == 6 * SAMPLES_PER_CHARACTER


async def test_an_unknown_voice_fails_that_utterance_only(core: Core) -> None:
    with core.link.open(segment(), "nobody") as utterance, pytest.raises(Exception, match="nobody"):
        await utterance.next_chunk(0.1)
    with core.link.open(segment(), "tone") as utterance:
        assert await utterance.next_chunk(0.1) is not None


async def test_a_voice_that_cannot_be_loaded_is_taken_off_the_catalogue() -> None:
    async with running_core(preload=["tone", "missing"]) as core:
        assert "missing" not in [voice.name for voice in core.synthesizer.catalogue.voices]
        assert core.synthesizer.is_ready


async def test_a_killed_host_fails_who_was_speaking_and_comes_back(core: Core) -> None:
    before = core.link.pid
    assert before is not None
    with core.link.open(segment(), "tone") as utterance:
        assert await utterance.next_chunk(0.1) is not None
        os.kill(before, signal.SIGKILL)
        with pytest.raises(EngineHostLost):
            await listen(utterance, 0.01)
    await core.link.wait_ready()
    assert core.link.pid not in (None, before)
    with core.link.open(segment(), "tone") as utterance:
        assert len(await listen(utterance)) == 6 * SAMPLES_PER_CHARACTER


async def test_an_engine_that_hangs_is_given_up_and_the_host_restarted() -> None:
    async with running_core(chunk_timeout_s=0.5) as core:
        with core.link.open(segment(), "stuck") as utterance, pytest.raises(EngineTimeout, match=r"0\.5 s"):
            await listen(utterance)
        await core.link.wait_ready()  # not before the old one is gone: it was killed before the error came
        assert core.link.restarts == 1


async def test_an_engine_that_is_only_slow_is_given_more_each_time_until_it_speaks() -> None:
    async with running_core(chunk_timeout_s=0.25, engine_settings={"tone": {"slow_s": 0.6}}) as core:
        spoken = None
        while spoken is None:
            try:
                with core.link.open(segment(), "tone") as utterance:
                    spoken = await listen(utterance, 1.0)
            except EngineTimeout:
                assert core.link.restarts < 5
                await core.link.wait_ready()
        assert len(spoken) == 6 * SAMPLES_PER_CHARACTER
        assert core.link.restarts >= 1


async def test_an_utterance_left_during_a_chunk_costs_no_synthesis_thread() -> None:
    async with running_core(engine_settings={"tone": {"slow_s": 0.1}}, threads=2) as core:
        for _ in range(4):  # more than there are threads
            with core.link.open(segment(), "tone") as utterance:
                asking = asyncio.ensure_future(utterance.next_chunk(0.1))
                await asyncio.sleep(0)
            asking.cancel()
        with core.link.open(segment(), "tone") as utterance:
            assert len(await listen(utterance, 0.3)) == 6 * SAMPLES_PER_CHARACTER


async def test_a_host_that_never_gets_ready_is_told_as_loading() -> None:
    with pytest.raises(EngineLoading):
        async with running_core(start_timeout_s=0.001):
            pass


async def test_two_utterances_at_once_do_not_disturb_each_other(core: Core) -> None:
    async def speak() -> np.ndarray:
        with core.link.open(segment(), "tone") as utterance:
            return await listen(utterance, 0.03)

    alone = await speak()
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(speak()) for _ in range(2)]
    for task in both:
        np.testing.assert_array_equal(task.result(), alone)


async def test_the_host_ends_with_the_link() -> None:
    async with running_core() as core:
        pid = core.link.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
