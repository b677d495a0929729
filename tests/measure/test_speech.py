"""The measuring itself, on a real core: what a listener hears is counted as it is."""

import os
from dataclasses import replace

import pytest

from tests.support.core import Core, running_core
from tests.support.engines import SAMPLES_PER_CHARACTER
from tts_server.errors import EngineFailed
from tts_server.measure import speech
from tts_server.measure.processor_peak import ProcessorPeak, measure_peak
from tts_server.measure.speech import cpu_seconds, heard_by_one, measure_voice, most_streams

TEXT = "今天天气很好。"
STICK = ProcessorPeak(200e9, True, 100e9)


async def test_a_listener_hears_all_of_it_and_no_gap_when_it_is_made_at_once(core: Core) -> None:
    voice = core.synthesizer.catalogue.choose("tone")
    heard = await heard_by_one(core.synthesizer, voice, TEXT)
    assert heard.audio_s == pytest.approx(6 * SAMPLES_PER_CHARACTER / 16000)
    assert heard.first_s > 0


async def test_a_voice_slower_than_speech_is_heard_with_gaps() -> None:
    async with running_core(engine_settings={"tone": {"rtf": 3.0}}) as core:
        voice = core.synthesizer.catalogue.choose("tone")
        assert (await heard_by_one(core.synthesizer, voice, TEXT)).gap_s > 0.1
        assert await most_streams(core.synthesizer, voice, TEXT) == 0


async def test_a_voice_that_fails_is_no_figure(core: Core) -> None:
    voice = replace(core.synthesizer.catalogue.choose("tone"), name="broken")
    with pytest.raises(EngineFailed):
        await heard_by_one(core.synthesizer, voice, TEXT)


async def test_every_figure_of_a_voice_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "MAX_STREAMS", 8)  # a tone has room for more than a test has time for
    async with running_core() as core:
        voice = core.synthesizer.catalogue.choose("tone")
        figures = {figure.name: figure for figure in await measure_voice(core.synthesizer, voice, 1, STICK)}
    assert list(figures) == [
        "real-time factor",
        "first audio, 10 characters",
        "first audio, 30 characters",
        "first audio, 100 characters",
        "streams without a stutter",
    ]
    assert all(figure.voice == "tone" for figure in figures.values())
    assert figures["first audio, 10 characters"].value > 0
    assert figures["streams without a stutter"].value >= 1


def test_the_time_of_a_process_is_its_cpu_time() -> None:
    before, times = cpu_seconds(os.getpid()), os.times()
    assert before == pytest.approx(times.user + times.system, abs=0.05)


def test_the_yardstick_is_that_of_one_core() -> None:
    peak = measure_peak()
    assert 1e8 < peak.product_flops < 1e12
    assert 1e8 < peak.peak_flops < 2e12
