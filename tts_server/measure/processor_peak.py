"""What this processor can do at most, measured beside everything else: milliseconds alone say little of a program."""

import ctypes
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

MATRIX: Final = 512
SECONDS: Final = 0.15  # for each measurement
ROUNDS: Final = 5

PEAK_SOURCE: Final = """
typedef float v __attribute__((vector_size(WIDTH)));
float run(long rounds) {
    v a[12], x, y;
    for (int i = 0; i < WIDTH / 4; i++) { x[i] = 1.0000001f; y[i] = 1e-7f; }
    for (int k = 0; k < 12; k++) a[k] = x;
    for (long r = 0; r < rounds; r++) {
        for (int k = 0; k < 12; k++) a[k] = a[k] * x + y;
    }
    float sum = 0;
    for (int k = 0; k < 12; k++) sum += a[k][0];
    return sum;
}
"""


@dataclass(frozen=True, slots=True)
class ProcessorPeak:
    """Of one core."""

    peak_flops: float  # of fused multiply-adds; of the matrix product where there is no compiler
    is_compiled: bool
    product_flops: float  # numpy's matrix product


def measure_peak() -> ProcessorPeak:
    """Take it; 2 s. One thread: OPENBLAS_NUM_THREADS must be 1 before numpy is loaded."""
    product = _product_flops()
    peak = _fma_flops()
    return ProcessorPeak(peak or product, peak is not None, product)


def best_rate(work: Callable[[], object], amount: float) -> float:
    """Amount of work per second of CPU time, at its best of some rounds."""
    work()
    best = 0.0
    for _ in range(ROUNDS):
        count, started = 0, time.thread_time()
        while (spent := time.thread_time() - started) < SECONDS / ROUNDS or not count:
            work()
            count += 1
        best = max(best, count * amount / max(spent, 1e-9))
    return best


def _product_flops() -> float:
    left, right = (np.random.default_rng(n).standard_normal((MATRIX, MATRIX), np.float32) for n in (0, 1))
    return best_rate(lambda: left @ right, 2.0 * MATRIX**3)


def _fma_flops() -> float | None:
    """None where the loop cannot be compiled."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "peak.c"), Path(folder, "peak.so")
        source.write_text(PEAK_SOURCE, encoding="ascii")
        width = _vector_bytes()
        command = [
            "gcc",
            "-O3",
            "-march=native",
            f"-DWIDTH={width}",
            "-shared",
            "-fPIC",
            str(source),
            "-o",
            str(library),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            run = ctypes.CDLL(str(library)).run
        except (OSError, subprocess.SubprocessError):
            return None
    run.argtypes, run.restype = [ctypes.c_long], ctypes.c_float
    rounds = 100_000
    return best_rate(lambda: run(rounds), rounds * 12 * (width // 4) * 2.0)


def _vector_bytes() -> int:
    """Of the widest float vectors: AVX-512, AVX, else 128 bit (NEON, SSE)."""
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    return 64 if "avx512f" in flags else 32 if " avx " in flags else 16
