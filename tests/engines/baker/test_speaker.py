import re
from itertools import accumulate

import numpy as np
import pytest

from tests.engines.spoken import WEATHER, gaps, run, samples, timings
from tts_server.audio.join import SILENCE
from tts_server.engine import AudioChunk, Prosody, Run
from tts_server.engines.baker import speaker
from tts_server.engines.baker.runtime import Nets
from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.speaker import speak
from tts_server.presets import PRESETS

RATE = VOCODER.sample_rate
OWN_SILENCE_MS = 150  # between two clauses at least


def spoken(nets: Nets, *runs: Run, seconds: float = 0.5) -> list[AudioChunk]:
    return list(speak(nets, runs, lambda: seconds))


@pytest.mark.parametrize("seconds", [0.0, 0.0125, 0.1, 0.33, 1.0])
def test_any_chunks_give_the_samples_and_timings_of_the_whole(nets: Nets, seconds: float) -> None:
    runs = (run(WEATHER), run(WEATHER, Prosody("sad", volume=2.0), start=12))
    whole, streamed = spoken(nets, *runs, seconds=60.0), spoken(nets, *runs, seconds=seconds)
    assert np.abs(samples(streamed) - samples(whole)).max() < 1e-5
    assert timings(streamed) == timings(whole)


@pytest.mark.parametrize("seconds", [0.25, 0.5])
def test_chunks_are_about_as_long_as_the_listener_wants(nets: Nets, seconds: float) -> None:
    first, *others = spoken(nets, run("ma1 " * 30), seconds=seconds)
    assert seconds * RATE <= len(first.samples) <= (seconds + 0.02) * RATE
    assert all(abs(len(chunk.samples) - seconds * RATE) <= 0.02 * RATE for chunk in others[:-1])


def test_the_same_text_gives_the_same_bytes(nets: Nets) -> None:
    once, again = (samples(spoken(nets, run(WEATHER, Prosody("happy")))) for _ in range(2))
    assert once.tobytes() == again.tobytes()


def test_every_syllable_is_timed_before_or_with_the_chunk_it_begins_in(nets: Nets) -> None:
    chunks = spoken(nets, run(WEATHER), run(WEATHER, start=12), seconds=0.1)
    ends = list(accumulate(len(chunk.samples) for chunk in chunks))
    for begin, end, chunk in zip([0, *ends], ends, chunks, strict=False):
        assert all(begin <= timing.first_sample < end for timing in chunk.timings)
    told = timings(chunks)
    assert [(timing.start, timing.end) for timing in told] == [(at, at + 1) for at in range(24)]
    assert all(timing.first_sample < timing.last_sample <= ends[-1] for timing in told)
    assert min(gaps(chunks)) >= 0


