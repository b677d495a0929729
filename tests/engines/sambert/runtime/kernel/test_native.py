"""The decoder's compiled steps against those in numpy: every variant that this processor has, any chunks, threads."""

import ctypes
import platform
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.bench.sambert_shapes import ACOUSTIC
from tts_server.engines.compiled import build
from tts_server.engines.sambert.packs.shape import AcousticShape
from tts_server.engines.sambert.runtime.decoder import Decoder, NumpySteps, StepKernel, unpacked, weight_shapes
from tts_server.engines.sambert.runtime.kernel import native
from tts_server.engines.sambert.runtime.kernel.native import NativeSteps, NativeWeights
from tts_server.engines.sambert.runtime.precision import check
from tts_server.errors import ConfigInvalid

MACHINE = platform.machine()
VARIANTS = {"AVX-512": ("avx512", "avx2", "base"), "AVX2": ("avx2", "base"), "SSE2": ("base",), "NEON": ("base",)}
STEPS = 40


def random_matrices(shape: AcousticShape) -> dict[str, np.ndarray]:
    """Weights of a size that neither dies away nor grows over the layers."""
    random = np.random.default_rng(3)
    sizes = weight_shapes(shape).values()
    parts = [random.standard_normal(size, np.float32) / np.float32(2 * np.sqrt(size[0])) for size in sizes]
    return unpacked(np.concatenate([part.ravel() for part in parts]), shape)


@pytest.fixture(scope="module")
def shape() -> AcousticShape:
    return ACOUSTIC


@pytest.fixture(scope="module")
def matrices(shape: AcousticShape) -> dict[str, np.ndarray]:
    return random_matrices(shape)


def project(shape: AcousticShape) -> Any:
    """Stands for the memory's projection: the memory holds its results."""
    units = shape.decoder_num_units
    return lambda memory: (memory[:, :units], memory[:, units:])


def decoded(shape: AcousticShape, kernel: Any, band: int, chunks: tuple[int, ...] = (STEPS,)) -> np.ndarray:
    columns = shape.decoder_num_units * (1 + 2 * shape.decoder_num_layers)
    memory = np.random.default_rng(band).standard_normal((STEPS, columns), np.float32)
    decoder = Decoder(shape, memory, band, project(shape), kernel)
    parts, done, index = [], 0, 0
    while done < STEPS:
        count = min(chunks[index % len(chunks)], STEPS - done)
        parts.append(decoder.next(count))
        done, index = done + count, index + 1
    return np.concatenate(parts)


def variant(name: str) -> Any:
    """The library as if it had chosen this variant."""
    library = native.library()
    assert library is not None, "the compiled steps are not there: is there a C compiler? install this checkout again"
    run, enter = getattr(library, f"run_{name}"), getattr(library, f"enter_{name}")
    run.argtypes, enter.argtypes = library.decoder_run.argtypes, library.decoder_enter.argtypes
    return SimpleNamespace(decoder_run=run, decoder_enter=enter)


class Chosen(NativeSteps):
    """Steps of one variant."""

    def __init__(self, weights: NativeWeights, name: str, width: int) -> None:
        super().__init__(weights, width)
        self._library = variant(name)


@pytest.mark.parametrize("band", [0, 1, 3, 15, 16, 50])
@pytest.mark.parametrize("name", ["avx512", "avx2", "base"])
def test_every_variant_says_what_numpy_says(
    name: str, band: int, shape: AcousticShape, matrices: dict[str, np.ndarray]
) -> None:
    if name not in VARIANTS[native.name()]:
        return  # this processor does not have it
    weights = NativeWeights(matrices, shape)
    expected = decoded(shape, lambda width: NumpySteps(matrices, shape, width), band)
    found = decoded(shape, lambda width: Chosen(weights, name, width), band)
    assert expected.std() > 0.1
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize("chunks", [(1,), (4,), (7, 1, 16)])
def test_any_chunks_say_the_same_bit_for_bit(
    chunks: tuple[int, ...], shape: AcousticShape, matrices: dict[str, np.ndarray]
) -> None:
    weights = NativeWeights(matrices, shape)
    whole = decoded(shape, lambda width: NativeSteps(weights, width), 5)
    assert np.array_equal(decoded(shape, lambda width: NativeSteps(weights, width), 5, chunks), whole)


def test_half_weights_are_read_exactly(shape: AcousticShape, matrices: dict[str, np.ndarray]) -> None:
    """bf16 is a question of the weights only: numpy over the rounded ones says the same."""
    rounded = {name: as_bf16(matrix) for name, matrix in matrices.items()}
    weights = NativeWeights(matrices, shape, is_half=True)
    expected = decoded(shape, lambda width: NumpySteps(rounded, shape, width), 3)
    assert np.abs(decoded(shape, lambda width: NativeSteps(weights, width), 3) - expected).max() < 1e-5


def as_bf16(matrix: np.ndarray) -> np.ndarray:
    """The nearest number of 8 significant bits, ties to the even one, by distances."""
    kept = matrix.view(np.uint32) & 0xFFFF0000
    low, high = kept.view(np.float32), (kept + 0x10000).view(np.float32)
    below, above = np.abs(matrix - low), np.abs(high - matrix)
    is_low = (below < above) | ((below == above) & (kept & 0x10000 == 0))
    return np.where(is_low, low, high).astype(np.float32)


def test_streams_on_several_threads_do_not_meet(shape: AcousticShape, matrices: dict[str, np.ndarray]) -> None:
    weights = NativeWeights(matrices, shape)
    alone = {band: decoded(shape, lambda width: NativeSteps(weights, width), band) for band in (2, 9)}
    found: dict[int, np.ndarray] = {}

    def speak(index: int, band: int) -> None:
        found[index] = decoded(shape, lambda width: NativeSteps(weights, width), band, (1 + index,))

    threads = [threading.Thread(target=speak, args=(index, (2, 9)[index % 2])) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[index], alone[(2, 9)[index % 2]]) for index in range(6))


def test_it_is_chosen_where_it_is_there_and_numpy_elsewhere(
    nets_of: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shape: AcousticShape
) -> None:
    kernel: StepKernel = nets_of("tiny_16k")._kernel(3)
    assert isinstance(kernel, NativeSteps)
    monkeypatch.setattr(native, "LIBRARY", tmp_path / "missing.so")
    native.library.cache_clear()
    try:
        assert native.library() is None
        assert native.name() == ""
        with pytest.raises(ConfigInvalid, match="compiled"):
            check("bf16", "cpu")
    finally:
        monkeypatch.undo()
        native.library.cache_clear()
    check("bf16", "cpu")
    with pytest.raises(ConfigInvalid, match="fp16"):
        check("fp16", "cpu")


def test_the_source_compiles_without_a_warning(tmp_path: Path) -> None:
    compiler = build.find_compiler(MACHINE)
    assert compiler is not None
    library = build.compile_library(build.STEPS, tmp_path, MACHINE, compiler, ("-Werror",))
    assert ctypes.CDLL(str(library)).decoder_run
