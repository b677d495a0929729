"""A voice slower than real time begins late, and is then heard without a gap."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.core import running_core
from tts_server.engine import AudioChunk, Timing
from tts_server.events import Audio, Done, Marks, SpeechOptions
from tts_server.scheduling.prebuffer import Prebuffer
from tts_server.scheduling.scheduler import CHUNKS_S, Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer

RATE = 1000
TEXT = "今天天气真的很好，我们一起去公园散步吧"
lengths = st.lists(st.floats(0.05, CHUNKS_S[0]), min_size=1, max_size=80)


def segment(lengths_s: Sequence[float]) -> list[AudioChunk]:
    """Chunks of these lengths; the first one tells how long all of them are."""
    sizes = [round(RATE * length) for length in lengths_s]
    timings = (Timing(0, 1, 0, sum(sizes)),)
    return [AudioChunk(np.zeros(size, np.float32), RATE, () if n else timings) for n, size in enumerate(sizes)]


def played(chunks: Sequence[AudioChunk], cost: float, in_hand_s: float) -> tuple[float, float]:
    """(when the first audio is heard, seconds of silence after it), each second of audio taking `cost` to compute."""
    prebuffer, now, plays_until = Prebuffer(cost), 0.0, in_hand_s
    first, gap_s = float("inf"), 0.0
    for number, chunk in enumerate(chunks):
        now += cost * len(chunk.samples) / RATE
        ready = list(prebuffer.feed(chunk, max(0.0, plays_until - now)))
        ready += prebuffer.flush() if number == len(chunks) - 1 else []
        if ready and first == float("inf"):
            first = plays_until = max(now, plays_until)
        for each in ready:
            gap_s += max(0.0, now - plays_until)
            plays_until = max(plays_until, now) + len(each.samples) / RATE
    return first, gap_s


@given(lengths, st.floats(1.001, 4.0), st.floats(0, 2))
def test_who_begins_late_enough_hears_no_gap(lengths_s: list[float], cost: float, in_hand_s: float) -> None:
    _, gap_s = played(segment(lengths_s), cost, in_hand_s)
    assert gap_s == pytest.approx(0.0, abs=1e-6)


@given(lengths, st.floats(1.1, 4.0))
def test_nobody_waits_for_longer_than_all_of_it_takes(lengths_s: list[float], cost: float) -> None:
    first, _ = played(segment(lengths_s), cost, 0.0)
    assert first <= cost * sum(round(RATE * length) for length in lengths_s) / RATE + 1e-6


@given(lengths, st.floats(0.01, 1.0))
def test_a_voice_that_keeps_up_is_heard_at_once(lengths_s: list[float], cost: float) -> None:
    prebuffer = Prebuffer(cost)
    assert all(prebuffer.feed(chunk, 0.0) == [chunk] for chunk in segment(lengths_s))
    assert not prebuffer.flush()


@given(lengths, st.floats(0.05, 2.0))
def test_a_newcomer_in_a_crowd_is_heard_once_it_has_enough(lengths_s: list[float], lasting_s: float) -> None:
    released: list[float] = []
    prebuffer = Prebuffer(0.1, released.append, lambda: lasting_s)
    given_s = [sum(len(each.samples) for each in prebuffer.feed(chunk, 0.0)) / RATE for chunk in segment(lengths_s)]
    given_s.append(sum(len(each.samples) for each in prebuffer.flush()) / RATE)
    first = next(length for length in given_s if length)
    assert released == [pytest.approx(first)]
    assert first >= lasting_s - 1e-6 or first == pytest.approx(sum(given_s))
    assert sum(given_s) == pytest.approx(sum(round(RATE * length) for length in lengths_s) / RATE)


def test_an_engine_that_does_not_tell_the_length_is_heard_at_once() -> None:
    chunk = AudioChunk(np.zeros(100, np.float32), RATE)
    assert list(Prebuffer(2.0).feed(chunk, 0.0)) == [chunk]


async def test_a_slow_voice_is_heard_whole_and_nobody_counts_as_run_dry() -> None:
    tone = {"rtf": 1.2, "tells_all": True}
    async with running_core(engine_settings={"tone": tone}) as core:
        turns = Turns(Scheduler(2))
        turns.scheduler.costs.learn("tone", 1.4, 1.0)
        synthesizer = Synthesizer(core.link, turns, core.synthesizer.limits)
        context = synthesizer.open(SpeechOptions(voice="tone"))
        context.text(TEXT)
        context.end()
        samples, marks, in_hand_s = 0, 0, []
        async for event in context.events():
            match event:
                case Marks():
                    marks += len(event.items)
                case Audio():
                    samples += len(event.samples)
                    in_hand_s.append(turns.in_hand_s(1))
                case Done():
                    assert event.error is None
    assert marks == len(TEXT) - 1  # the comma has no sound
    assert samples == pytest.approx(0.1 * marks * 16_000, abs=1600)
    assert in_hand_s[0] > 2 * CHUNKS_S[0]  # it began with more than a chunk


async def test_in_a_crowd_who_has_more_sentences_to_hear_begins_with_enough() -> None:
    async with running_core() as core:
        turns = Turns(Scheduler(2))
        turns.scheduler.costs.learn("tone", 0.1, 1.0)
        turns.scheduler.costs.learn_first("tone", 0.4)
        synthesizer = Synthesizer(core.link, turns, core.synthesizer.limits)

        async def first_in_hand_s(text: str, stream: int) -> float:
            context = synthesizer.open(SpeechOptions(voice="tone"))
            context.text(text)
            context.end()
            in_hand_s = [turns.in_hand_s(stream) async for event in context.events() if isinstance(event, Audio)]
            return in_hand_s[0]

        alone_s = await first_in_hand_s(f"{TEXT}。{TEXT}。", 1)
        async with asyncio.TaskGroup() as tasks:
            hearing = [tasks.create_task(first_in_hand_s(f"{TEXT}。{TEXT}。", 2 + number)) for number in range(6)]
        assert min(task.result() for task in hearing) > alone_s + 0.1
