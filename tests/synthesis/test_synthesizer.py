"""Contexts over a real engine host: states, events, limits, cancel, failures."""

import asyncio
import logging
import os
import signal
from contextlib import aclosing

import numpy as np
import pytest

from tests.support.core import Core, CoreLimits, running_core
from tests.support.engines import RATE, SAMPLES_PER_CHARACTER
from tts_server.errors import (
    BadRequest,
    EngineBusy,
    EngineFailed,
    Preempted,
    ShuttingDown,
    TextBacklog,
    TextTooLong,
    VoiceUnknown,
    WrongState,
)
from tts_server.events import (
    Audio,
    ContextState,
    Done,
    DoneReason,
    Marks,
    SegmentEnded,
    SegmentStarted,
    SpeechEvent,
    SpeechOptions,
)
from tts_server.synthesis.synthesizer import Context

TONE = SpeechOptions(voice="tone")


async def events_of(context: Context) -> list[SpeechEvent]:
    async with aclosing(context.events()) as events:
        return [event async for event in events]


def audio_of(events: list[SpeechEvent]) -> np.ndarray:
    return np.concatenate([event.samples for event in events if isinstance(event, Audio)] or [np.zeros(0, np.float32)])


def done_of(events: list[SpeechEvent]) -> Done:
    done = [event for event in events if isinstance(event, Done)]
    assert len(done) == 1
    assert events[-1] is done[0]
    return done[0]


async def say(core: Core, text: str, options: SpeechOptions = TONE) -> list[SpeechEvent]:
    context = core.synthesizer.open(options)
    context.text(text)
    context.end()
    return await events_of(context)


async def test_a_text_becomes_segments_audio_and_one_done(core: Core) -> None:
    events = await say(core, "今天天气很好。记得带伞。")
    started = [event for event in events if isinstance(event, SegmentStarted)]
    assert [(event.start, event.end) for event in started] == [(0, 7), (7, 12)]
    assert {event.voice for event in started} == {"tone"}
    assert len(audio_of(events)) == 10 * SAMPLES_PER_CHARACTER
    done = done_of(events)
    assert (done.reason, done.error, done.segments, done.chars) == (DoneReason.END, None, 2, 12)
    assert done.samples == 10 * SAMPLES_PER_CHARACTER
    assert done.first_ms is not None


async def test_audio_positions_are_gapless_and_lie_within_their_segments(core: Core) -> None:
    position = 0
    for event in await say(core, "今天天气很好。记得带伞。"):
        if isinstance(event, Audio):
            assert event.position == position
            position += len(event.samples)
        if isinstance(event, SegmentEnded):
            assert position in (6 * SAMPLES_PER_CHARACTER, 10 * SAMPLES_PER_CHARACTER)


async def test_marks_tell_original_positions_in_context_time(core: Core) -> None:
    events = await say(core, "你好。再见。")
    marks = [item for event in events if isinstance(event, Marks) for item in event.items]
    assert [(start, end) for start, end, _, _ in marks] == [(0, 1), (1, 2), (3, 4), (4, 5)]
    assert [start_ms for _, _, start_ms, _ in marks] == [0, 100, 200, 300]


async def test_speech_begins_before_the_text_has_ended(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    context.text("第一句话。第二")
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, SegmentEnded):
                assert context.state is ContextState.SPEAKING
                context.text("句话")
                context.end()
                break
        rest = [event async for event in events]
    assert done_of(rest).segments == 2


