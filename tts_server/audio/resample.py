"""Change of sample rate, chunk by chunk."""

from collections.abc import Generator, Iterable
from typing import Final

import numpy as np

from tts_server.engine import AudioChunk, Samples, Timing

QUALITY: Final = "HQ"  # 20 bit, far below the noise of 16-bit speech


class Resampler:
    """One stream on its way from one rate to another. Equal rates: the identity.

    The output lags the input by `delay_s` at most; after `flush` exactly round(n * rate_out / rate_in) samples are out.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self.rate_in, self.rate_out = rate_in, rate_out
        self._taken = self._given = 0
        self._stream = None
        if rate_in != rate_out:
            import soxr  # only where a rate really changes: 2 MB and 20 ms

            self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="float32", quality=QUALITY)

    @property
    def delay_s(self) -> float:
        """Seconds by which the output given so far lags the input taken so far."""
        return self._taken / self.rate_in - self._given / self.rate_out

    def feed(self, samples: Samples) -> Samples:
        """What is ready after samples (N,) at rate_in: (M,) at rate_out, M may be 0."""
        self._taken += len(samples)
        return self._give(samples if self._stream is None else self._stream.resample_chunk(samples))

    def flush(self) -> Samples:
        """The rest. The resampler takes nothing after this."""
        rest = np.zeros(0, np.float32)
        if self._stream is not None:
            rest = self._stream.resample_chunk(rest, last=True)
        missing = max(0, round(self._taken * self.rate_out / self.rate_in) - self._given)
        return self._give(np.pad(rest[:missing], (0, max(0, missing - len(rest)))))

    def _give(self, samples: Samples) -> Samples:
        self._given += len(samples)
        return samples


def resampled(chunks: Iterable[AudioChunk], sample_rate: int) -> Generator[AudioChunk]:
    """The same audio and timings at another rate. Lags by the resampler's delay, nothing when the rates are equal."""
    resampler: Resampler | None = None
    waiting: list[Timing] = []
    for chunk in chunks:
        if chunk.sample_rate == sample_rate:
            yield chunk
            continue
        resampler = resampler or Resampler(chunk.sample_rate, sample_rate)
        waiting += [_rescaled(timing, sample_rate / chunk.sample_rate) for timing in chunk.timings]
        ready = resampler.feed(chunk.samples)
        if len(ready):
            yield AudioChunk(ready, sample_rate, tuple(waiting))
            waiting = []
    if resampler is not None and (len(rest := resampler.flush()) or waiting):
        yield AudioChunk(rest, sample_rate, tuple(waiting))


def _rescaled(timing: Timing, factor: float) -> Timing:
    return Timing(timing.start, timing.end, round(timing.first_sample * factor), round(timing.last_sample * factor))
