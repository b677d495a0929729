"""Models in sherpa's shape: installed from their folder, spelled by their own lexicon, spoken, or refused in a line."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny_sherpa import CHARACTERS, RATE, write_model
from tests.engines.spoken import samples, timings
from tts_server.engine import Prosody, Utterance
from tts_server.engine_check.__main__ import KEPT, main
from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine
from tts_server.engines.onnx_voices.install.install import install, verify
from tts_server.engines.onnx_voices.packs.pack import Pack, find_packs
from tts_server.engines.onnx_voices.packs.trial import mandarin_run
from tts_server.engines.onnx_voices.sherpa.istft import Istft
from tts_server.engines.onnx_voices.sherpa.spelling import Spelling, learn
from tts_server.errors import VoiceDataMissing

EMOTIONS = {"num_emotions": "3", "emotions": "neutral,happy,strange"}
SAID = mandarin_run("jin1 tian1 tian1 qi4 hen3 hao3, wo3 bu4 qu4.")


@pytest.fixture(scope="module", params=["matcha", "vocos", "vits"])
def pack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    metadata = EMOTIONS if request.param == "vits" else {}
    folder = write_model(tmp_path_factory.mktemp("from") / f"tiny-{request.param}", request.param, metadata=metadata)
    return install(folder, tmp_path_factory.mktemp("voices"), Quiet())


def test_it_keeps_the_contract_of_engines(pack: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    folder = f"voices_dir={pack.folder.parent}"
    assert main(["onnx_voices", "--set", folder, "--voice", pack.name]) == KEPT, capsys.readouterr().out


def test_it_speaks_at_the_usual_level_with_timings_and_speed(pack: Pack) -> None:
    engine = OnnxVoicesEngine({"voices_dir": str(pack.folder.parent)})
    chunks = list(engine.synthesize(Utterance(pack.name, (SAID,)), lambda: 0.05))
    assert [(timing.start, timing.end) for timing in timings(chunks)] == [(n, n + 1) for n in range(9)]
    assert len(chunks) > 2
    slow = replace(SAID, prosody=Prosody(speed=0.5))
    longer = samples(list(engine.synthesize(Utterance(pack.name, (slow,)), lambda: 1.0)))
    assert len(longer) > 1.5 * len(samples(chunks))
    verify(pack)


def test_emotions_that_a_model_has_learned_are_its_own(tmp_path: Path) -> None:
    install(write_model(tmp_path / "from/tiny", "vits", metadata=EMOTIONS), tmp_path / "voices", Quiet())
    engine = OnnxVoicesEngine({"voices_dir": str(tmp_path / "voices")})
    first, second = engine.voices
    assert (first.name, second.name) == ("tiny", "tiny-1")
    assert "happy" in first.emotions
    assert "happy" not in first.by_signal
    assert "sad" in first.by_signal
    said = mandarin_run("tian1.")
    both = [said, replace(said, prosody=Prosody(emotion="happy"))]
    heard = [samples(list(engine.synthesize(Utterance("tiny", (run,)), lambda: 1.0))) for run in both]
    assert np.abs(heard[1]).max() > np.abs(heard[0]).max()


# -- spelling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["whole", "halves", "thirds"])
def test_every_syllable_of_a_lexicon_is_found_by_its_pinyin(style: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model", style=style)
    entries = [line.split() for line in (folder / "lexicon.txt").read_text(encoding="utf-8").splitlines()]
    spelling = Spelling(learn((word, tokens) for word, *tokens in entries))
    for word, *tokens in entries:
        assert list(spelling.tokens(CHARACTERS[word])) == tokens


def test_neutral_tones_erhua_and_missing_tones_are_spelled_as_the_model_can(tmp_path: Path) -> None:
    spelling = Spelling(learn((word, [pinyin]) for word, pinyin in CHARACTERS.items()))
    assert spelling.tokens("de5") == ("de1",)  # such lexicons write the first tone for none
    assert spelling.tokens("huar1") == ("hua1", "er2")
    assert spelling.tokens("shei2") == ("shui3",)
    assert spelling.tokens("hao4") == ("hao3",)
    assert spelling.tokens("kuai4") == ()


def test_a_lexicon_that_spells_no_pinyin_is_none(tmp_path: Path) -> None:
    assert learn([("我", ["x", "y"]), ("你", ["z"]), ("word", ["w", "er1"])]) == {}


def test_frames_of_a_vocoder_become_the_samples_that_they_came_of() -> None:
    heard = np.random.default_rng(1).standard_normal(4000)
    _, _, spectrum = scipy.signal.stft(heard, nperseg=256, noverlap=192, boundary="zeros", window="hann")
    spectrum *= np.hanning(257)[:-1].sum()  # scipy divides by it
    magnitude, phase = np.abs(spectrum), np.angle(spectrum)
    made = Istft(256, 64, 256, True).samples(*(part[None] for part in (magnitude, np.cos(phase), np.sin(phase))))
    assert np.abs(made[:4000] - heard).max() < 1e-4


# -- what is refused --------------------------------------------------------------------------------------------------


def _change(name: str, text: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "hifigan_v2.onnx").unlink(), r"makes mel spectra: put its vocoder"),
        (lambda folder: (folder / "hifigan_v2.onnx").write_bytes(b"x"), r"hifigan_v2.onnx is no ONNX|no ONNX"),
        (lambda folder: (folder / "lexicon.txt").unlink(), r"neither in pinyin .* nor in English"),
        (_change("lexicon.txt", "我 a b\n你 c\n"), r"neither in pinyin"),
        (_change("tokens.txt", "a 1\nb\n"), r"'b' is no token and id"),
        (_change("tokens.txt", "a 1\nb 99999999\n"), r"is no token and id below"),
        (_change("tokens.txt", "a 1\n"), r"has 1 tokens; 10 to"),
        (_change("tokens.txt", "a -1\n" * 20), r"is no token and id"),
        (lambda folder: (folder / "tokens.txt").write_bytes(b"\xff\xfe" * 50), r"is no text in UTF-8"),
        (lambda folder: (folder / "tokens.txt").write_bytes(b"a 1\n" * (1 << 19)), r"is larger than 1 MiB"),
        (lambda folder: write_model(folder, metadata={"sample_rate": "nan"}), r"sample_rate = 'nan'; a whole number"),
        (lambda folder: write_model(folder, metadata={"sample_rate": "1000000"}), r"sample_rate = '1000000'"),
        (lambda folder: write_model(folder, metadata={"n_speakers": "-3"}), r"n_speakers = '-3'"),
        (lambda folder: (folder / "more.onnx").write_bytes(b"x"), r"has the graphs .* one, and at most one vocoder"),
    ],
)
def test_files_that_cannot_be_right_are_refused(spoil: Callable[[Path], Any], said: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "from")
    spoil(folder)
    with pytest.raises(VoiceDataMissing, match=said) as refusal:
        install(folder, tmp_path / "voices", Quiet())
    assert "\n" not in str(refusal.value)
    assert find_packs(tmp_path / "voices") == []


def test_ids_beyond_the_net_are_told_when_it_is_heard(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "from")
    lines = (folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
    moved = [f"{line.split()[0]} {int(line.split()[1]) + 5000}" for line in lines]
    (folder / "tokens.txt").write_text("\n".join(moved), encoding="utf-8")
    with pytest.raises(VoiceDataMissing, match="cannot speak"):
        install(folder, tmp_path / "voices", Quiet())


def test_the_rate_is_the_models(pack: Pack) -> None:
    assert pack.sample_rate == RATE
    assert json.loads((pack.folder / "voice.json").read_text(encoding="utf-8"))["family"] == "sherpa"