def test_the_first_clause_is_heard_before_the_second_is_read(nets: Nets, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    encode = nets.encode
    monkeypatch.setattr(nets, "encode", lambda units: (read.append(len(units)), encode(units))[1])
    stream = speak(nets, (run(WEATHER),), lambda: 0.25)
    next(stream)
    assert len(read) == 1
    assert len(list(stream)) > 1
    assert len(read) == 2


@pytest.mark.parametrize("pause_ms", [120, 350, 1000, 2345])
@pytest.mark.parametrize("prosody", [Prosody(), Prosody("sad", speed=0.7)], ids=["neutral", "sad and slow"])
def test_in_a_pause_that_is_asked_for_nothing_is_heard_for_so_long(nets: Nets, pause_ms: int, prosody: Prosody) -> None:
    said = (run("wan3 fan4 hao3 le5,", prosody, pause_ms=pause_ms), run("ma1 ma5.", prosody, start=4))
    audio = samples(spoken(nets, *said, seconds=60.0))
    loud = np.flatnonzero(np.abs(audio) > SILENCE)
    assert 0 <= 1000 * np.diff(loud).max() / RATE - pause_ms <= 120  # sounds die away, and begin, softly


@pytest.mark.parametrize("speed", [1.6, 2.0, 2.5])
def test_the_voices_own_pause_grows_a_little_where_the_last_sound_takes_longer_to_die_away(
    nets: Nets, speed: float
) -> None:
    chunks = spoken(nets, run("wan3 fan4 hao3 le5, ma1 ma5.", Prosody(speed=speed)))
    grown_ms = gaps(chunks)[3] * 1000 / RATE - max(300 / speed, OWN_SILENCE_MS)
    assert 0 <= grown_ms <= 60


@pytest.mark.parametrize("emotion", PRESETS)
def test_the_last_sound_of_a_clause_dies_away(nets: Nets, emotion: str) -> None:
    audio = samples(spoken(nets, run(f"wan3 fan4 hao3 le5. {WEATHER}", Prosody(emotion)), seconds=60.0))
    frames = np.abs(audio[: len(audio) // 300 * 300]).reshape(-1, 300)
    sound = frames.max(axis=1) > 0
    (ends,) = np.nonzero(sound[:-1] & ~sound[1:])
    assert len(ends)
    loudest = np.sqrt((frames**2).mean(axis=1)).max()
    for end in ends:
        assert np.sqrt((frames[end] ** 2).mean()) < loudest * 10 ** (-30 / 20)


def test_an_empty_run_may_be_a_pause(nets: Nets) -> None:
    (chunk,) = spoken(nets, run("", pause_ms=250))
    assert len(chunk.samples) == RATE // 4
    assert not chunk.samples.any()
    assert spoken(nets) == spoken(nets, run("")) == []


def test_a_comma_pauses_less_than_a_full_stop(nets: Nets) -> None:
    comma, full_stop = (gaps(spoken(nets, run(f"ni3 hao3{sign} ma1 ma5.")))[1] for sign in ",.")
    assert 0.2 * RATE < comma < full_stop < 0.6 * RATE


def test_pauses_are_silent_and_without_clicks(nets: Nets) -> None:
    audio = samples(spoken(nets, run(WEATHER)))
    before, after = timings(spoken(nets, run(WEATHER)))[5:7]
    middle = audio[before.last_sample + 3600 : after.first_sample - 900]
    assert np.abs(middle).max() < 0.003
    assert np.abs(np.diff(middle)).max() < 0.002


@pytest.mark.parametrize("speed", [0.6, 0.8, 1.25, 1.6])
def test_speed_changes_the_length_of_speech_exactly(nets: Nets, speed: float) -> None:
    def length(how: Prosody) -> int:
        told = timings(spoken(nets, run("jin1 tian1 tian1 qi4 hen2 hao3 ma1", how)))
        return told[-1].last_sample - told[0].first_sample

    assert length(Prosody(speed=speed)) == pytest.approx(length(Prosody()) / speed, abs=2 * VOCODER.hop_length)


@pytest.mark.parametrize("volume", [-12.0, -3.0, 1.0])
def test_volume_changes_the_samples_exactly(nets: Nets, volume: float) -> None:
    plain, changed = (samples(spoken(nets, run(WEATHER, Prosody(volume=v)))) for v in (0.0, volume))
    assert np.abs(changed - plain * 10 ** (volume / 20)).max() < 1e-5


@pytest.mark.parametrize("emotion", PRESETS)
@pytest.mark.parametrize("intensity", [1.0, 2.0])
def test_every_emotion_is_heard_and_never_clips(nets: Nets, emotion: str, intensity: float) -> None:
    audio = samples(spoken(nets, run(WEATHER, Prosody(emotion, intensity, volume=6.0))))
    assert np.sqrt((audio**2).mean()) > 0.02
    assert np.abs(audio).max() <= 1.0


@pytest.mark.parametrize(("emotion", "louder", "longer"), [("sad", -1, 1), ("angry", 1, -1)])
def test_level_and_length_follow_the_intensity(nets: Nets, emotion: str, louder: int, longer: int) -> None:
    said = [samples(spoken(nets, run(WEATHER, Prosody(emotion, k)))) for k in (0.0, 0.5, 1.0, 2.0)]
    levels = [louder * float(np.std(audio)) for audio in said]
    lengths = [longer * len(audio) for audio in said]
    assert levels == sorted(levels)
    assert lengths == sorted(lengths)
    assert len({*lengths}) == 4


def test_runs_of_one_clause_are_said_each_in_its_own_way(nets: Nets) -> None:
    def spans(second: Prosody) -> list[int]:
        runs = run("ma1 ma1 ma1 ma1"), run("ma1 ma1 ma1 ma1.", second, start=4)
        return [timing.first_sample for timing in timings(spoken(nets, *runs))]

    plain, slow = spans(Prosody()), spans(Prosody(speed=0.5))
    assert slow[:5] == plain[:5]
    assert slow[7] - slow[4] == pytest.approx(2 * (plain[7] - plain[4]), abs=600)


def test_very_long_and_very_slow_speech_stays_within_what_the_model_can_count(nets: Nets) -> None:
    stream = speak(nets, (run("ma1 " * 30, Prosody("sad", 2.0, speed=0.25)),), lambda: 60.0)
    told = [timing for chunk in stream for timing in chunk.timings]
    assert len(told) == 30
    assert told[-1].last_sample > 30 * RATE  # the model can count 25.6 s


def test_a_long_text_without_any_break_is_spoken_to_its_end(nets: Nets) -> None:
    chunks = spoken(nets, run("ma1 " * 150), seconds=5.0)
    assert len(timings(chunks)) == 150
    assert np.isfinite(samples(chunks)).all()


def test_odd_syllables_are_spoken(nets: Nets) -> None:
    chunks = spoken(nets, run("yai2 qwx r5 ê4 hng5 5 ma1."))
    assert len(timings(chunks)) == 7
    assert np.abs(samples(chunks)).max() > 0.05


@pytest.mark.parametrize(
    ("last", "is_short"), [("le5", True), ("ne5", True), ("le4", False), ("ye5", False), ("ma5", False)]
)
def test_a_final_neutral_vowel_does_not_last_until_it_is_another_sound(
    nets: Nets, monkeypatch: pytest.MonkeyPatch, last: str, is_short: bool
) -> None:
    said = run(f"diao4 an4 {last}.")
    as_it_is = samples(spoken(nets, said))
    monkeypatch.setattr(speaker, "SHORT_END", re.compile("(?!)"))
    usual = samples(spoken(nets, said))
    ends = [np.flatnonzero(np.abs(sound) > 0.1 * np.abs(usual).max())[-1] for sound in (as_it_is, usual)]
    assert 0.005 * RATE < ends[1] - ends[0] < 0.2 * RATE if is_short else np.array_equal(as_it_is, usual)
