"""limits.when_full = "refuse": at every door a newcomer for whom there is no room is told so at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing

import pytest

from tests.support.core import Core, CoreLimits, running_core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tests.support.http_door import open_door
from tests.support.websocket_peer import peer_of
from tests.transports.wyoming.peers import connected, serving
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.engine import AudioChunk
from tts_server.errors import EngineBusy
from tts_server.events import Audio, Done, DoneReason, Queued, SpeechEvent, SpeechOptions
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.text.linguistic.segment import Segment

LONG = "今天天气不错，我们出去走走，晚上再回家吃饭吧。"


@asynccontextmanager
async def full(text: str = LONG) -> AsyncGenerator[tuple[Core, "asyncio.Task[list[SpeechEvent]]"]]:
    """A box with room for one text, which is being spoken."""
    limits = CoreLimits(when_full="refuse")
    async with running_core(limits, engine_settings={"tone": {"rtf": 0.5}}, threads=1) as core:
        core.synthesizer._turns.scheduler.costs.learn("tone", 50.0, 100.0)
        began = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            speaking = tasks.create_task(speak(core.synthesizer, text, began=began))
            await began.wait()
            yield core, speaking


async def speak(
    synthesizer: Synthesizer, text: str, began: asyncio.Event | None = None, priority: int = 0
) -> list[SpeechEvent]:
    context = synthesizer.open(SpeechOptions(priority=priority))
    context.text(text)
    context.end()
    events = []
    async for event in context.events():
        events.append(event)
        if began is not None and isinstance(event, Audio):
            began.set()
    return events


def ended(events: list[SpeechEvent]) -> Done:
    assert isinstance(events[-1], Done)
    return events[-1]


async def test_each_door_refuses_at_once_and_the_one_inside_is_heard_to_its_end() -> None:
    async with full(LONG + LONG) as (core, speaking):
        async with asyncio.timeout(10), open_door(core) as door, serving(core) as wyoming:
            for form in ("wav", "mp3", "json"):
                answer = await door.client.post("/api/tts", json={"text": "你好。", "format": form})
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert answer.json()["error"]["code"] == "engine_busy"
            told = {"input": "你好。", "model": "tts-1", "voice": "tone", "stream_format": "sse"}
            assert '"engine_busy"' in (await door.client.post("/v1/audio/speech", json=told)).text
            async with peer_of(door) as peer:
                await peer.send("text", text="你好。", end=True)
                assert (await peer.wait_for("done"))["error"]["code"] == "engine_busy"
            async with connected(wyoming.port) as home:
                await home.send("synthesize", text="你好。")
                assert (await home.read_until("error"))[-1].data["code"] == "engine_busy"
        assert not speaking.done()
        assert ended(await speaking).reason is DoneReason.END
        assert ended(await speak(core.synthesizer, "你好。")).reason is DoneReason.END


async def test_what_is_in_no_hurry_waits_in_line() -> None:
    async with full() as (core, speaking):
        assert ended(await speak(core.synthesizer, "你好。", priority=-1)).reason is DoneReason.END
        assert speaking.done()


async def test_by_default_all_wait_in_line() -> None:
    async with full() as (core, _):
        core.synthesizer.reconfigure(CoreLimits(), "neutral", core.synthesizer._style)
        assert ended(await speak(core.synthesizer, "你好。")).reason is DoneReason.END


async def test_a_refused_newcomer_does_not_take_its_speech_along() -> None:
    """Somebody else who was heard already wants the same sentence, and waits for it: it is spoken for that one."""
    async with full() as (core, speaking):
        turns = core.synthesizer._turns
        cache = SegmentCache(core.link, turns, KeyMaker({}, {}), 2**20)
        segment, voice = Segment("你好。", (0, 1, 2, 3)), core.link.catalogue.voices[0]
        with turns.stream() as newcomer, turns.stream() as known:
            turns.credit_audio(known, 0.1)
            with closing(await cache.open(segment, voice, newcomer)) as refused:
                heard = await cache.open(segment, voice, known)
                assert cache.counts.joined == 1
                with pytest.raises(EngineBusy):
                    await refused.next()
            with closing(heard):
                assert isinstance(await heard.next(), Queued)
                await speaking
                chunks = []
                while (chunk := await heard.next()) is not None:
                    chunks += [chunk] if isinstance(chunk, AudioChunk) else []
        assert sum(len(chunk.samples) for chunk in chunks) == 2 * SAMPLES_PER_CHARACTER


async def test_load_is_told_in_shares_of_the_room() -> None:
    async with full() as (core, speaking), open_door(core) as door:
        waiting = asyncio.create_task(speak(core.synthesizer, "你好。", priority=-1))
        await asyncio.sleep(0)
        text = (await door.client.get("/metrics")).text
        assert "tts_load_ratio 2.0" in text
        assert "tts_draining 0.0" in text
        await asyncio.wait([speaking, waiting])
        await core.synthesizer.drain(1.0)
        assert "tts_draining 1.0" in (await door.client.get("/metrics")).text