async def test_the_states_of_a_context(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    assert context.state is ContextState.OPEN
    context.text("还没有")
    assert context.state is ContextState.BUFFERING
    context.text("完。")
    assert context.state is ContextState.SPEAKING
    context.end()
    assert context.state is ContextState.ENDING
    await events_of(context)
    assert context.state is ContextState.DONE


@pytest.mark.parametrize("call", [lambda c: c.text("更多"), lambda c: c.end(), lambda c: c.restyle(emotion="sad")])
async def test_nothing_is_taken_after_the_end(core: Core, call: object) -> None:
    context = core.synthesizer.open(TONE)
    context.text("好。")
    context.end()
    with pytest.raises(WrongState, match="ending"):
        call(context)  # type: ignore[operator]
    await events_of(context)


async def test_an_emotion_holds_from_its_place_on(core: Core) -> None:
    context = core.synthesizer.open(SpeechOptions(voice="tone", emotion="happy"))
    context.text("太好了，你赢了")
    context.restyle(emotion="sad", intensity=0.5)
    context.text("可是下雨了。")
    context.end()
    started = [event for event in await events_of(context) if isinstance(event, SegmentStarted)]
    said = [(event.emotion, event.intensity, event.start, event.end) for event in started]
    assert said == [("happy", 1.0, 0, 7), ("sad", 0.5, 7, 13)]


async def test_an_emotion_for_one_segment_outlives_a_change_of_speed(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    context.restyle_segment("happy", 0.5)
    context.restyle(speed=1.5)
    context.text("太好了。可是下雨了。")
    context.end()
    started = [event for event in await events_of(context) if isinstance(event, SegmentStarted)]
    assert [(event.emotion, event.intensity) for event in started] == [("happy", 0.5), ("neutral", 1.0)]


async def test_a_context_may_silence_all_others(core: Core) -> None:
    others = [core.synthesizer.open(TONE) for _ in range(2)]
    alarm = core.synthesizer.open(TONE)
    alarm.text("着火了！")
    alarm.end()
    core.synthesizer.preempt(but=alarm)
    for other in others:
        done = done_of(await events_of(other))
        assert done.reason is DoneReason.PREEMPTED
        assert isinstance(done.error, Preempted)
    assert done_of(await events_of(alarm)).reason is DoneReason.END


async def test_an_emotion_changes_the_sound(core: Core) -> None:
    happy = audio_of(await say(core, "你好。", SpeechOptions(voice="tone", emotion="happy")))
    neutral = audio_of(await say(core, "你好。"))
    assert not np.array_equal(happy, neutral)


async def test_another_rate_is_the_same_audio_at_that_rate(core: Core) -> None:
    events = await say(core, "今天天气很好。", SpeechOptions(voice="tone", sample_rate=48000))
    assert len(audio_of(events)) == 6 * SAMPLES_PER_CHARACTER * 48000 // RATE


async def test_cancel_while_waiting_for_text_ends_at_once(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(events_of(context))
        await asyncio.sleep(0)
        context.cancel()
        context.cancel()
    assert done_of(speaking.result()).reason is DoneReason.CANCELLED


async def test_cancel_while_speaking_gives_no_more_audio_but_a_fade(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    context.text("很长的一段话。" * 50)
    context.end()
    after: list[SpeechEvent] = []
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Audio):
                context.cancel()
                break
        after = [event async for event in events]
    assert [type(event) for event in after] == [Audio, Done]
    fade = audio_of(after)
    assert len(fade) <= 0.01 * RATE
    assert abs(fade[-1]) < 0.001
    assert done_of(after).reason is DoneReason.CANCELLED


async def test_who_leaves_with_the_fade_is_told_of_in_the_log(core: Core, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    context = core.synthesizer.open(TONE)
    context.text("很长的一段话。" * 50)
    context.end()
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Audio):
                context.cancel()
                break
        await anext(events)
    assert "end=cancelled" in caplog.text


async def test_cancel_breaks_into_a_chunk_that_takes_long(core: Core) -> None:
    context = core.synthesizer.open(SpeechOptions(voice="stuck"))
    context.text("今天天气很好。")
    context.end()
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Audio):
                break
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        context.cancel()
        after = [await waiting, *[event async for event in events]]
    assert [type(event) for event in after] == [Audio, Done]
    assert done_of(after).reason is DoneReason.CANCELLED


async def test_an_engine_that_fails_ends_its_context_with_an_error_and_no_other(core: Core) -> None:
    broken, good = await asyncio.gather(
        say(core, "今天天气很好，我们去公园。" * 2, SpeechOptions(voice="broken")), say(core, "今天天气很好。")
    )
    assert done_of(broken).reason is DoneReason.ERROR
    assert isinstance(done_of(broken).error, EngineFailed)
    assert done_of(good).reason is DoneReason.END


async def test_a_host_killed_before_anything_was_heard_speaks_the_text_again(core: Core) -> None:
    before = core.link.pid
    assert before is not None
    os.kill(before, signal.SIGSTOP)
    context = core.synthesizer.open(TONE)
    context.text("今天天气很好。")
    context.end()
    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(events_of(context))
        await asyncio.sleep(0)
        os.kill(before, signal.SIGKILL)
    assert len(audio_of(speaking.result())) == 6 * SAMPLES_PER_CHARACTER


async def test_a_crash_in_the_middle_is_an_error_and_the_next_text_speaks(core: Core) -> None:
    done = done_of(await say(core, "今天天气很好，真的很好。", SpeechOptions(voice="crashing")))
    assert isinstance(done.error, EngineFailed)
    await core.link.wait_ready()
    assert done_of(await say(core, "好。")).error is None


@pytest.mark.parametrize("text", ["", "   ", "。。。", "😀", "\u200b"])
async def test_nothing_to_say_ends_without_audio(core: Core, text: str) -> None:
    done = done_of(await say(core, text))
    assert (done.reason, done.error, done.samples) == (DoneReason.END, None, 0)


async def test_letters_that_nobody_reads_are_counted(core: Core) -> None:
    assert done_of(await say(core, "你好，привет。")).skipped == 6
    assert done_of(await say(core, "你好。")).skipped == 0


async def test_text_that_stalls_is_said_after_the_delay() -> None:
    async with running_core(CoreLimits(max_delay_s=0.05)) as core:
        context = core.synthesizer.open(TONE)
        context.text("还没有说完")
        async with aclosing(context.events()) as events:
            seen = [type(await anext(events)) for _ in range(3)]
            assert context.state is ContextState.SPEAKING
        assert seen[0] is SegmentStarted
        assert Audio in seen


async def test_a_context_without_text_ends_as_idle() -> None:
    async with running_core(CoreLimits(context_idle_s=0.05)) as core:
        assert done_of(await events_of(core.synthesizer.open(TONE))).reason is DoneReason.IDLE


async def test_limits_say_what_they_are(core: Core) -> None:
    limits = CoreLimits()
    context = core.synthesizer.open(TONE)
    with pytest.raises(TextTooLong, match="text has 2001 characters; the limit is 2000"):
        context.text("字" * 2001)
    context.text("字" * 2000)
    with pytest.raises(TextBacklog, match="the limit is 3000"):
        context.text("字" * 1500)
    context.close()
    open_now = [core.synthesizer.open(TONE) for _ in range(limits.max_contexts)]
    with pytest.raises(EngineBusy, match="the limit is 16"):
        core.synthesizer.open(TONE)
    for context in open_now:
        context.close()
    assert core.synthesizer.open(TONE).state is ContextState.OPEN


@pytest.mark.parametrize(
    "bad",
    [
        {"speed": 9.0},
        {"speed": float("nan")},
        {"pitch": -99.0},
        {"intensity": 3.0},
        {"volume": 50.0},
        {"sample_rate": 1},
    ],
)
def test_a_control_out_of_range_is_refused_with_its_range(bad: dict[str, float]) -> None:
    with pytest.raises(BadRequest, match=r"it can be"):
        SpeechOptions(**bad)  # type: ignore[arg-type]


async def test_an_unknown_voice_is_refused_at_once(core: Core) -> None:
    with pytest.raises(VoiceUnknown):
        core.synthesizer.open(SpeechOptions(voice="nobody"))


async def test_drain_lets_speech_finish_and_takes_nothing_new(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    context.text("今天天气很好。")
    context.end()
    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(events_of(context))
        await core.synthesizer.drain(10)
    assert done_of(speaking.result()).error is None
    with pytest.raises(ShuttingDown):
        core.synthesizer.open(TONE)


async def test_drain_fails_what_is_not_done_in_time(core: Core) -> None:
    context = core.synthesizer.open(TONE)
    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(events_of(context))
        await core.synthesizer.drain(0.01)
    done = done_of(speaking.result())
    assert isinstance(done.error, ShuttingDown)
