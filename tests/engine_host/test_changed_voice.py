"""Emotions made of the signal, for a voice that knows only neutral."""

from collections.abc import Generator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.support.audio import together, tone
from tests.support.engines import voice
from tts_server.engine import AudioChunk, Prosody, Run, Samples, Timing, Utterance
from tts_server.engine_host.changed_voice import speak_changed
from tts_server.presets import PRESETS

RATE = 16000
VOICE = voice("plain", "tone", emotions=tuple(PRESETS), by_signal=tuple(PRESETS)[1:])


class Engine:
    """A second of a 200 Hz tone for each run, faster when asked to be; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Utterance] = []

    def synthesize(self, utterance: Utterance) -> Generator[AudioChunk]:
        self.asked.append(utterance)
        position = 0
        for run in utterance.runs:
            samples = tone(1.0 / run.prosody.speed, RATE, peak=0.1)
            for at in range(0, len(samples), 4000):
                timings = (Timing(run.start, run.end, position, position + len(samples)),) if at == 0 else ()
                yield AudioChunk(samples[at : at + 4000], RATE, timings)
            position += len(samples)


def run(at: int, prosody: Prosody | None = None) -> Run:
    return Run("en", "word", at, at + 4, prosody=prosody or Prosody())


def spoken(*runs: Run, with_level: bool = True) -> tuple[Samples, list[Timing], Engine]:
    engine = Engine()
    chunks = list(speak_changed(Utterance("plain", runs), VOICE, engine.synthesize, with_level=with_level))
    assert all(len(chunk.samples) for chunk in chunks)
    return together(chunks), [timing for chunk in chunks for timing in chunk.timings], engine


def pitch_of(samples: Samples) -> float:
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4]
    padded = np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17)
    return float(np.abs(padded).argmax()) * RATE / (1 << 17)


def test_neutral_speech_goes_through_untouched() -> None:
    samples, timings, engine = spoken(run(0), run(5))
    assert np.array_equal(samples, np.tile(tone(1.0, RATE, peak=0.1), 2))
    assert [timing.first_sample for timing in timings] == [0, RATE]
    assert len(engine.asked) == 1


@pytest.mark.parametrize(("emotion", "sign"), [("happy", 1), ("fear", 1), ("sad", -1), ("serious", -1)])
def test_the_register_moves_with_emotion_and_intensity(emotion: str, sign: int) -> None:
    heard = [pitch_of(spoken(run(0, Prosody(emotion, intensity)))[0]) * sign for intensity in (0.0, 0.5, 1.0)]
    assert all(more > less + 0.5 for less, more in pairwise(heard))


def test_rate_and_level_follow_the_preset_and_level_may_be_left_to_others() -> None:
    neutral = spoken(run(0))[0]
    sad, angry = spoken(run(0, Prosody("sad")))[0], spoken(run(0, Prosody("angry")))[0]
    assert len(angry) < len(neutral) < len(sad)
    assert np.std(sad) < np.std(neutral) * 0.75
    assert np.std(spoken(run(0, Prosody("sad")), with_level=False)[0]) > np.std(sad)


def test_the_engine_is_asked_for_neutral_speech_with_the_rest_of_the_style() -> None:
    *_, engine = spoken(run(0, Prosody("sad", 1.0, speed=1.2, pitch=2.0, volume=-3.0)))
    assert engine.asked[0].runs[0].prosody == Prosody(speed=1.2, volume=-3.0)
    assert pitch_of(spoken(run(0, Prosody(pitch=2.0)))[0]) == pytest.approx(200 * 2 ** (2 / 12), abs=2)


def test_runs_in_different_moods_follow_one_another_and_timings_stay_true() -> None:
    samples, timings, engine = spoken(run(0), run(5, Prosody("sad")), run(10, Prosody("sad")), run(15))
    sad = PRESETS["sad"].duration
    starts = [timing.first_sample / RATE for timing in timings]
    assert starts == pytest.approx([0, 1, 1 + sad, 1 + 2 * sad], abs=0.001)
    assert len(samples) / RATE == pytest.approx(2 + 2 * sad, abs=0.001)
    assert [asked.is_last for asked in engine.asked] == [False, False, True]


def test_being_closed_closes_the_engine() -> None:
    class Closing(Engine):
        closed = False

        def synthesize(self, utterance: Utterance) -> Generator[AudioChunk]:
            try:
                yield from super().synthesize(utterance)
            finally:
                self.closed = True

    for prosody in (Prosody(), Prosody("sad")):
        engine = Closing()
        said = speak_changed(Utterance("plain", (run(0, prosody),)), VOICE, engine.synthesize, with_level=True)
        next(said)
        said.close()
        assert engine.closed


def test_an_emotion_that_is_not_made_of_the_signal_is_left_alone() -> None:
    learned = replace(VOICE, by_signal=())
    engine = Engine()
    said = speak_changed(Utterance("plain", (run(0, Prosody("sad")),)), learned, engine.synthesize, with_level=True)
    assert np.array_equal(together(said), tone(1.0, RATE, peak=0.1))
