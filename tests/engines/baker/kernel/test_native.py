"""The compiled vocoder against the graph, and its layers against numpy: all that this processor can run."""

import ctypes
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.baker.conftest import chunk_plan
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.kernel.layer import Layer
from tts_server.engines.baker.native import NativeVocoder
from tts_server.engines.baker.native_postnet import NativePostnet
from tts_server.engines.baker.runtime import LOOKAHEAD_FRAMES, Nets, StreamedNet, _session
from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.weights import read_vocoder
from tts_server.engines.compiled import build
from tts_server.errors import ConfigInvalid

Floats = NDArray[np.float32]

needs_it = pytest.mark.skipif(library.load() is None, reason="not compiled, or not for this processor")


def possible() -> list[library.Layers]:
    """What was compiled, of that all which this processor can run."""
    if (best := library.load()) is None:
        return []
    names = {"AVX-512 VNNI": ("vnni", "avx2"), "AVX2": ("avx2",)}[best.name]
    return [library.variant_of(ctypes.CDLL(str(library.LIBRARY)), name) for name in names]


def kinds() -> list[tuple[library.Layers, bool]]:
    """Each of them, with integers and with floats."""
    return [(code, rounded) for code in possible() for rounded in (True, False)]


@pytest.fixture(
    scope="module", params=kinds(), ids=lambda kind: f"{kind[0].name}-{'integers' if kind[1] else 'floats'}"
)
def kind(request: pytest.FixtureRequest) -> tuple[library.Layers, bool]:
    return cast("tuple[library.Layers, bool]", request.param)


@pytest.fixture(scope="module")
def compiled(kind: tuple[library.Layers, bool]) -> NativeVocoder:
    return NativeVocoder(read_vocoder(), kind[0], is_rounded=kind[1])


@pytest.fixture(scope="module")
def graph() -> StreamedNet:
    return StreamedNet(_session("vocoder", dict(read_vocoder())))


def spoken(vocoder: NativeVocoder | StreamedNet, mel: Floats, size: int | None = None) -> Floats:
    """In chunks of so many frames, or at once."""
    frames = mel.shape[-1]
    state, parts = vocoder.initial_state, []
    for start, end in chunk_plan(frames, LOOKAHEAD_FRAMES, [size]) if size else [(0, frames)]:
        samples, state = vocoder(mel[..., start:end], state, is_last=end == frames)
        parts.append(samples)
    return np.concatenate(parts)


def convolved(code: library.Layers, layer: Layer, x: Floats, *, is_leaky: bool = False) -> Floats:
    """x: (T, inputs)."""
    entry = layer.entry
    count = len(x) - (entry.taps - 1) * entry.dilation
    y = np.empty((count, entry.outputs), np.float32)
    room = np.empty(len(x) * (1 + entry.inputs), np.float32)
    pointers = y.ctypes.data, room.ctypes.data
    code.convolve(ctypes.byref(entry), x.ctypes.data, count, is_leaky, *pointers)
    return y


def layer_in_floats(weight: Floats, bias: Floats, x: Floats, dilation: int) -> Floats:
    """x: (T, inputs)."""
    taps = weight.shape[2]
    count = len(x) - (taps - 1) * dilation
    columns = [x[tap * dilation : tap * dilation + count] @ weight[:, :, tap].T for tap in range(taps)]
    return np.sum(columns, axis=0, dtype=np.float32) + bias


def signal_to_noise_db(signal: Floats, other: Floats) -> float:
    return float(10 * np.log10((signal**2).sum() / max(float(((signal - other) ** 2).sum()), 1e-20)))


@needs_it
def test_it_says_what_the_graph_says(
    compiled: NativeVocoder, kind: tuple[library.Layers, bool], graph: StreamedNet, mel: Floats
) -> None:
    expected, heard = spoken(graph, mel), spoken(compiled, mel)
    assert heard.shape == expected.shape
    assert heard.dtype == np.float32
    assert signal_to_noise_db(expected, heard) > (40 if kind[1] else 80)
    assert abs(20 * np.log10(heard.std() / expected.std())) < 0.02


@needs_it
@pytest.mark.parametrize("size", [1, 7, 32, 33, 100])
def test_any_chunks_give_the_samples_of_the_whole(compiled: NativeVocoder, mel: Floats, size: int) -> None:
    assert np.array_equal(spoken(compiled, mel, size), spoken(compiled, mel))


@needs_it
def test_all_processors_say_the_same_with_integers(mel: Floats) -> None:
    said = {code.name: spoken(NativeVocoder(read_vocoder(), code, is_rounded=True), mel) for code in possible()}
    first, *others = said.values()
    assert all(np.array_equal(first, other) for other in others)


