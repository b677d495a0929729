"""Products in 8 bits: chosen by the processor, the same in any chunks, near those in floats."""

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.baker.conftest import Golden, chunk_plan
from tests.engines.baker.test_runtime import streamed
from tts_server.engine import Utterance
from tts_server.engines.baker.engine import BAKER, WARM_UP, BakerEngine
from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.precision import choose, has_integers
from tts_server.engines.baker.products import LARGEST, balances, is_product, rows
from tts_server.engines.baker.runtime import REACH, Nets
from tts_server.engines.baker.stored import Stored, floats
from tts_server.engines.baker.weights import stored_acoustic
from tts_server.errors import ConfigInvalid
from tts_server.processors import dot_products

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def rough() -> Nets:
    return Nets("int8")


def signal_to_noise_db(signal: Floats, other: Floats) -> float:
    return float(10 * np.log10((signal**2).sum() / ((signal - other) ** 2).sum()))


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_vnni\n", "avx512_vnni"),
        ("flags : avx2 avx_vnni\n", "avx_vnni"),
        ("Features\t: fp asimd asimddp cpuid\n", "asimddp"),
        ("flags : fpu avx2 fma\n", ""),
        ("model name : avx512_vnni\nflags : sse2\n", ""),
        ("", ""),
    ],
)
def test_the_processor_tells_whether_it_has_dot_products(tmp_path: Path, told: str, name: str) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(told)
    assert dot_products(cpuinfo) == name
    assert choose("auto", cpuinfo).precision == ("int8" if name else "int16" if has_integers() else "fp32")
    assert name in choose("auto", cpuinfo).why
    assert choose("int8", cpuinfo).precision == "int8"
    assert choose("fp32", cpuinfo).precision == "fp32"


def test_a_box_that_can_do_nothing_multiplies_floats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "load", lambda: None)
    assert choose("auto", tmp_path / "missing").precision == "fp32"


def test_the_precision_is_part_of_what_names_recordings() -> None:
    (plain,), (rough,) = BakerEngine({"precision": "fp32"}).voices, BakerEngine({"precision": "int8"}).voices
    assert plain == replace(BAKER, revision=plain.revision)
    assert len({BAKER.revision, plain.revision, rough.revision}) == 3
    assert rough.version == plain.version


def test_a_precision_that_is_not_there_is_told_when_the_voice_is_loaded() -> None:
    engine = BakerEngine({"precision": "int4"})
    with pytest.raises(ConfigInvalid, match="'int4'; it may be auto, int8, int16, fp32"):
        engine.load("baker")


@pytest.mark.parametrize("name", ["short", "medium", "numbers"])
def test_what_is_computed_in_8_bits_is_near_what_is_computed_in_floats(
    name: str, nets: Nets, rough: Nets, golden: Golden
) -> None:
    ids = golden(name)["ids"].astype(np.int64)
    plain, ours = nets.encode(ids), rough.encode(ids)
    assert all(np.abs(a - b).max() < 1e-4 for a, b in zip(astuple(plain), astuple(ours), strict=True))
    frames = np.rint(plain.durations).astype(np.int64)
    decoded = nets.decode(plain, frames)
    assert signal_to_noise_db(decoded, rough.decode(plain, frames)) > 33
    mel, _ = nets.postnet(decoded, nets.postnet.initial_state, is_last=True)
    assert signal_to_noise_db(mel, rough.postnet(decoded, rough.postnet.initial_state, is_last=True)[0]) > 30


@pytest.mark.parametrize("first", [REACH + 1, 40])
@pytest.mark.parametrize("sizes", [[1], [2], [3, 1, 17], [7], [40], [1, 60, 2, 13]], ids=str)
def test_any_blocks_give_the_mel_of_the_whole_in_8_bits(
    rough: Nets, decoded: Floats, first: int, sizes: list[int]
) -> None:
    whole, _ = rough.postnet(decoded, rough.postnet.initial_state, is_last=True)
    made = streamed(rough.postnet, decoded, chunk_plan(decoded.shape[-1], first, sizes))
    assert np.abs(made - whole).max() < 1e-5


def test_the_same_text_gives_the_same_bytes() -> None:
    said = []
    for _ in range(2):
        engine = BakerEngine({"precision": "int8"})
        utterance = Utterance(runs=(WARM_UP,), voice="baker")
        said.append(b"".join(chunk.samples.tobytes() for chunk in engine.synthesize(utterance, lambda: 0.2)))
    assert said[0] == said[1]


def test_rows_hold_the_weights_to_half_a_step() -> None:
    weights = stored_acoustic()
    balance = balances(weights)["decoder.0.feed_forward.expand.balance"]
    name = "decoder.0.feed_forward.expand.weight"
    stored = weights[name]
    assert isinstance(stored, Stored)
    weight = floats(stored)
    integers, scales = rows(weight, balance)
    assert integers.dtype == np.int8
    assert np.abs(integers.astype(int)).max() == LARGEST
    back = (integers * scales).reshape(3, 256, -1).transpose(2, 1, 0) * balance[:, None]
    assert np.all(np.abs(back - weight) <= scales[:, None, None] * balance[:, None] / 2 + 1e-6)


def test_most_weights_of_the_acoustic_model_are_multiplied_as_integers() -> None:
    weights = stored_acoustic()
    integers = sum(array.size for name, array in weights.items() if is_product(name))
    assert integers > 0.55 * sum(array.size for array in weights.values())
