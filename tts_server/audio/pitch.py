"""Another pitch, another speed: FFmpeg's `atempo` stretches (WSOLA), soxr reads the result faster or slower.

Formants move along, so a few semitones are the most that still sounds like the same person. Any chunks give the same
samples, and to the sample as many as asked for.
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from tts_server.engine import Samples

if TYPE_CHECKING:
    from av import AudioFrame


class PitchShifter:
    """Moves the pitch of a stream, and its length."""

    def __init__(self, sample_rate: int, semitones: float, duration: float = 1.0) -> None:
        """duration: factor, 0.5 to 2. Loads PyAV, 30 ms when it is the first time."""
        import av
        from av.filter import Graph

        self._av = av
        self._rate = sample_rate
        ratio = 2 ** (semitones / 12)
        self._graph = Graph()
        source = self._graph.add_abuffer(
            sample_rate=sample_rate, format="flt", layout="mono", time_base=Fraction(1, sample_rate)
        )
        stretch = self._graph.add("atempo", f"{1 / (ratio * duration):.9f}")
        sink = self._graph.add("abuffersink")
        source.link_to(stretch)
        stretch.link_to(sink)
        self._graph.configure()
        self._resampler = soxr.ResampleStream(sample_rate * ratio, sample_rate, 1, dtype="float32")
        self._duration = duration
        self._taken = self._given = 0

    def feed(self, samples: Samples) -> Samples:
        """What can go on after samples (N,): (M,), M may be 0."""
        if not len(samples):
            return samples
        self._graph.push(self._frame(samples))
        self._taken += len(samples)
        shifted: Samples = self._resampler.resample_chunk(self._stretched())
        return self._counted(shifted)

    def flush(self) -> Samples:
        """The rest; all in all round(N * duration) samples come out."""
        if not self._taken:
            return np.zeros(0, np.float32)
        self._graph.push(None)
        rest: Samples = self._resampler.resample_chunk(self._stretched(), last=True)
        missing = round(self._taken * self._duration) - self._given
        return self._counted(np.pad(rest, (0, max(0, missing - len(rest)))))

    def _frame(self, samples: Samples) -> "AudioFrame":
        frame = self._av.AudioFrame.from_ndarray(samples[None, :].astype(np.float32), format="flt", layout="mono")
        frame.sample_rate = self._rate
        frame.pts = self._taken
        frame.time_base = Fraction(1, self._rate)
        return frame

    def _stretched(self) -> Samples:
        parts: list[Any] = [np.zeros(0, np.float32)]
        while True:
            try:
                parts.append(self._graph.pull().to_ndarray().reshape(-1))
            except (BlockingIOError, EOFError):
                return np.concatenate(parts)

    def _counted(self, samples: Samples) -> Samples:
        samples = samples[: round(self._taken * self._duration) - self._given]
        self._given += len(samples)
        return samples