@needs_it
def test_a_first_chunk_that_is_too_short_is_refused(compiled: NativeVocoder, mel: Floats) -> None:
    with pytest.raises(ValueError, match="5 frames are too few"):
        compiled(mel[..., :5], compiled.initial_state, is_last=False)


@needs_it
def test_a_state_can_be_gone_on_from_twice(compiled: NativeVocoder, mel: Floats) -> None:
    _, state = compiled(mel[..., :40], compiled.initial_state, is_last=False)
    first, second = (compiled(mel[..., 40:60], state, is_last=False)[0] for _ in range(2))
    assert np.array_equal(first, second)


@needs_it
def test_several_threads_may_speak_at_once(compiled: NativeVocoder, mel: Floats) -> None:
    expected = spoken(compiled, mel)
    with ThreadPoolExecutor(4) as threads:
        for heard in threads.map(lambda _: spoken(compiled, mel), range(8)):
            assert np.array_equal(heard, expected)


@needs_it
@pytest.mark.parametrize(("inputs", "outputs", "taps", "dilation"), [(16, 48, 1, 1), (80, 384, 7, 1), (48, 96, 3, 27)])
@pytest.mark.parametrize("count", [1, 7, 8, 29])
def test_a_layer_is_a_convolution(
    kind: tuple[library.Layers, bool], inputs: int, outputs: int, taps: int, dilation: int, count: int
) -> None:
    random = np.random.default_rng(inputs + count)
    weight = random.standard_normal((outputs, inputs, taps)).astype(np.float32)
    bias = random.standard_normal(outputs).astype(np.float32)
    x = random.standard_normal((count + (taps - 1) * dilation, inputs)).astype(np.float32)
    x *= 10 ** random.uniform(-3, 3, (len(x), 1)).astype(np.float32)  # columns as different as can be
    layer = Layer(weight, bias, dilation, in_a_word=2 if kind[1] else 1)
    for is_leaky in (False, True):
        seen = np.maximum(x, x * np.float32(VOCODER.leak)) if is_leaky else x
        expected = layer_in_floats(weight, bias, seen, dilation)
        assert signal_to_noise_db(expected, convolved(kind[0], layer, x, is_leaky=is_leaky)) > 55


@needs_it
@pytest.mark.parametrize("inputs", [16, 192, 384])
def test_the_largest_sums_do_not_run_over(kind: tuple[library.Layers, bool], inputs: int) -> None:
    layer = Layer(np.ones((48, inputs, 3), np.float32), np.zeros(48, np.float32), in_a_word=2 if kind[1] else 1)
    for value in (1.0, -1.0, 1e30, -1e-30, 0.0):
        x = np.full((10, inputs), value, np.float32)
        assert np.allclose(convolved(kind[0], layer, x), 3.0 * inputs * value, rtol=1e-3, atol=1e-27)


@needs_it
def test_what_is_no_number_ends_as_none_and_harms_nothing_else(compiled: NativeVocoder, mel: Floats) -> None:
    spoiled = mel.copy()
    spoiled[..., 5] = np.nan
    spoken(compiled, spoiled)
    assert np.isfinite(spoken(compiled, mel)).all()


@needs_it
@pytest.mark.parametrize("precision", ["int8", "int16"])
def test_what_it_is_made_with_is_part_of_what_names_recordings(
    monkeypatch: pytest.MonkeyPatch, precision: Literal["int8", "int16"]
) -> None:
    made = Nets(precision)
    assert isinstance(made.vocode, NativeVocoder)
    (voice,) = BakerEngine({"precision": precision}).voices
    code = library.load()
    assert code is not None
    assert isinstance(made.postnet, NativePostnet) == code.has(precision)
    names = {"int8": "-int8-compiled" if code.has_bytes else "-int8-vocoder", "int16": "-int16"}
    assert voice.revision.endswith(names[precision])
    monkeypatch.setattr(library, "load", lambda: None)
    (voice,) = BakerEngine({"precision": "int8"}).voices
    assert voice.revision.endswith("-int8")
    with pytest.raises(ConfigInvalid, match="needs the compiled nets"):
        BakerEngine({"precision": "int16"}).load("baker")
    assert isinstance(Nets("fp32").vocode, StreamedNet)


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "LIBRARY", tmp_path / "missing.so")
    assert library.load.__wrapped__() is None


@pytest.mark.skipif(platform.machine() not in build.LAYERS.variants, reason="for other machines")
def test_the_source_compiles_without_a_warning(tmp_path: Path) -> None:
    machine = platform.machine()
    compiler = build.find_compiler(machine)
    assert compiler is not None
    library = build.compile_library(build.LAYERS, tmp_path, machine, compiler, ("-Werror", "-O1"))
    assert ctypes.CDLL(str(library)).vocoder_variant
