"""Segments spoken with small real engines; the embedded voices speak in test_mixed_voices.py."""

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest

from tests.support.audio import click, together, tone
from tests.support.engines import voice as voice_facts
from tts_server.audio.level import active_level_dbfs
from tts_server.engine import AudioChunk, Engine, Samples, Timing, Utterance, Voice
from tts_server.engine_host.speech import speak
from tts_server.errors import VoiceUnknown
from tts_server.text.linguistic.segment import Pause, Segment, Style
from tts_server.text.linguistic.utterance import Prosody

SILENT_S = 0.3  # what the engines below leave at both ends
UNIT_S = 0.1
EDGE = 0.02  # above the silence, below the sound


@dataclass
class LanguageEngine:
    """A tone of 0.1 s for each syllable or word, with silence before and after, and a memory of what was asked."""

    voice: Voice
    hertz: float
    peak: float
    asked: list[Utterance] = field(default_factory=list)
    loads: int = 0
    open_generators: int = 0

    @property
    def voices(self) -> Sequence[Voice]:
        return [self.voice]

    def load(self, voice: str) -> None:
        self.loads += 1

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        rate, edge = self.voice.sample_rate, round(SILENT_S * self.voice.sample_rate)
        self.asked.append(utterance)
        self.open_generators += 1
        try:
            samples, timings = self._made(utterance, rate, edge)
            position = 0
            while position < len(samples):
                end = position + round(wanted() * rate)
                told = tuple(timing for timing in timings if position <= timing.first_sample < end)
                yield AudioChunk(samples[position:end], rate, told)
                position = end
        finally:
            self.open_generators -= 1

    def _made(self, utterance: Utterance, rate: int, edge: int) -> tuple[Samples, list[Timing]]:
        units = [unit for run in utterance.runs for unit in run.syllables or run.words]
        size = round(UNIT_S * rate)
        timings = [
            Timing(unit.start, unit.end, edge + index * size, edge + (index + 1) * size)
            for index, unit in enumerate(units)
        ]
        sound = tone(len(units) * UNIT_S, rate, self.hertz, self.peak, phase=1.0)
        pause = sum(run.pause_ms or 0 for run in utterance.runs) * rate // 1000
        return np.pad(sound, (edge, edge + pause)), timings


@dataclass
class House:
    """A Mandarin and an English voice of different rates and levels."""

    zh: LanguageEngine
    en: LanguageEngine

    @property
    def voices(self) -> dict[str, tuple[Engine, Voice]]:
        return {engine.voice.name: (engine, engine.voice) for engine in (self.zh, self.en)}

    def say(self, text: str, voice: str = "zh", wanted: float = 0.05, **spans: object) -> list[AudioChunk]:
        return list(speak(segment(text, *spans.get("spans", ())), voice, self.voices, lambda: wanted))  # type: ignore[misc]


@pytest.fixture
def house() -> House:
    zh = voice_facts("zh", "zh", speaks=("zh",), sample_rate=24000, level_dbfs=-23.0)
    en = voice_facts("en", "en", speaks=("en",), sample_rate=16000, level_dbfs=-29.0, emotions=("neutral",))
    return House(LanguageEngine(zh, 200, 0.1), LanguageEngine(en, 300, 0.05))


def segment(text: str, *spans: Style | Pause) -> Segment:
    return Segment(text, tuple(range(len(text) + 1)), spans)


def sounds(samples: Samples) -> list[tuple[int, int]]:
    """Stretches of sound between silences of at least 20 ms at 24 kHz."""
    loud = np.flatnonzero(np.abs(samples) > 1e-3)
    cuts = np.flatnonzero(np.diff(loud) > 480)
    return list(zip(loud[[0, *(cuts + 1)]].tolist(), (loud[[*cuts, -1]] + 1).tolist(), strict=True))


MIXED = "打开WiFi看看"


def test_each_language_is_said_by_a_voice_that_speaks_it(house: House) -> None:
    house.say(MIXED)
    assert [run.text for utterance in house.zh.asked for run in utterance.runs] == ["打开", "看看"]
    assert [run.text for utterance in house.en.asked for run in utterance.runs] == ["WiFi"]
    assert [utterance.is_last for utterance in house.zh.asked] == [False, True]


def test_an_english_voice_hands_mandarin_to_the_mandarin_voice(house: House) -> None:
    chunks = house.say("打开WiFi", voice="en")
    assert [len(engine.asked) for engine in (house.zh, house.en)] == [1, 1]
    assert {chunk.sample_rate for chunk in chunks} == {16000}


def test_what_one_voice_says_goes_through_untouched(house: House) -> None:
    chunks = house.say("你好，欢迎回家。")
    (asked,) = house.zh.asked
    direct = list(house.zh.synthesize(asked, lambda: 0.05))
    assert np.array_equal(together(chunks), together(direct))
    assert [timing for chunk in chunks for timing in chunk.timings] == [
        timing for chunk in direct for timing in chunk.timings
    ]


def test_an_engine_is_loaded_only_when_it_has_something_to_say(house: House) -> None:
    house.say("你好。")
    assert (house.zh.loads, house.en.loads) == (1, 0)
    house.say("WiFi")
    assert (house.zh.loads, house.en.loads) == (1, 1)


