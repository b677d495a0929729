"""Putting pieces of speech one after the other: no clicks, no holes.

Everything works chunk by chunk and says how long it holds audio back.
"""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from tts_server.engine import AudioChunk, Samples, Timing

SILENCE: Final = 0.003  # peak, -50 dBFS: what a listener takes for a pause
QUIET_EDGE: Final = 0.001  # -60 dBFS: a step of this size is no click
KEEP_S: Final = 0.040  # soft onsets and endings, a natural breath between two voices
MAX_HOLD_S: Final = 1.0
FADE_S: Final = 0.005


class EdgeTrimmer:
    """Shortens the silence at both ends of one piece. Silence inside it stays.

    Holds silence back until sound follows it, `max_hold_s` at most; sound is never held back.
    """

    def __init__(
        self,
        sample_rate: int,
        lead_s: float | None = KEEP_S,
        trail_s: float | None = KEEP_S,
        max_hold_s: float = MAX_HOLD_S,
    ) -> None:
        """lead_s, trail_s: the silence that stays at the start and at the end; None leaves that end as it is."""
        self._lead = None if lead_s is None else round(lead_s * sample_rate)
        self._trail = None if trail_s is None else round(trail_s * sample_rate)
        self._max_hold = round(max_hold_s * sample_rate)
        self._held = np.zeros(0, np.float32)
        self._in_lead = self._lead is not None
        self.dropped = 0  # samples cut from the start so far; final once anything came out

    def feed(self, samples: Samples) -> Samples:
        """What can go on after samples (N,): (M,), M may be 0."""
        samples = np.concatenate([self._held, samples])
        loud = np.flatnonzero(np.abs(samples) > SILENCE)
        if self._in_lead:
            assert self._lead is not None
            cut = max(0, (int(loud[0]) if len(loud) else len(samples)) - self._lead)
            self.dropped += cut
            samples = samples[cut:]
            if not len(loud):
                self._held = samples
                return samples[:0]
            self._in_lead = False
            loud = loud - cut
        return self._release(samples, int(loud[-1]) + 1 if len(loud) else 0)

    def _release(self, samples: Samples, sound_end: int) -> Samples:
        if self._trail is None:
            self._held = samples[:0]
            return samples
        end = max(sound_end, len(samples) - self._max_hold)
        self._held = samples[end:]
        return samples[:end]

    def flush(self) -> Samples:
        """The silence that stays at the end. A piece without any sound has nothing that stays."""
        rest = self._held[:0] if self._in_lead else self._held[: self._trail]
        self._held = self._held[:0]
        return rest


def trim_edges(
    chunks: Iterable[AudioChunk], lead_s: float | None = KEEP_S, trail_s: float | None = KEEP_S
) -> Generator[AudioChunk]:
    """One piece with less silence at its ends, timings moved with the sound. Holds back only silence, 1 s at most."""
    trimmer: EdgeTrimmer | None = None
    waiting: list[Timing] = []
    sample_rate = given = 0
    for chunk in chunks:
        sample_rate = chunk.sample_rate
        trimmer = trimmer or EdgeTrimmer(sample_rate, lead_s, trail_s)
        waiting += chunk.timings
        ready = trimmer.feed(chunk.samples)
        if len(ready):
            given += len(ready)
            yield AudioChunk(ready, sample_rate, tuple(moved(timing, -trimmer.dropped) for timing in waiting))
            waiting = []
    if trimmer is not None and (len(rest := trimmer.flush()) or (waiting and given)):
        given += len(rest)
        yield AudioChunk(rest, sample_rate, tuple(moved(timing, -trimmer.dropped, given) for timing in waiting))


def moved(timing: Timing, by: int, end: int | None = None) -> Timing:
    """The timing `by` samples later, kept within 0..end."""
    first, last = max(0, timing.first_sample + by), max(0, timing.last_sample + by)
    if end is not None:
        first, last = min(first, end), min(last, end)
    return replace(timing, first_sample=first, last_sample=last)


class Joiner:
    """Lays pieces end to end. Where an edge is not quiet, it is faded over 5 ms, so that no step is heard.

    As many samples come out as went in, at the same places; the output lags by 5 ms (`delay_samples`).
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.delay_samples = round(FADE_S * sample_rate)
        self.position = 0  # samples taken: where the next one will stand
        phase = (np.arange(self.delay_samples) + 0.5) / self.delay_samples * (np.pi / 2)
        self._rise = np.sin(phase).astype(np.float32)  # equal power: sin² + cos² = 1
        self._tail = np.zeros(0, np.float32)
        self._to_fade_in = np.zeros(0, np.float32)  # what is left of the rise
        self._at_edge = False  # the very start is an edge only once a piece has ended

    def feed(self, samples: Samples) -> Samples:
        """What can go on after the next samples (N,) of a piece: (M,), M may be 0."""
        if not len(samples):
            return samples
        self.position += len(samples)
        if self._at_edge:
            self._at_edge = False
            self._to_fade_in = self._rise if abs(float(samples[0])) > QUIET_EDGE else self._rise[:0]
        samples = np.concatenate([self._tail, self._faded_in(samples)])
        end = max(0, len(samples) - self.delay_samples)
        self._tail = samples[end:]
        return samples[:end]

    def end_piece(self) -> Samples:
        """The rest of the piece; the next `feed` begins another one."""
        rest, self._tail = self._tail, self._tail[:0]
        self._at_edge = self.position > 0
        if len(rest) and abs(float(rest[-1])) > QUIET_EDGE:
            rest = rest * self._rise[::-1][-len(rest) :]
        return rest

    def _faded_in(self, samples: Samples) -> Samples:
        count = min(len(samples), len(self._to_fade_in))
        if not count:
            return samples
        factors, self._to_fade_in = self._to_fade_in[:count], self._to_fade_in[count:]
        return np.concatenate([samples[:count] * factors, samples[count:]])
