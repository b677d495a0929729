"""Speaks one utterance clause by clause, without the silences that a net puts around each."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tts_server.audio.level import soft_limit
from tts_server.engine import AudioChunk, Break, Prosody, Run, Samples, Timing
from tts_server.engines.onnx_voices.clauses.clauses import Alphabet, Clause, clauses_of
from tts_server.engines.onnx_voices.packs.pack import Pack

PAUSES_S: Final = {Break.CLAUSE: 0.22, Break.SENTENCE: 0.37}  # at speed 1, and the two edges
EDGE_S: Final = 0.030  # silence kept around a clause: the net leaves 0.3 s before and 0.7 s behind
SILENCE: Final = 0.006  # peak; the net's own stays below
SHORTEST_CHUNK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Spoken:
    """A clause."""

    samples: Samples
    ends: NDArray[np.int64]  # (tokens,) sample at which each token ends


class ClauseNets(Protocol):
    """A model that says a clause at once."""

    pack: Pack
    alphabet: Alphabet
    gains: Sequence[float]  # of each speaker

    def render(self, ids: Sequence[int], speaker: int, how: Prosody) -> Spoken:
        """Say a clause. Safe to call from several threads."""


def speak(nets: ClauseNets, style: int, runs: Sequence[Run], wanted: Callable[[], float]) -> Generator[AudioChunk]:
    """The audio of the runs, with the timings of their words or syllables."""
    rate, position = nets.pack.sample_rate, 0
    for run in runs:
        clauses = clauses_of(run, nets.alphabet)
        for clause in clauses:
            pause_s = _pause_s(run, clause, is_last=clause is clauses[-1])
            for chunk in _clause(nets, style, clause, run, pause_s, position, wanted):
                yield chunk
                position += len(chunk.samples)
        if not clauses and run.pause_ms:
            yield AudioChunk(np.zeros(run.pause_ms * rate // 1000, np.float32), rate)
            position += run.pause_ms * rate // 1000


def _pause_s(run: Run, clause: Clause, *, is_last: bool) -> float:
    """Silence after a clause, besides the edges: in a pause that was asked for they are counted."""
    how = run.prosody
    asked_ms = {Break.CLAUSE: how.clause_pause_ms, Break.SENTENCE: how.sentence_pause_ms}.get(clause.break_after)
    if is_last and run.pause_ms is not None:
        asked_ms = run.pause_ms
    return (
        PAUSES_S.get(clause.break_after, 0.0) / how.speed if asked_ms is None else max(0, asked_ms / 1000 - 2 * EDGE_S)
    )


def _clause(
    nets: ClauseNets, style: int, clause: Clause, run: Run, pause_s: float, position: int, wanted: Callable[[], float]
) -> Generator[AudioChunk]:
    """One clause and the pause behind it, cut as the listener wants."""
    rate = nets.pack.sample_rate
    spoken = nets.render(clause.ids, style, replace(run.prosody, speed=run.prosody.speed * clause.pace))
    edge = round(EDGE_S * rate)
    loud = np.flatnonzero(np.abs(spoken.samples) > SILENCE)
    begin, end = (
        (max(0, int(loud[0]) - edge), min(len(spoken.samples), int(loud[-1]) + 1 + edge)) if len(loud) else (0, 0)
    )
    gain = np.float32(nets.gains[style] * 10 ** (run.prosody.volume / 20))
    samples = np.pad(soft_limit(spoken.samples[begin:end] * gain), (0, round(pause_s * rate)))
    places = position + np.clip(spoken.ends - begin, 0, end - begin)  # of token n at n: the pad comes first
    untold = [Timing(start, stop, int(places[first]), int(places[last])) for start, stop, first, last in clause.units]
    made = 0
    while made < len(samples):
        size = max(round(wanted() * rate), round(SHORTEST_CHUNK_S * rate))
        if len(samples) - made - size < round(SHORTEST_CHUNK_S * rate):
            size = len(samples) - made
        told = [timing for timing in untold if timing.first_sample < position + made + size]
        untold = untold[len(told) :]
        yield AudioChunk(samples[made : made + size], rate, tuple(told))
        made += size
