"""What tests listen for: clicks, and small signals to listen to."""

from collections.abc import Iterable

import numpy as np

from tts_server.engine import AudioChunk, Samples, Timing

CLICK = 3.0  # a step this many times the signal's own is heard


def tone(seconds: float, sample_rate: int, hertz: float = 200.0, peak: float = 0.3, phase: float = 0.0) -> Samples:
    """A sine (N,)."""
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    return (peak * np.sin(2 * np.pi * hertz * time + phase)).astype(np.float32)


def click(samples: Samples, at: int, reach: int = 5) -> float:
    """The largest step within `reach` samples of a join, in units of the signal's own 99.9th percentile step."""
    steps = np.abs(np.diff(samples.astype(np.float64)))
    ordinary = float(np.percentile(steps, 99.9))
    return float(steps[max(0, at - reach) : at + reach].max()) / ordinary


def chunked(samples: Samples, sample_rate: int, size: int, timings: tuple[Timing, ...] = ()) -> list[AudioChunk]:
    """Samples cut in chunks of `size`, each with the timings that begin in it."""
    return [
        AudioChunk(
            samples[at : at + size],
            sample_rate,
            tuple(timing for timing in timings if at <= timing.first_sample < at + size),
        )
        for at in range(0, len(samples), size)
    ]


def together(chunks: Iterable[AudioChunk]) -> Samples:
    """The samples of all chunks (N,)."""
    return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])
