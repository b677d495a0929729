"""Speaks runs of English: a sentence at a time, levelled, with the timings of its words."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from tts_server.audio.level import active_level_dbfs, soft_limit
from tts_server.engine import AudioChunk, Break, Run, Samples, Timing, Word
from tts_server.engines.english import g2p
from tts_server.engines.english.timings import count_groups, group_spans, word_groups, word_timings
from tts_server.engines.heart.output import LEVEL_DBFS, SAMPLE_RATE
from tts_server.engines.heart.runtime import Runtime

SEED: Final = 0  # the same text gives the same bytes
SILENCE: Final = 0.003  # peak; the net's own silence stays below 0.0001
EDGE_S: Final = 0.040  # silence kept around a sentence: the net leaves 0.3 s at both ends
PAUSES_S: Final[Mapping[Break, float]] = {Break.CLAUSE: 0.22, Break.SENTENCE: 0.37}  # at speed 1, and the two edges
CLAUSE_END: Final = re.compile(r"(?<=[,;:—]) +")
SHORTEST_CHUNK_S: Final = 0.02


def warm_up(runtime: Runtime) -> None:
    """Say something to nobody: the first time takes longest."""
    runtime.render(runtime.phonemes("Ready to speak.")[0], 1.0, np.random.default_rng(SEED))


def speak(runtime: Runtime, runs: Sequence[Run], wanted: Callable[[], float]) -> Generator[AudioChunk]:
    """The runs one after the other, cut as `wanted` asks."""
    position = 0
    for run in runs:
        for samples, timings in _spoken_run(runtime, run, position):
            yield from _cut(samples, timings, position, wanted)
            position += len(samples)


def _spoken_run(runtime: Runtime, run: Run, position: int) -> Iterator[tuple[Samples, tuple[Timing, ...]]]:
    """Each sentence of a run with the pause after it, and its timings. position: the run's first sample."""
    sentences = runtime.phonemes(g2p.text_of(run, _written).translate(g2p.MARKS))
    counts = [count_groups(runtime.phonemes(g2p.written(word))) for word in run.words]
    owned = word_groups(counts, count_groups(sentences))
    noise = np.random.default_rng(SEED)
    first_group = 0
    for part, pause_s in _parts(sentences, run):
        spoken = runtime.render(part, run.prosody.speed, noise)
        start, end = _sound(spoken.samples)
        spans = group_spans(part, position + np.clip(spoken.starts - start, 0, end - start))
        samples = np.pad(spoken.samples[start:end], (0, round(pause_s * SAMPLE_RATE)))
        yield _levelled(samples, run.prosody.volume), word_timings(run.words, owned, spans, first_group)
        position += len(samples)
        first_group += len(spans)


def _parts(sentences: Sequence[str], run: Run) -> Iterator[tuple[str, float]]:
    """What is rendered in one go, and the seconds of silence after it besides the edges.

    The net pauses at commas by itself; where another pause was asked for there, clauses are rendered one by one.
    """
    how = run.prosody
    for index, sentence in enumerate(sentences):
        *clauses, last = [sentence] if how.clause_pause_ms is None else CLAUSE_END.split(sentence)
        yield from ((clause, _asked_s(how.clause_pause_ms or 0)) for clause in clauses)
        if index + 1 == len(sentences):
            pause_ms, after = run.pause_ms, run.break_after
        else:
            pause_ms, after = how.sentence_pause_ms, Break.SENTENCE
        yield last, PAUSES_S.get(after, 0.0) / how.speed if pause_ms is None else _asked_s(pause_ms)


def _asked_s(pause_ms: int) -> float:
    """What a pause that was asked for needs besides the silence that is kept around what is rendered."""
    return max(0.0, pause_ms / 1000 - 2 * EDGE_S)


def _written(word: Word) -> str:
    """As hibari takes it: the letter A by its name, since a lone A would be the article."""
    return "eh" if (word.text, word.phones) == ("A", "EY1") else g2p.written(word)


def _sound(samples: Samples) -> tuple[int, int]:
    """Where the sound of a sentence begins and ends, with 40 ms of its silence; (0, 0) when there is none."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    if not len(loud):
        return 0, 0
    edge = round(EDGE_S * SAMPLE_RATE)
    return max(0, int(loud[0]) - edge), min(len(samples), int(loud[-1]) + 1 + edge)


def _levelled(samples: Samples, volume_db: float) -> Samples:
    """One sentence at the voice's stated level plus volume_db, soft-limited.

    Single words come out of the net up to 3 dB apart; inside another language that is heard as unrest.
    """
    correction = LEVEL_DBFS - active_level_dbfs(samples, SAMPLE_RATE)
    if not np.isfinite(correction):
        return samples
    return soft_limit(samples * np.float32(10 ** ((float(np.clip(correction, -3.0, 3.0)) + volume_db) / 20)))


def _cut(
    samples: Samples, timings: Sequence[Timing], position: int, wanted: Callable[[], float]
) -> Iterator[AudioChunk]:
    """The samples in chunks as long as the listener wants, each with the timings that begin in it."""
    start = 0
    while start < len(samples):
        end = min(len(samples), start + max(round(wanted() * SAMPLE_RATE), round(SHORTEST_CHUNK_S * SAMPLE_RATE)))
        if len(samples) - end < round(SHORTEST_CHUNK_S * SAMPLE_RATE):
            end = len(samples)
        begun = tuple(timing for timing in timings if start <= timing.first_sample - position < end)
        yield AudioChunk(samples[start:end], SAMPLE_RATE, begun)
        start = end
