import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

import tts_server.engines.heart.engine as engine_module
from tests.support.audio import CLICK, click, together
from tts_server.audio.level import active_level_dbfs
from tts_server.engine import AudioChunk, Break, Prosody, Run, Timing, Utterance, Word
from tts_server.engines.heart.engine import HeartEngine
from tts_server.errors import VoiceUnknown
from tts_server.presets import PRESETS

RATE = 24000
SENTENCE = "The living room is warm and the music is playing."


@pytest.fixture(scope="module")
def heart() -> HeartEngine:
    engine = HeartEngine({})
    engine.load("heart")
    return engine


def run(text: str, prosody: Prosody | None = None, break_after: Break = Break.NONE, pause_ms: int | None = None) -> Run:
    words, start = [], 0
    for written in text.split():
        start = text.index(written, start)
        words.append(Word(written.rstrip(".,!?"), start, start + len(written.rstrip(".,!?"))))
        start += len(written)
    return Run(
        "en", text, 0, len(text), tuple(words), (), prosody or Prosody(), break_after=break_after, pause_ms=pause_ms
    )


def speak(heart: HeartEngine, *runs: Run, wanted: Callable[[], float] = lambda: 0.5) -> list[AudioChunk]:
    return list(heart.synthesize(Utterance("heart", runs), wanted))


def length_s(chunks: list[AudioChunk]) -> float:
    return len(together(chunks)) / RATE


def test_its_voice_says_what_it_is(heart: HeartEngine) -> None:
    (voice,) = heart.voices
    assert (voice.name, voice.engine, voice.language, voice.speaks) == ("heart", "heart", "en-US", ("en",))
    assert (voice.sample_rate, voice.emotions, voice.licence) == (RATE, tuple(PRESETS), "Apache-2.0")


def test_there_is_no_voice_where_hibari_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "find_spec", lambda name: None)
    assert HeartEngine({}).voices == ()


