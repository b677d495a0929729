"""Holds true peaks below a ceiling: a gain that falls before a peak and comes back after it. Any chunks give the same.

Between samples a signal reaches higher than at them; that is looked at in quarters of a sample, as ITU-R BS.1770 does.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import AudioChunk, Samples, Timing

CEILING: Final = (
    0.78  # of full scale: a change of rate adds up to 1.1 dB to speech that is driven hard, and -1 dBTP is kept
)
AHEAD_S: Final = 0.002  # over which the gain falls, and comes back
HOLD_S: Final = 0.008  # about two periods of a voice: within them the gain stands still
REACH: Final = 8
SUSPECT: Final = 0.4  # of the ceiling: where speech reaches this, it is looked at between the samples

Doubles = NDArray[np.float64]


def _between() -> Doubles:
    """What samples -7 to 8 weigh in the signal at 1/4, 2/4 and 3/4 after sample 0: (16, 3)."""
    places = np.arange(1 - REACH, REACH + 1)[:, None] - np.array([0.25, 0.5, 0.75])
    weights: Doubles = np.sinc(places) * np.cos(np.pi / 2 * places / (REACH + 1)) ** 2
    weights /= weights.sum(axis=0)
    return weights


BETWEEN: Final = _between()


class Limiter:
    """One stream of samples; the output lags it by `delay` samples."""

    def __init__(self, sample_rate: int, ceiling: float = CEILING) -> None:
        self._ceiling = ceiling
        self._ahead = max(1, round(AHEAD_S * sample_rate))
        self._hold = round(HOLD_S * sample_rate)
        self.delay = self._ahead + REACH
        self._behind = self._hold + self._ahead + REACH  # samples that still bear on the next one given out
        self._samples: Samples = np.zeros(self._behind, np.float32)  # those, and those that wait

    def feed(self, samples: Samples) -> Samples:
        """What can go on after samples (N,)."""
        self._samples = np.concatenate([self._samples, samples])
        count = len(self._samples) - self._behind - self.delay
        if count <= 0:
            return samples[:0]
        given = self._samples[self._behind : self._behind + count]
        if float(np.abs(self._samples).max()) > SUSPECT * self._ceiling:
            gain = self._gain(count)
            given = given if gain is None else (given * gain).astype(np.float32)
        self._samples = self._samples[count:]
        return given

    def flush(self) -> Samples:
        """The rest."""
        return self.feed(np.zeros(self.delay, np.float32))

    def _gain(self, count: int) -> Doubles | None:
        """Of the `count` samples that can go on: as low as any peak near asks for, in lines of `_ahead` samples.

        None where no peak asks for anything.
        """
        wanted = self._wanted(self._samples.astype(np.float64))
        if float(wanted.min()) == 1.0:
            return None
        held = _least(wanted, self._hold + self._ahead + 1)  # at n: over n ... n + hold + ahead
        # The lowest of `hold` before a sample to `ahead` behind it, then the mean of that over the `ahead` before it.
        first = self._behind - self._hold - self._ahead
        total = np.zeros(count)
        for place in range(first, first + self._ahead + 1):
            total += held[place : place + count]
        gain: Doubles = total / (self._ahead + 1)
        return gain

    def _wanted(self, samples: Doubles) -> Doubles:
        """The gain that each sample, and what follows it up to the next, asks for by itself."""
        sizes = np.abs(samples)
        peaks = sizes.copy()
        near = np.maximum(sizes[:-1], sizes[1:])[REACH - 1 : 1 - REACH]
        suspects = np.flatnonzero(near > SUSPECT * self._ceiling) + REACH - 1
        between = np.zeros((3, len(suspects)))
        for place, weights in zip(range(1 - REACH, REACH + 1), BETWEEN, strict=True):
            between += weights[:, None] * samples[suspects + place]
        peaks[suspects] = np.maximum(peaks[suspects], np.abs(between).max(axis=0, initial=0.0))
        return self._ceiling / np.maximum(peaks, self._ceiling)


def _least(values: Doubles, span: int) -> Doubles:
    """The least of each `span` values in a row: shorter by span - 1."""
    width = 1
    while width < span:
        step = min(width, span - width)
        values = np.minimum(values[:-step], values[step:])
        width += step
    return values


def limited(chunks: Iterable[AudioChunk], gain_db: float = 0.0) -> Generator[AudioChunk]:
    """The same audio, louder by gain_db, with no peak above the ceiling. Its end comes in a chunk of its own."""
    factor = np.float32(10 ** (gain_db / 20))
    limiter: Limiter | None = None
    untold: list[Timing] = []
    last: AudioChunk | None = None
    for last in chunks:
        limiter = limiter or Limiter(last.sample_rate)
        samples = limiter.feed(last.samples * factor)
        untold += last.timings
        if len(samples):
            yield replace(last, samples=samples, timings=tuple(untold))
            untold = []
    if limiter is not None and last is not None:
        yield replace(last, samples=limiter.flush(), timings=tuple(untold))
