"""Runs the compiled steps over nets and bands of odd sizes, beside numpy; made for a library built with sanitizers.

    python -m tests.engines.sambert.runtime.kernel.fuzz [--rounds N] [--library FILE]

Exit code 1 when a result is further than 1e-4 from numpy's; a sanitizer ends the process itself. `make kernel-asan`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from tests.bench.sambert_shapes import ACOUSTIC
from tests.engines.sambert.runtime.kernel.test_native import decoded, random_matrices
from tts_server.engines.sambert.packs.shape import AcousticShape
from tts_server.engines.sambert.runtime.decoder import NumpySteps
from tts_server.engines.sambert.runtime.kernel import native


def random_shape(random: np.random.Generator) -> AcousticShape:
    """Small, and with no number that is a multiple of a vector but by chance."""
    heads = int(random.integers(1, 5))
    prenet = tuple(int(width) for width in random.integers(1, 90, int(random.integers(0, 4))))
    changes = {
        "decoder_num_heads": heads,
        "decoder_num_units": heads * int(random.integers(1, 20)),
        "decoder_ffn_inner_dim": int(random.integers(1, 200)),
        "decoder_num_layers": int(random.integers(1, 4)),
        "decoder_prenet_units": prenet,
        "num_mels": int(random.integers(1, 90)),
        "outputs_per_step": int(random.integers(1, 5)),
    }
    return AcousticShape(**{**{name: getattr(ACOUSTIC, name) for name in ACOUSTIC.__dataclass_fields__}, **changes})


def main() -> int:
    """Run, print the largest difference, return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--library", type=Path)
    chosen = parser.parse_args()
    if chosen.library is not None:
        native.LIBRARY = chosen.library.resolve()  # type: ignore[misc]
    assert native.library() is not None, f"{native.LIBRARY} cannot be loaded"
    random, worst = np.random.default_rng(11), 0.0
    for _ in range(chosen.rounds):
        shape, band = random_shape(random), int(random.integers(0, 45))
        matrices = random_matrices(shape)
        weights = native.NativeWeights(matrices, shape)
        chunks = tuple(int(count) for count in random.integers(1, 12, 3))
        expected = decoded(shape, lambda width, m=matrices, s=shape: NumpySteps(m, s, width), band)
        found = decoded(shape, lambda width, w=weights: native.NativeSteps(w, width), band, chunks)
        halves = native.NativeWeights(matrices, shape, is_half=True)
        assert np.isfinite(decoded(shape, lambda width, w=halves: native.NativeSteps(w, width), band, chunks)).all()
        worst = max(worst, float(np.abs(found - expected).max()))
    sys.stdout.write(f"{chosen.rounds} nets, {native.name()}: largest difference from numpy {worst:.2g}\n")
    return int(worst > 1e-4)


if __name__ == "__main__":
    sys.exit(main())
