"""Pauses that the box or a request asks for, through the core, with a real engine in its host."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np
import pytest

from tests.support.core import Core, running_core
from tts_server.audio.join import SILENCE
from tts_server.events import Audio, Done, DoneReason, Marks, Pauses, SegmentEnded, SpeechEvent, SpeechOptions
from tts_server.markup.segments import TextCutter
from tts_server.synthesis.context import Context
from tts_server.text.linguistic.segment import Pause

BAKER = {"baker": "tts_server.engines.baker.engine:BakerEngine"}


@pytest.fixture
async def core() -> AsyncGenerator[Core]:
    async with running_core() as running:
        yield running


async def said(core: Core, text: str, pauses: Pauses) -> list[SpeechEvent]:
    context: Context = core.synthesizer.open(SpeechOptions(pauses=pauses))
    context.text(text)
    context.end()
    async with aclosing(context.events()) as events:
        return [event async for event in events]


def samples_of(events: list[SpeechEvent]) -> np.ndarray:
    return np.concatenate([event.samples for event in events if isinstance(event, Audio)])


async def test_silence_before_the_first_word_moves_the_marks_and_silence_behind_the_last_is_counted(core: Core) -> None:
    plain = await said(core, "你好。再见。", Pauses())
    edged = await said(core, "你好。再见。", Pauses(lead_ms=250, tail_ms=300))
    rate = 16000
    audio = samples_of(edged)
    assert len(audio) == len(samples_of(plain)) + rate * 550 // 1000
    assert not audio[: rate // 4].any()
    assert not audio[-rate * 3 // 10 :].any()
    assert np.array_equal(audio[rate // 4 : -rate * 3 // 10], samples_of(plain))
    before, after = (
        [item for event in events if isinstance(event, Marks) for item in event.items] for events in (plain, edged)
    )
    assert [(start, end, first + 250, last + 250) for start, end, first, last in before] == after
    ended = [event.samples for event in edged if isinstance(event, SegmentEnded)]
    assert sum(ended) == len(audio) - rate * 3 // 10
    done = edged[-1]
    assert isinstance(done, Done)
    assert done.samples == len(audio)


async def test_nothing_is_added_to_a_text_in_which_nothing_is_said(core: Core) -> None:
    (done,) = await said(core, "……", Pauses(lead_ms=250, tail_ms=300))
    assert isinstance(done, Done)
    assert done.samples == 0


def test_a_line_that_says_something_ends_with_a_pause() -> None:
    cutter = TextCutter(paragraph_ms=700)
    segments = [*cutter.feed("第一行。\n\n\n第二行\n- 第三行。"), *cutter.end()]
    assert [segment.text for segment in segments] == ["第一行。", "第二行", "第三行。"]
    pauses = [[span for span in segment.spans if isinstance(span, Pause)] for segment in segments]
    added = Pause(0, 700, is_added=True)
    assert pauses == [[], [added], [added]]


def test_an_exact_pause_makes_that_of_a_line_end_needless() -> None:
    for text in ("一。[pause:500]\n二。", "一。\n[pause:500]二。"):
        cutter = TextCutter(paragraph_ms=700)
        last = [*cutter.feed(text), *cutter.end()][-1]
        assert [span for span in last.spans if isinstance(span, Pause)] == [Pause(0, 500)]
    cutter = TextCutter(paragraph_ms=700)
    cutter.feed("一。\n[pause:500]")
    cutter.end()
    assert cutter.waiting_pause_ms == 500


def longest_silence_ms(audio: np.ndarray, rate: int) -> float:
    """Of what is not at an edge."""
    loud = np.flatnonzero(np.abs(audio) > SILENCE)
    return 1000 * float(np.diff(loud).max()) / rate


def closing_silence_ms(audio: np.ndarray, rate: int) -> float:
    return 1000 * (len(audio) - 1 - int(np.flatnonzero(np.abs(audio) > SILENCE)[-1])) / rate


async def test_an_exact_pause_stands_in_place_of_the_one_after_a_sentence() -> None:
    async with running_core(engines=BAKER, default_voice="baker", preload=["baker"]) as core:

        async def heard(text: str) -> np.ndarray:
            return samples_of(await said(core, text, Pauses()))

        rate = core.synthesizer.open(SpeechOptions()).sample_rate
        usual = await heard("你好。再见。")
        for ms in (100, 900):
            inside = await heard(f"你好[pause:{ms}]。再见。")
            assert np.array_equal(await heard(f"你好。[pause:{ms}]再见。"), inside)
            assert np.array_equal(await heard(f'<speak><s>你好。</s><break time="{ms}ms"/>再见。</speak>'), inside)
            assert ms <= longest_silence_ms(inside, rate) < ms + 60  # a sound dies away softly, and another begins so
            closed = await heard(f"你好。再见。[pause:{ms}]")
            assert ms - 1 <= closing_silence_ms(closed, rate) < ms + 60
        assert longest_silence_ms(await heard("你好。[pause:100]再见。"), rate) < longest_silence_ms(usual, rate)
        assert len(await heard("你好。再见。[pause:900]")) > len(usual)

        # A pause that is there before its sentence is said may be short, though nothing follows yet.
        waiting: Context = core.synthesizer.open(SpeechOptions())
        waiting.text("你好。[pause:100]再")
        early: list[SpeechEvent] = []
        async with aclosing(waiting.events()) as events:
            async for event in events:
                early.append(event)
                if isinstance(event, SegmentEnded) and not event.index:
                    waiting.text("见。")
                    waiting.end()
        assert 100 <= longest_silence_ms(samples_of(early), rate) < 220

        # Of text that comes later than it could be said, a pause can only grow.
        context: Context = core.synthesizer.open(SpeechOptions())
        context.text("你好。")
        late: list[SpeechEvent] = []
        async with aclosing(context.events()) as events:
            async for event in events:
                late.append(event)
                if isinstance(event, SegmentEnded) and not event.index:
                    context.text("[pause:900]再见。")
                elif isinstance(event, SegmentEnded):
                    context.text("[pause:800]")
                    context.end()
        audio = samples_of(late)
        assert 900 <= longest_silence_ms(audio, rate) < 1000  # the next word begins softly
        assert closing_silence_ms(audio, rate) == pytest.approx(800, abs=2)
        second = next(event for event in late if isinstance(event, Marks) and event.items[0][0] > 2)
        assert second.items[0][2] > 900
        assert isinstance(late[-1], Done)
        assert late[-1].samples == len(audio)


def test_what_is_left_out_is_as_the_box_is_set() -> None:
    box = Pauses(sentence_ms=400, clause_ms=200, paragraph_ms=0, lead_ms=0, tail_ms=100)
    assert Pauses(clause_ms=0, lead_ms=300).over(box) == Pauses(400, 0, 0, 300, 100)


async def test_speech_that_the_box_cuts_off_fades_out(core: Core) -> None:
    context = core.synthesizer.open(SpeechOptions())
    context.text("今天天气真的很好，我们一起去公园散步吧。" * 3)
    context.end()
    heard: list[SpeechEvent] = []
    async with aclosing(context.events()) as events:
        async for event in events:
            heard.append(event)
            if isinstance(event, Audio) and context.state != "cancelling":
                context.preempt()
    *_, last, done = heard
    assert isinstance(done, Done)
    assert done.reason is DoneReason.PREEMPTED
    assert isinstance(last, Audio)
    assert 0 < len(last.samples) <= 160  # 10 ms at 16 kHz
    assert abs(float(last.samples[-1])) < 0.01
    assert done.samples == len(samples_of(heard))
