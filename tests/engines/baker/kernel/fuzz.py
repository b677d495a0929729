"""Runs the compiled layers over sizes and numbers of all kinds; made for a library built with sanitizers.

    python -m tests.engines.baker.kernel.fuzz [--rounds N] [--library FILE]

Exit code 1 when a result is less than 50 dB from numpy's; a sanitizer ends the process itself. `make kernel-asan`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from tests.engines.baker.kernel.test_native import convolved, kinds, layer_in_floats, signal_to_noise_db
from tests.engines.baker.kernel.test_postnet import KINDS, postnet_weights
from tts_server.engines.baker import native
from tts_server.engines.baker.kernel import library
from tts_server.engines.baker.kernel.layer import Layer
from tts_server.engines.baker.native_postnet import NativePostnet
from tts_server.engines.baker.weights import read_vocoder


def main() -> int:
    """Run, print the worst, return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--library", type=Path)
    chosen = parser.parse_args()
    if chosen.library is not None:
        library.LIBRARY = chosen.library.resolve()  # type: ignore[misc]
        library.load.cache_clear()
    assert library.load() is not None, f"{library.LIBRARY} cannot be loaded"
    random, worst = np.random.default_rng(12), np.inf
    vocoders = [native.NativeVocoder(read_vocoder(), code, is_rounded=rounded) for code, rounded in kinds()]
    postnets = [NativePostnet(postnet_weights(), code, bits=bits) for code, bits in KINDS]
    for _ in range(chosen.rounds):
        inputs, outputs = 16 * int(random.integers(1, 25)), 48 * int(random.integers(1, 6))
        taps, dilation, count = (int(random.integers(1, most)) for most in (8, 30, 60))
        weight = random.standard_normal((outputs, inputs, taps)).astype(np.float32)
        bias = random.standard_normal(outputs).astype(np.float32)
        x = random.standard_normal((count + (taps - 1) * dilation, inputs)).astype(np.float32)
        expected = layer_in_floats(weight, bias, x, dilation)
        for code, is_rounded in kinds():
            found = convolved(code, Layer(weight, bias, dilation, in_a_word=2 if is_rounded else 1), x)
            worst = min(worst, signal_to_noise_db(expected, found))
        mel = random.standard_normal((1, 80, 1, int(random.integers(10, 70)))).astype(np.float32)
        for vocoder in vocoders:
            state, start = vocoder.initial_state, 0
            while start < mel.shape[-1]:
                size = int(random.integers(1, 9)) if start else int(random.integers(21, 40))
                _, state = vocoder(mel[..., start : start + size], state, is_last=start + size >= mel.shape[-1])
                start += size
        frames = random.standard_normal((1, 256, 1, mel.shape[-1])).astype(np.float32)
        for postnet in postnets:
            state, start = postnet.initial_state, 0
            while start < mel.shape[-1]:
                size = int(random.integers(1, 9)) if start else int(random.integers(13, 80))
                _, state = postnet(frames[..., start : start + size], state, is_last=start + size >= mel.shape[-1])
                start += size
    sys.stdout.write(f"{chosen.rounds} layers: at least {worst:.1f} dB from numpy's noise\n")
    return int(worst < 50)


if __name__ == "__main__":
    sys.exit(main())
