"""Is audio given as it is wanted, and does the engine stop when the listener leaves?"""

import statistics
import time
from collections.abc import Iterator
from itertools import count
from typing import Final

import numpy as np

from tts_server.engine_check.audio import chunk_fault
from tts_server.engine_check.findings import Finding, Findings, fact, fault, note
from tts_server.engine_check.subject import Spoken, Subject

SHORT_S: Final = 0.1
SHORT_MEANS_S: Final = 1.0  # `wanted` is a hint: a clause in one go is accepted, a whole text is not
CLOSE_S: Final = 0.5
WATCHED_S: Final = 0.5  # after a close: is somebody still computing?
BUSY: Final = 0.15  # of a processor: on a busy box an idle process shows less still, and one at work not much more


def check_wanted(subject: Subject) -> Findings:
    """Short chunks when short ones are wanted, the same audio whatever is wanted."""
    utterance, rate = subject.utterance(subject.texts[2]), subject.voice.sample_rate
    usual = subject.usual
    for seconds in (0.0, SHORT_S, 600.0):
        spoken = subject.speak(utterance, lambda seconds=seconds: seconds)  # type: ignore[misc]
        if seconds == SHORT_S:
            yield from _short(spoken, rate)
        yield from _same(spoken, usual, seconds)
    grows = count(1)
    yield from _same(subject.speak(utterance, lambda: 0.05 * next(grows)), usual, "more and more")


def _short(spoken: Spoken, rate: int) -> Iterator[Finding]:
    lengths_s = [len(chunk.samples) / rate for chunk in spoken.chunks]
    median_s, longest_s = statistics.median(lengths_s or [0.0]), max(lengths_s, default=0.0)
    yield fact(
        f"{len(lengths_s)} chunks when {SHORT_S} s are wanted, median {median_s:.2f} s, longest {longest_s:.2f} s"
    )
    if not spoken.asked:
        yield fault("`wanted` is never asked")
    elif median_s > SHORT_MEANS_S:
        yield fault(f"chunks of {median_s:.2f} s where {SHORT_S} s are wanted: others wait, and nobody can interrupt")
    first, whole = spoken.steps_s[0], sum(spoken.steps_s)
    if len(lengths_s) > 1 and first > 0.8 * whole and whole > 0.1:
        yield note(f"{first / whole:.0%} of the work comes before the first chunk: nothing is heard for that long")


def _same(spoken: Spoken, usual: Spoken, wanted: object) -> Iterator[Finding]:
    wrong = next(filter(None, map(chunk_fault, spoken.chunks)), "")
    samples, expected = spoken.samples, usual.samples
    if wrong:
        yield fault(f"{wanted} s wanted: {wrong}")
    elif abs(len(samples) - len(expected)) > 0.02 * len(expected):
        yield fault(f"{wanted} s wanted: {len(samples)} samples, otherwise {len(expected)}")
    elif len(samples) == len(expected) and len(samples) and (off := float(np.abs(samples - expected).max())) > 0.01:
        yield note(f"{wanted} s wanted: samples differ by up to {off:.3f}: a seam may be heard")


def check_close(subject: Subject) -> Findings:
    """Left before the start and after one, two, three chunks: at once, with nothing going on behind."""
    utterance = subject.utterance(subject.texts[2])
    limit_s = max(CLOSE_S, 3 * max(subject.usual.steps_s))
    slowest_s = 0.0
    for given in range(4):
        stream = subject.engine.synthesize(utterance, lambda: SHORT_S)
        if not hasattr(stream, "close"):
            yield fault(f"synthesize gives a {type(stream).__name__}, no generator: it cannot be closed")
            return
        for _ in range(given):
            next(stream, None)
        begun = time.perf_counter()
        stream.close()
        slowest_s = max(slowest_s, time.perf_counter() - begun)
        if next(stream, None) is not None:
            yield fault("audio is given after the close")
    yield fact(f"closed in {1000 * slowest_s:.1f} ms")
    if slowest_s > limit_s:
        yield fault(f"a close takes {slowest_s:.2f} s: its thread serves nobody meanwhile")
    if (busy := _busy()) > BUSY:
        yield fault(f"{busy:.0%} of a processor is still at work after the close: threads of the engine's own go on")
    if not np.array_equal(subject.speak(utterance).samples, subject.usual.samples):
        yield fault("after a listener left, the same text sounds different")


def _busy() -> float:
    """What this process computes while it should do nothing, as a share of one processor."""
    used, begun = time.process_time(), time.perf_counter()
    time.sleep(WATCHED_S)
    return (time.process_time() - used) / (time.perf_counter() - begun)
