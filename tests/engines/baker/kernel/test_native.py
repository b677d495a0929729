"""The compiled vocoder against the graph in floats, and its layers against numpy."""

import ctypes
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engines.baker.conftest import chunk_plan
from tts_server.engines.baker.engine import BakerEngine
from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.native import Layer, NativeVocoder
from tts_server.engines.baker.runtime import LOOKAHEAD_FRAMES, Nets, StreamedNet
from tts_server.engines.baker.shape import VOCODER
from tts_server.engines.baker.weights import read_vocoder
from tts_server.engines.compiled import build

Floats = NDArray[np.float32]

needs_it = pytest.mark.skipif(library.load() is None, reason="not compiled, or not for this processor")


@pytest.fixture(scope="module")
def compiled() -> NativeVocoder:
    return NativeVocoder(read_vocoder())


def spoken(vocoder: NativeVocoder | StreamedNet, mel: Floats, size: int | None = None) -> Floats:
    """In chunks of so many frames, or at once."""
    frames = mel.shape[-1]
    state, parts = vocoder.initial_state, []
    for start, end in chunk_plan(frames, LOOKAHEAD_FRAMES, [size]) if size else [(0, frames)]:
        samples, state = vocoder(mel[..., start:end], state, is_last=end == frames)
        parts.append(samples)
    return np.concatenate(parts)


def layer_in_floats(weight: Floats, bias: Floats, x: Floats, dilation: int) -> Floats:
    """x: (T, inputs)."""
    taps = weight.shape[2]
    count = len(x) - (taps - 1) * dilation
    columns = [x[tap * dilation : tap * dilation + count] @ weight[:, :, tap].T for tap in range(taps)]
    return np.sum(columns, axis=0, dtype=np.float32) + bias


def signal_to_noise_db(signal: Floats, other: Floats) -> float:
    return float(10 * np.log10((signal**2).sum() / ((signal - other) ** 2).sum()))


@needs_it
def test_it_says_what_the_graph_in_floats_says(compiled: NativeVocoder, nets: Nets, mel: Floats) -> None:
    expected, heard = spoken(nets.vocode, mel), spoken(compiled, mel)
    assert heard.shape == expected.shape
    assert heard.dtype == np.float32
    assert signal_to_noise_db(expected, heard) > 40
    assert abs(20 * np.log10(heard.std() / expected.std())) < 0.02


@needs_it
@pytest.mark.parametrize("size", [1, 7, 32, 33, 100])
def test_any_chunks_give_the_samples_of_the_whole(compiled: NativeVocoder, mel: Floats, size: int) -> None:
    assert np.array_equal(spoken(compiled, mel, size), spoken(compiled, mel))


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
    compiled: NativeVocoder, inputs: int, outputs: int, taps: int, dilation: int, count: int
) -> None:
    random = np.random.default_rng(inputs + count)
    weight = random.standard_normal((outputs, inputs, taps)).astype(np.float32)
    bias = random.standard_normal(outputs).astype(np.float32)
    x = random.standard_normal((count + (taps - 1) * dilation, inputs)).astype(np.float32)
    x *= 10 ** random.uniform(-3, 3, (len(x), 1)).astype(np.float32)  # columns as different as can be
    layer = Layer(weight, bias, dilation)
    for is_leaky in (False, True):
        seen = np.maximum(x, x * np.float32(VOCODER.leak)) if is_leaky else x
        expected = layer_in_floats(weight, bias, seen, dilation)
        assert signal_to_noise_db(expected, compiled._convolve(layer, x, is_leaky=is_leaky)) > 55


@needs_it
@pytest.mark.parametrize("inputs", [16, 192, 384])
def test_the_largest_sums_do_not_run_over(compiled: NativeVocoder, inputs: int) -> None:
    layer = Layer(np.ones((48, inputs, 3), np.float32), np.zeros(48, np.float32))
    for value in (1.0, -1.0, 1e30, -1e-30, 0.0):
        x = np.full((10, inputs), value, np.float32)
        assert np.allclose(compiled._convolve(layer, x, is_leaky=False), 3.0 * inputs * value, rtol=1e-3, atol=1e-27)


@needs_it
def test_what_is_no_number_ends_as_none_and_harms_nothing_else(compiled: NativeVocoder, mel: Floats) -> None:
    spoiled = mel.copy()
    spoiled[..., 5] = np.nan
    spoken(compiled, spoiled)
    assert np.isfinite(spoken(compiled, mel)).all()


@needs_it
def test_it_is_used_in_8_bits_only_and_tells_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(Nets("int8").vocode, NativeVocoder)
    assert isinstance(Nets("fp32").vocode, StreamedNet)
    (voice,) = BakerEngine({"precision": "int8"}).voices
    assert voice.revision.endswith("-int8-compiled")
    monkeypatch.setattr(library, "load", lambda: None)
    assert isinstance(Nets("int8").vocode, StreamedNet)
    (voice,) = BakerEngine({"precision": "int8"}).voices
    assert voice.revision.endswith("-int8")


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "LIBRARY", tmp_path / "missing.so")
    assert library.load.__wrapped__() is None


@pytest.mark.skipif(platform.machine() not in build.LAYERS.variants, reason="for other machines")
def test_the_source_compiles_without_a_warning(tmp_path: Path) -> None:
    machine = platform.machine()
    compiler = build.find_compiler(machine)
    assert compiler is not None
    library = build.compile_library(build.LAYERS, tmp_path, machine, compiler, ("-Werror",))
    assert ctypes.CDLL(str(library)).vocoder_unit
