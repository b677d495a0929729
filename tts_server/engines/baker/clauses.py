"""Cuts an utterance into clauses: what the acoustic model says in one go, each with the pause after it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import Break, Prosody, Run, Syllable
from tts_server.engines.baker.symbols import IDS, phones

MAX_SYLLABLES: Final = 60  # more is out of what the model was trained on
# A recogniser errs in 1.3 % of syllables with these, 1.6 % without #2, 2.3 % with #1 after prosodic words.
MARKS: Final = {Break.NONE: "#0", Break.WORD: "#0", Break.PHRASE: "#2", Break.CLAUSE: "#3", Break.SENTENCE: "#3"}


@dataclass(frozen=True, slots=True)
class Clause:
    """Syllables said in one go, each in its own way. No syllables: only the pause."""

    syllables: tuple[Syllable, ...]
    prosodies: tuple[Prosody, ...]  # of each syllable; of the pause alone when there is none
    break_after: Break = Break.NONE
    pause_ms: int | None = None  # exact, in place of the break's own


@dataclass(frozen=True, slots=True)
class Units:
    """A clause as the acoustic model reads it: silence, syllables with marks between, silence, end."""

    ids: NDArray[np.int64]  # (U,)
    owners: NDArray[np.int64]  # (U,), index of the syllable each unit belongs to; a mark, to the one before it
    spans: tuple[tuple[int, int], ...]  # of each syllable: its units, half-open, the mark left out


def clauses(runs: tuple[Run, ...]) -> Iterator[Clause]:
    """The clauses of neighbouring runs. A clause may reach over runs that no break parts."""
    syllables: list[Syllable] = []
    prosodies: list[Prosody] = []
    for run in runs:
        for index, syllable in enumerate(run.syllables):
            syllables.append(syllable)
            prosodies.append(run.prosody)
            is_end = index == len(run.syllables) - 1
            after = max(syllable.break_after, run.break_after) if is_end else syllable.break_after
            if after >= Break.CLAUSE and not (is_end and run.pause_ms is not None):
                yield from _short_enough(Clause(tuple(syllables), tuple(prosodies), after))
                syllables, prosodies = [], []
        if run.pause_ms is not None:
            said = Clause(tuple(syllables), (*prosodies,) or (run.prosody,), run.break_after, run.pause_ms)
            yield from _short_enough(said)
            syllables, prosodies = [], []
    if syllables:
        yield from _short_enough(Clause(tuple(syllables), tuple(prosodies)))


def halves(clause: Clause) -> tuple[Clause, Clause]:
    """The clause in two, at the strongest break not far from its middle. It has two syllables or more."""
    count = len(clause.syllables)

    def fitness(cut: int) -> float:
        return clause.syllables[cut - 1].break_after - 6 * abs(cut / count - 0.5)

    cut = max(range(1, count), key=fitness)
    first = Clause(clause.syllables[:cut], clause.prosodies[:cut], clause.syllables[cut - 1].break_after)
    return first, replace(clause, syllables=clause.syllables[cut:], prosodies=clause.prosodies[cut:])


def units(clause: Clause) -> Units:
    """The model's symbols for a clause that has syllables."""
    symbols, owners, spans = ["sil"], [0], []
    last = len(clause.syllables) - 1
    for index, syllable in enumerate(clause.syllables):
        said = phones(syllable.spoken)
        spans.append((len(symbols), len(symbols) + len(said)))
        symbols += [*said, MARKS[syllable.break_after] if index < last else "sil"]
        owners += [index] * (len(said) + 1)
    symbols.append("eos")
    owners.append(last)
    ids = np.array([IDS[symbol] for symbol in symbols], np.int64)
    return Units(ids, np.array(owners, np.int64), tuple(spans))


def _short_enough(clause: Clause) -> Iterator[Clause]:
    if len(clause.syllables) <= MAX_SYLLABLES:
        yield clause
    else:
        for half in halves(clause):
            yield from _short_enough(half)
