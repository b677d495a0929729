"""In how few bits a voice is the same voice: found out when it is installed, heeded when it is loaded."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.engines.spoken import WEATHER, run, samples, speak
from tts_server.engines.sambert.engine import SambertEngine
from tts_server.engines.sambert.export import precisions
from tts_server.engines.sambert.export.precisions import add_precisions
from tts_server.engines.sambert.packs.pack import VOCODER_IN_8_BITS, Pack, check_hashes, read_pack
from tts_server.engines.sambert.runtime import precision
from tts_server.engines.sambert.runtime.backends import log_mel_distance_db
from tts_server.engines.sambert.runtime.kernel import native
from tts_server.errors import ConfigInvalid, VoiceDataMissing

pytestmark = pytest.mark.timeout(60)  # the first one lets a voice speak two dozen sentences


@pytest.fixture(scope="module", autouse=True)
def few_sentences() -> Iterator[None]:
    """All of them are said where a voice is installed, in `test_install.py`."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("TO_LEARN_FROM", "TO_BE_JUDGED_BY"):
            patched.setattr(precisions, name, getattr(precisions, name)[:1])
        yield


@pytest.fixture(scope="module")
def judged(pack_of: Callable[[str], Pack], tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """A voice with an 8-bit vocoder and verdicts."""
    folder = tmp_path_factory.mktemp("judged") / "tiny_16k"
    shutil.copytree(pack_of("tiny_16k").folder, folder)
    lines = list(add_precisions(read_pack(folder)))
    assert lines[0].startswith("int8: the same voice (0.")
    return read_pack(folder)


def figures(pack: Pack) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((pack.folder / "manifest.json").read_text(encoding="utf-8"))["precisions"]
    return told


def engine(pack: Pack, **settings: str) -> SambertEngine:
    return SambertEngine({"voices_dir": str(pack.folder.parent), **settings})


def test_the_manifest_says_how_each_precision_compares(judged: Pack, pack_of: Callable[[str], Pack]) -> None:
    told = figures(judged)["int8"]
    assert told["passed"]
    assert 0 < told["log_mel_db"] <= 1
    assert abs(told["level_db"]) <= 0.3
    assert told["join"] == 0  # integers: chunks give exactly what the whole gives
    assert 0.25 <= told["share"] <= 1
    assert ("bf16" in figures(judged)) == bool(native.name())
    check_hashes(judged)
    assert judged.version != pack_of("tiny_16k").version


@pytest.mark.parametrize(("has", "chosen"), [("avx512_vnni", "int8"), ("", "bf16")])
def test_the_fastest_that_passed_is_used_and_is_part_of_the_revision(
    judged: Pack, monkeypatch: pytest.MonkeyPatch, has: str, chosen: str
) -> None:
    monkeypatch.setattr(precision, "dot_products", lambda: has)
    speaking = engine(judged)
    assert speaking.precision("tiny_16k").precision == chosen
    assert {voice.revision for voice in speaking.voices} == {f"{judged.version}-{chosen}"}


@pytest.mark.parametrize("wanted", ["fp32", "bf16", "int8"])
def test_the_configuration_overrides_what_was_found(judged: Pack, wanted: str) -> None:
    speaking = engine(judged, precision=wanted)
    assert speaking.precision("tiny_16k") == (wanted, "the configuration says so")
    assert speaking.voices[0].revision == judged.version + ("" if wanted == "fp32" else f"-{wanted}")


def test_each_precision_says_the_same(judged: Pack) -> None:
    exact, *others = (
        samples(speak(engine(judged, precision=wanted, vocoder="onnxruntime"), run(WEATHER), wanted=lambda: 0.2))
        for wanted in ("fp32", "bf16", "int8")
    )
    for heard in others:
        assert not np.array_equal(heard, exact)
        assert log_mel_distance_db(exact, heard, judged.sample_rate) < 1


def test_chunks_of_any_length_give_the_same_samples(judged: Pack) -> None:
    speaking = engine(judged, precision="int8")
    whole, parts = (samples(speak(speaking, run(WEATHER), wanted=lambda s=s: s)) for s in (60.0, 0.07))
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("harm", ["distance", "level", "chunks", "share"])
def test_another_voice_does_not_pass(judged: Pack, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    exact, other, share = precisions.Nets(judged), precisions.Nets(judged, precision="int8"), 1.0
    usual = other.vocode
    if harm == "distance":
        monkeypatch.setattr(precisions, "MAX_DISTANCE_DB", 0.01)
    elif harm == "share":
        share = 0.1
    elif harm == "level":
        monkeypatch.setattr(other, "vocode", lambda *given: (usual(*given)[0] * np.float32(1.1), usual(*given)[1]))
    else:
        monkeypatch.setattr(other, "vocode", lambda *given: (usual(*given)[0] + 1e-4 * len(given[0]), usual(*given)[1]))
    assert not precisions.judge(exact, other, share).passed


def test_a_voice_that_did_not_pass_stays_in_floats(judged: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = replace(judged, passed=frozenset())
    monkeypatch.setattr(precision, "dot_products", lambda: "avx512_vnni")
    assert precision.choose("auto", pack).precision == "fp32"
    assert precision.choose("auto", replace(judged, passed=frozenset({"bf16"}))).precision == "bf16"
    assert precision.choose("auto", judged, "cuda").precision == "fp32"


def test_a_search_takes_the_layers_that_harm_least(judged: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    model = onnx.load(judged.folder / "vocoder.onnx")
    given = precisions._given(precisions.Nets(judged))[:2]
    observed = precisions.observe(model, given)
    everything = precisions._search(model, observed, given, judged.sample_rate)
    monkeypatch.setattr(precisions, "MAX_DISTANCE_DB", 0.4)
    monkeypatch.setattr(precisions, "LEAST_WORK", 0.1)  # a few layers are enough here
    fewer = precisions._search(model, observed, given, judged.sample_rate)
    assert 0 < len(fewer) < len(everything)


def test_without_the_graph_8_bits_are_refused_and_fp32_speaks(pack_of: Callable[[str], Pack]) -> None:
    pack = pack_of("tiny_16k")
    with pytest.raises(VoiceDataMissing, match=r"no vocoder\.int8\.onnx; install it again, or set precision to auto"):
        engine(pack, precision="int8").load("tiny_16k")
    assert engine(pack).precision("tiny_16k").precision == "fp32"


def test_what_cannot_be_wanted_is_told_when_the_voice_is_loaded(judged: Pack) -> None:
    speaking = engine(judged, precision="int4")
    with pytest.raises(ConfigInvalid, match="'int4'; it may be auto, int8, bf16, fp32"):
        speaking.load("tiny_16k")


def test_a_changed_or_missing_8_bit_vocoder_is_named(judged: Pack, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(judged.folder, tmp_path / "copied"))
    path = folder / VOCODER_IN_8_BITS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(VoiceDataMissing, match=r"vocoder\.int8\.onnx"):
        check_hashes(read_pack(folder))
    path.unlink()
    with pytest.raises(VoiceDataMissing, match=r"vocoder\.int8\.onnx"):
        read_pack(folder)