def test_making_the_engine_imports_neither_hibari_nor_onnxruntime() -> None:
    program = (
        "import sys; from tts_server.engines.heart.engine import HeartEngine; assert HeartEngine({}).voices;"
        "sys.exit(bool({'hibari', 'onnxruntime', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_voice_it_does_not_have_is_refused(heart: HeartEngine) -> None:
    with pytest.raises(VoiceUnknown, match="no voice 'baker'"):
        heart.load("baker")


def test_the_stated_level_is_the_level_it_speaks_at(heart: HeartEngine) -> None:
    texts = [SENTENCE, "Python", "Google", "C P U", "Bluetooth speaker", "Your meeting with Robert starts at nine."]
    levels = [active_level_dbfs(together(speak(heart, run(text))), RATE) for text in texts]
    assert levels == pytest.approx([heart.voices[0].level_dbfs] * len(texts), abs=0.2)


def test_the_same_text_gives_the_same_bytes_however_it_is_cut(heart: HeartEngine) -> None:
    text = "Hello there. " + SENTENCE
    whole = together(speak(heart, run(text), wanted=lambda: 60.0))
    assert np.array_equal(together(speak(heart, run(text), wanted=lambda: 0.04)), whole)
    assert np.abs(whole).max() <= 1.0


def test_chunks_are_as_long_as_the_listener_wants(heart: HeartEngine) -> None:
    sizes = [len(chunk.samples) for chunk in speak(heart, run(SENTENCE), wanted=lambda: 0.1)]
    assert set(sizes[:-1]) == {2400}
    assert 480 <= sizes[-1] < 2400 + 480


def test_a_sentence_comes_before_the_next_one_is_computed(heart: HeartEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[str] = []
    runtime = heart._runtime
    assert runtime is not None
    render = runtime.render
    monkeypatch.setattr(
        runtime, "render", lambda phonemes, *rest: (rendered.append(phonemes), render(phonemes, *rest))[1]
    )
    chunks = heart.synthesize(Utterance("heart", (run("Hello there. " + SENTENCE),)), lambda: 0.2)
    next(chunks)
    chunks.close()
    assert len(rendered) == 1


@pytest.mark.parametrize(("speed", "tolerance"), [(0.5, 0.1), (0.8, 0.1), (1.25, 0.1), (2.0, 0.2)])
def test_speed_changes_the_length(heart: HeartEngine, speed: float, tolerance: float) -> None:
    ratio = length_s(speak(heart, run(SENTENCE))) / length_s(speak(heart, run(SENTENCE, Prosody(speed=speed))))
    assert ratio == pytest.approx(speed, rel=tolerance)  # the net rounds each phoneme to 25 ms, and none to less


@pytest.mark.parametrize("volume", [-12.0, 6.0])
def test_volume_changes_the_level_by_as_many_decibels(heart: HeartEngine, volume: float) -> None:
    neutral, changed = (together(speak(heart, run(SENTENCE, Prosody(volume=v)))) for v in (0.0, volume))
    assert active_level_dbfs(changed, RATE) - active_level_dbfs(neutral, RATE) == pytest.approx(volume, abs=0.1)


def test_a_very_loud_voice_stays_within_full_scale(heart: HeartEngine) -> None:
    assert np.abs(together(speak(heart, run(SENTENCE, Prosody(volume=24.0))))).max() <= 1.0


def test_silence_at_the_edges_is_short(heart: HeartEngine) -> None:
    loud = np.flatnonzero(np.abs(samples := together(speak(heart, run(SENTENCE)))) > 0.003)
    assert loud[0] <= 0.041 * RATE
    assert len(samples) - loud[-1] <= 0.041 * RATE


@pytest.mark.parametrize(
    ("break_after", "pause_ms", "pause_s"),
    [
        (Break.NONE, None, 0.0),
        (Break.CLAUSE, None, 0.22),
        (Break.SENTENCE, None, 0.37),
        (Break.SENTENCE, 0, 0.0),
        (Break.NONE, 700, 0.62),  # and the edges, 40 ms each
    ],
)
def test_a_run_takes_the_pause_it_is_given(
    heart: HeartEngine, break_after: Break, pause_ms: int | None, pause_s: float
) -> None:
    with_pause = length_s(speak(heart, run(SENTENCE, None, break_after, pause_ms)))
    assert with_pause - length_s(speak(heart, run(SENTENCE))) == pytest.approx(pause_s, abs=1e-4)


def test_a_pause_that_is_asked_for_at_commas_holds_inside_a_run(heart: HeartEngine) -> None:
    text = "Please come to the kitchen now, and bring the children. Then we eat."
    asked = Prosody(clause_pause_ms=700, sentence_pause_ms=900)
    usual, wanted = (speak(heart, run(text, how)) for how in (None, asked))
    loud = np.flatnonzero(np.abs(together(wanted)) > 0.003)
    silences_ms = sorted(1000 * np.diff(loud)[np.diff(loud) > 0.2 * RATE] / RATE)
    assert silences_ms == pytest.approx([700, 900], abs=5)
    told = [[timing for chunk in chunks for timing in chunk.timings] for chunks in (usual, wanted)]
    assert [(timing.start, timing.end) for timing in told[0]] == [(timing.start, timing.end) for timing in told[1]]


def test_runs_and_sentences_follow_each_other_without_clicks(heart: HeartEngine) -> None:
    first, second = speak(heart, run("Hello there.")), speak(heart, run(SENTENCE))
    both = together(speak(heart, run("Hello there."), run(SENTENCE)))
    assert np.array_equal(both, np.concatenate([together(first), together(second)]))
    assert click(both, len(together(first))) < CLICK / 10


def test_words_are_told_when_they_are_heard(heart: HeartEngine) -> None:
    text = "It is 2024. The C P U is warm."
    chunks = speak(heart, run("Hi."), run(text), wanted=lambda: 0.1)
    timings = [timing for chunk in chunks for timing in chunk.timings]
    assert [(t.start, t.end) for t in timings] == [(0, 2), *((w.start, w.end) for w in run(text).words)]
    assert all(t.first_sample < t.last_sample for t in timings)
    assert all(a.last_sample <= b.first_sample for a, b in pairwise(timings))
    assert timings[1].first_sample >= length_s(speak(heart, run("Hi."))) * RATE
    assert timings[-1].last_sample <= len(together(chunks))
    position = 0
    for chunk in chunks:
        end = position + len(chunk.samples)
        assert all(position <= timing.first_sample < end for timing in chunk.timings)
        position = end


def test_a_silence_between_sentences_is_in_no_word(heart: HeartEngine) -> None:
    chunks = speak(heart, run("Open the door. Close it."))
    samples, timings = together(chunks), [timing for chunk in chunks for timing in chunk.timings]
    door, close = timings[2], timings[3]
    gap = samples[door.last_sample : close.first_sample]
    assert len(gap) >= 0.25 * RATE
    assert isinstance(door, Timing)
    assert np.abs(gap).max() < 0.05


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("Is it open？", "Is it open?"),
        ("It is。Come in！", "It is. Come in!"),
        ("Bread，milk、tea", "Bread, milk, tea"),
    ],
)
def test_chinese_marks_are_read_as_english_ones(heart: HeartEngine, chinese: str, english: str) -> None:
    assert np.array_equal(together(speak(heart, run(chinese))), together(speak(heart, run(english))))


@pytest.mark.parametrize("text", ["", " ", "。", "\x00", "[x](/y/)", "'" * 30, "a" * 3000])
def test_odd_texts_end_without_an_error(heart: HeartEngine, text: str) -> None:
    assert np.isfinite(together(speak(heart, run(text)))).all()


def test_no_at_the_end_of_a_sentence_is_no_number(heart: HeartEngine) -> None:
    assert heart._runtime is not None
    assert "nˈʌmbəɹ" not in " ".join(heart._runtime.phonemes("I said no. Sorry, no."))