def test_all_audio_comes_at_the_rate_of_the_chosen_voice(house: House) -> None:
    chunks = house.say(MIXED)
    assert {chunk.sample_rate for chunk in chunks} == {24000}
    assert all(len(chunk.samples) for chunk in chunks)
    assert [round((end - start) / 2400) for start, end in sounds(together(chunks))] == [2, 1, 2]


def test_voices_that_change_are_forty_milliseconds_of_silence_on_each_side(house: House) -> None:
    parts = sounds(together(house.say(MIXED)))
    assert [0.07 <= (after[0] - before[1]) / 24000 <= 0.09 for before, after in pairwise(parts)] == [True, True]


@pytest.mark.parametrize(
    ("text", "spans", "gap_s"),
    [
        ("打开，WiFi", (), 0.30),
        ("打开。WiFi", (), 0.45),
        ("打开WiFi", (Pause(2, 500),), 0.58),
        ("打开，WiFi", (Style(0, 7, Prosody(speed=2.0)),), 0.19),
    ],
)
def test_a_pause_between_voices_is_as_long_as_the_text_says(
    house: House, text: str, spans: tuple[Style | Pause, ...], gap_s: float
) -> None:
    (_, end), (start, _) = sounds(together(house.say(text, spans=spans)))
    assert (start - end) / 24000 == pytest.approx(gap_s, abs=0.01)


def test_joins_do_not_click(house: House) -> None:
    samples = together(house.say(MIXED))
    for start, end in sounds(samples):
        assert click(samples, start - 960) < 0.1
        assert click(samples, end + 960) < 0.1


def test_an_engine_that_leaves_no_silence_is_joined_without_a_click(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(__name__ + ".SILENT_S", 0.0)
    samples = together(house.say(MIXED))
    assert [click(samples, at) <= 1.0 for at in (4800, 7200)] == [True, True]


def test_voices_in_one_text_are_equally_loud(house: House) -> None:
    samples = together(house.say(MIXED))
    levels = [active_level_dbfs(samples[start:end], 24000) for start, end in sounds(samples)]
    assert max(levels) - min(levels) < 0.3


def test_english_alone_is_as_loud_as_the_chosen_voice(house: House) -> None:
    assert active_level_dbfs(together(house.say("Come in and have some tea")), 24000) == pytest.approx(-23.0, abs=0.3)
    assert active_level_dbfs(together(house.say("Come in and have some tea", voice="en")), 16000) == pytest.approx(
        -29.0, abs=0.3
    )


@pytest.mark.parametrize("wanted", [0.004, 0.02, 0.1, 5.0])
def test_timings_stand_where_the_sound_is_whatever_the_chunks(house: House, wanted: float) -> None:
    chunks = house.say(MIXED, wanted=wanted)
    timings = [timing for chunk in chunks for timing in chunk.timings]
    assert [(timing.start, timing.end) for timing in timings] == [(0, 1), (1, 2), (2, 6), (6, 7), (7, 8)]
    starts = [start for start, _ in sounds(together(chunks))]
    assert [timings[index].first_sample for index in (0, 2, 3)] == pytest.approx(starts, abs=60)
    assert all(a.last_sample <= b.first_sample + 1 for a, b in pairwise(timings))
    reference = together(house.say(MIXED, wanted=0.05))
    assert len(together(chunks)) == len(reference)
    assert np.abs(together(chunks) - reference).max() < 1e-5


def test_closing_early_closes_the_engine_at_work(house: House) -> None:
    for taken in range(1, 12):
        chunks = speak(segment(MIXED), "zh", house.voices, lambda: 0.1)
        for _ in range(taken):
            next(chunks)
        assert house.zh.open_generators + house.en.open_generators <= 1
        chunks.close()
        assert house.zh.open_generators + house.en.open_generators == 0


def test_audio_starts_before_the_second_voice_is_asked(house: House) -> None:
    chunks = speak(segment(MIXED), "zh", house.voices, lambda: 0.1)
    next(chunks)
    assert (len(house.zh.asked), len(house.en.asked), house.en.loads) == (1, 0, 0)
    chunks.close()


@pytest.mark.parametrize("text", ["", "   ", "。。。", "！？"])
def test_a_segment_with_nothing_to_say_yields_nothing(house: House, text: str) -> None:
    assert house.say(text) == []
    assert (house.zh.loads, house.en.loads) == (0, 0)


def test_a_language_that_no_voice_speaks_is_left_out_with_a_line_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    only_zh = {"zh": (house.zh, house.zh.voice)}
    with caplog.at_level(logging.WARNING):
        chunks = list(speak(segment(MIXED), "zh", only_zh, lambda: 0.1))
    assert [run.text for utterance in house.zh.asked for run in utterance.runs] == ["打开", "看看"]
    assert len(chunks) > 1
    assert ["no voice speaks en" in line for line in caplog.messages] == [True]
    assert "WiFi" not in caplog.text


def test_a_voice_gets_the_nearest_emotion_it_has(house: House) -> None:
    house.say(MIXED, spans=(Style(0, 8, Prosody(emotion="excited", pitch=2.0)),))
    asked = [run.prosody for engine in (house.zh, house.en) for utterance in engine.asked for run in utterance.runs]
    assert [prosody.emotion for prosody in asked] == ["happy", "happy", "neutral"]
    assert {prosody.pitch for prosody in asked} == {2.0}


def test_a_voice_that_is_not_there_is_refused_by_name(house: House) -> None:
    with pytest.raises(VoiceUnknown, match=r"no voice alto here; there is en, zh"):
        house.say("你好", voice="alto")
