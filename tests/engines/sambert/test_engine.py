import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.engines.spoken import run, samples, speak, timings
from tts_server.engine import Engine, Prosody, Run, Utterance, Word
from tts_server.engines.sambert.engine import SambertEngine
from tts_server.engines.sambert.export.cases import Case, decoder_inputs_of, source_of, streamed
from tts_server.engines.sambert.packs.pack import Pack
from tts_server.engines.sambert.runtime import graphs as runtime
from tts_server.errors import ConfigInvalid, VoiceUnknown

HELLO = "ni3 hao3/ jin1 tian1 tian1 qi4/ hen3 hao3."


@pytest.fixture(scope="module")
def packs(pack_of: Callable[[str], Pack], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packs: three that can speak, one of bytes that cannot."""
    folder = tmp_path_factory.mktemp("installed")
    for voice in ("tiny_16k", "tiny_nsf_24k", "tiny_se_nsf_global_16k", "tiny_mas_byte_16k"):
        shutil.copytree(pack_of(voice).folder, folder / voice)
    manifest = folder / "tiny_16k" / "manifest.json"
    settings = json.loads(manifest.read_text(encoding="utf-8"))
    settings["emotions"] = {"neutral": "neutral", "happy": "happy", "disgust": "hate"}
    manifest.write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def sambert(packs: Path) -> SambertEngine:
    engine = SambertEngine({"voices_dir": str(packs)})
    engine.load("tiny_16k")
    return engine


@pytest.mark.parametrize("settings", [{}, {"voices_dir": "/nowhere"}])
def test_without_packs_it_has_no_voices(settings: dict[str, str]) -> None:
    engine: Engine = SambertEngine(settings)
    assert engine.voices == ()
    with pytest.raises(VoiceUnknown, match="it has none"):
        engine.load("zhitian_emo")


def test_each_speaker_of_a_pack_is_a_voice(sambert: SambertEngine) -> None:
    names = [voice.name for voice in sambert.voices if voice.name.startswith("tiny_16k")]
    assert names == ["tiny_16k", *(f"tiny_16k-{name}" for name in ("F74", "FBYN", "FRXL", "M7", "xiaoyu"))]
    voices = {voice.name: voice for voice in sambert.voices}
    assert voices["tiny_16k"].emotions == ("neutral", "happy", "disgust")
    assert voices["tiny_16k"].speaks == ("zh", "en")
    assert voices["tiny_16k"].revision.startswith("local+")
    assert (voices["tiny_16k"].sample_rate, voices["tiny_nsf_24k"].sample_rate) == (16_000, 24_000)


def test_a_pack_with_a_speakers_vector_is_one_voice(sambert: SambertEngine) -> None:
    (name,) = [voice.name for voice in sambert.voices if voice.name.startswith("tiny_se")]
    assert len(samples(list(sambert.synthesize(Utterance(name, (run(HELLO),)), lambda: 0.2))))


def test_a_pack_that_cannot_be_used_is_passed_over(sambert: SambertEngine, packs: Path, tmp_path: Path) -> None:
    assert not any("byte" in voice.name for voice in sambert.voices)
    shutil.copytree(packs / "tiny_16k", tmp_path / "damaged")
    shutil.copytree(packs / "tiny_nsf_24k", tmp_path / "whole")
    with (tmp_path / "damaged/step.onnx").open("ab") as graph:
        graph.write(b"more")
    assert {voice.name for voice in SambertEngine({"voices_dir": tmp_path}).voices} >= {"tiny_nsf_24k"}
    assert not any(voice.name == "tiny_16k" for voice in SambertEngine({"voices_dir": tmp_path}).voices)


def test_speaking_imports_neither_torch_nor_onnx_nor_yaml(packs: Path) -> None:
    program = (
        "import sys; from tts_server.engines.sambert.engine import SambertEngine;"
        "engine = SambertEngine({'voices_dir': sys.argv[1]}); assert 'onnxruntime' not in sys.modules;"
        "engine.load('tiny_16k'); assert 'onnxruntime' in sys.modules;"
        "sys.exit(bool({'torch', 'onnx', 'yaml', 'scipy', 'modelscope'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program, str(packs)], check=False).returncode == 0


@pytest.mark.parametrize("voice", ["tiny_16k", "tiny_nsf_24k", "tiny_se_nsf_global_16k"])
def test_short_texts_and_chunks_leave_nothing_in_the_journal(
    sambert: SambertEngine, capfd: pytest.CaptureFixture[str], voice: str
) -> None:
    for pinyin in ("a1.", "ni3 hao3."):
        for seconds in (0.0, 0.02, 60.0):
            assert list(sambert.synthesize(Utterance(voice, (run(pinyin),)), lambda seconds=seconds: seconds))
    assert "".join(capfd.readouterr()) == ""


def test_any_wanted_length_gives_the_same_samples(sambert: SambertEngine) -> None:
    whole = samples(speak(sambert, run(HELLO), wanted=lambda: 60.0))
    assert len(whole) > 16_000 // 4
    for seconds in (0.0, 0.05, 0.3):
        chunked = samples(speak(sambert, run(HELLO), wanted=lambda seconds=seconds: seconds))
        assert np.abs(chunked - whole).max() < 1e-4


def test_every_syllable_has_its_place_before_its_audio(sambert: SambertEngine) -> None:
    chunks = speak(sambert, run(HELLO), wanted=lambda: 0.1)
    assert len(chunks[0].timings) == 8
    assert all(not chunk.timings for chunk in chunks[1:])
    found = timings(chunks)
    assert [(timing.start, timing.end) for timing in found] == [(index, index + 1) for index in range(8)]
    assert all(a.first_sample <= a.last_sample <= b.first_sample for a, b in pairwise(found))
    assert found[0].first_sample == 0
    assert found[-1].last_sample <= len(samples(chunks))


def test_timings_of_a_second_sentence_count_from_the_start_of_the_utterance(sambert: SambertEngine) -> None:
    first, second = run("ni3 hao3.", pause_ms=100), run("zai4 jian4.", start=2)
    chunks = speak(sambert, first, second)
    alone = samples(speak(sambert, first))
    assert timings(chunks)[2].first_sample == len(alone)


def test_english_words_are_said_too(sambert: SambertEngine) -> None:
    word = Word("WiFi", 0, 4, phones="W AY1 . F AY0")
    chunks = speak(sambert, Run("en", "WiFi", 0, 4, (word,)))
    assert len(samples(chunks))
    assert [(timing.start, timing.end) for timing in timings(chunks)] == [(0, 4)]


def test_speed_scales_durations(sambert: SambertEngine) -> None:
    usual, fast, slow = (len(samples(speak(sambert, run(HELLO, Prosody(speed=speed))))) for speed in (1.0, 2.0, 0.5))
    assert fast < 0.7 * usual < usual < 0.7 * slow


@pytest.mark.parametrize("pause_ms", [0, 50, 400, 1500])
def test_a_pause_that_is_asked_for_is_silent_for_so_long(sambert: SambertEngine, pause_ms: int) -> None:
    audio = samples(speak(sambert, run("ni3 hao3.", pause_ms=pause_ms)))
    silence = len(audio) - 1 - int(np.flatnonzero(audio)[-1])
    assert abs(silence - pause_ms * 16) <= 400  # the last frames, quiet as they are, count too


@pytest.mark.parametrize("pause_ms", [None, 0, 300])
@pytest.mark.parametrize("wanted", [0.0, 0.3])
def test_a_sentence_neither_begins_nor_ends_with_a_step(
    sambert: SambertEngine, pause_ms: int | None, wanted: float
) -> None:
    """The reference's weights are random: its frames never become quiet."""
    audio = samples(speak(sambert, run(HELLO, pause_ms=pause_ms), wanted=lambda: wanted))
    (sound,) = np.nonzero(audio)
    usual = np.sqrt(np.mean(audio[sound[0] : sound[-1]] ** 2))
    assert abs(audio[sound[0]]) < usual / 5
    assert np.sqrt(np.mean(audio[sound[-1] - 200 : sound[-1]] ** 2)) < usual * 10 ** (-30 / 20)


def test_a_question_sounds_unlike_a_statement(sambert: SambertEngine) -> None:
    said = run(HELLO)
    *others, last = said.syllables
    asked = replace(said, syllables=(*others, replace(last, punctuation="？")))
    before, after = (samples(speak(sambert, how)) for how in (said, asked))
    assert not np.array_equal(before[-4000:], after[-4000:])


def test_a_run_of_nothing_but_a_pause_is_silence(sambert: SambertEngine) -> None:
    (chunk,) = speak(sambert, Run("zh", "", 0, 0, pause_ms=250))
    assert len(chunk.samples) == 4000
    assert not chunk.samples.any()


def test_volume_scales_what_it_covers_and_nothing_else(sambert: SambertEngine) -> None:
    first, second = "ni3 hao3/", "zai4 jian4."
    usual = speak(sambert, run(first), run(second, start=2))
    soft = speak(sambert, run(first), run(second, Prosody(volume=-12.0), start=2))
    second_at = timings(usual)[2].first_sample
    before, after = slice(0, second_at - 400), slice(second_at + 400, timings(usual)[-1].last_sample - 400)
    assert np.array_equal(samples(usual)[before], samples(soft)[before])
    assert np.allclose(samples(usual)[after] * 10 ** (-12 / 20), samples(soft)[after], atol=1e-6)


def test_emotion_and_pitch_change_the_sound(sambert: SambertEngine) -> None:
    spoken = [
        samples(speak(sambert, run(HELLO, how)))
        for how in (Prosody(), Prosody("happy"), Prosody("happy", 0.5), Prosody("disgust"), Prosody(pitch=4.0))
    ]
    assert len({part.tobytes() for part in spoken}) == len(spoken)


def test_an_emotion_of_intensity_zero_is_neutral(sambert: SambertEngine) -> None:
    assert np.array_equal(
        samples(speak(sambert, run(HELLO, Prosody("happy", 0.0)))), samples(speak(sambert, run(HELLO)))
    )


def test_pauses_take_the_emotion_when_a_setting_says_so(sambert: SambertEngine, packs: Path) -> None:
    with_it = SambertEngine({"voices_dir": str(packs), "emotion_on_breaks": True})
    happy, half = run(HELLO, Prosody("happy")), run(HELLO, Prosody("happy", 0.5))
    spoken = [samples(speak(engine, said)) for engine in (sambert, with_it) for said in (happy, half)]
    assert len({part.tobytes() for part in spoken}) == 4


def test_an_emotion_holds_for_its_run(sambert: SambertEngine) -> None:
    mixed = samples(speak(sambert, run("ni3 hao3/", Prosody("happy")), run("zai4 jian4.", start=2)))
    happy = samples(speak(sambert, run("ni3 hao3/", Prosody("happy")), run("zai4 jian4.", Prosody("happy"), start=2)))
    assert mixed.tobytes() != happy.tobytes()


def test_two_utterances_at_once_sound_as_each_alone(sambert: SambertEngine) -> None:
    asked = [
        Utterance("tiny_16k", (run(HELLO, Prosody("happy")),)),
        Utterance("tiny_16k-M7", (run(HELLO, Prosody("disgust", 1.5)),)),
        Utterance("tiny_nsf_24k", (run(HELLO),)),
    ]
    alone = [samples(list(sambert.synthesize(utterance, lambda: 0.1))) for utterance in asked]
    with ThreadPoolExecutor(3) as pool:
        together = list(
            pool.map(lambda utterance: samples(list(sambert.synthesize(utterance, lambda: 0.1))), asked * 2)
        )
    assert all(np.array_equal(a, b) for a, b in zip(alone * 2, together, strict=True))
    assert not np.array_equal(alone[0], alone[1])


@pytest.mark.parametrize(("device", "said"), [("cuda", "cannot use it"), ("tpu", "cpu or cuda")])
def test_a_device_that_is_not_there_is_named(packs: Path, device: str, said: str) -> None:
    if device == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        device, said = "cuda:9", "cpu or cuda"
    with pytest.raises(ConfigInvalid, match=said):
        SambertEngine({"voices_dir": packs, "device": device}).load("tiny_16k")


def test_the_way_for_a_graphics_card_says_the_same(
    pack_of: Callable[[str], Pack], case: Callable[[str, str], Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as it can be tested without one: its graphs, the decoder step's among them, on the processor."""
    monkeypatch.setitem(runtime.PROVIDERS, "cuda", ("CPUExecutionProvider",))
    expected = case("tiny_nsf_16k", "short")
    spoken = []
    for device in ("cpu", "cuda"):
        nets = runtime.Nets(pack_of("tiny_nsf_16k"), device)
        score, _ = decoder_inputs_of(nets, expected)
        spoken.append(streamed(nets, score, 7, source_of(nets, expected)))
    assert np.abs(spoken[0] - spoken[1]).max() < 1e-4
    assert np.abs(spoken[1] - expected["wav"]).max() < 1e-4


def test_leaving_early_is_normal(sambert: SambertEngine) -> None:
    chunks = sambert.synthesize(Utterance("tiny_16k", (run(HELLO),)), lambda: 0.05)
    next(chunks)
    chunks.close()


def test_the_first_syllables_change_over_from_the_emotion_before(sambert: SambertEngine) -> None:
    def said(before: Prosody | None) -> np.ndarray:
        runs = (run(HELLO, Prosody("happy")),)
        return samples(list(sambert.synthesize(Utterance("tiny_16k", runs, before=before), lambda: 0.5)))

    plain, changing, same = said(None), said(Prosody("disgust")), said(Prosody("happy"))
    assert np.abs(same[: len(plain)] - plain[: len(same)]).max() < 1e-4
    assert len(changing) != len(plain) or np.abs(changing - plain).max() > 1e-3
