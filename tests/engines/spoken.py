"""Mandarin runs out of plain pinyin, so that the tests of this room need no front end."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from tts_server.engine import AudioChunk, Break, Engine, Prosody, Run, Samples, Syllable, Timing, Utterance

BREAKS = {"/": Break.WORD, "|": Break.PHRASE, ",": Break.CLAUSE, ".": Break.SENTENCE}
WEATHER = "jin1 tian1/ tian1 qi4 hen2 hao3, wo3 men5 qu4/ gong1 yuan2 ba5."


def run(pinyin: str, prosody: Prosody | None = None, *, start: int = 0, pause_ms: int | None = None) -> Run:
    """A run of syllables, each one code point long; a sign behind a syllable is the break after it."""
    syllables = []
    for index, written in enumerate(pinyin.split(), start):
        spoken = written.rstrip("/|,.")
        after = BREAKS.get(written[len(spoken) :], Break.NONE)
        syllables.append(Syllable("字", spoken, spoken, index, index + 1, after))
    end = start + len(syllables)
    return Run("zh", "字" * len(syllables), start, end, (), tuple(syllables), prosody or Prosody(), pause_ms=pause_ms)


def speak(engine: Engine, *runs: Run, wanted: Callable[[], float] = lambda: 0.5) -> list[AudioChunk]:
    """What the engine's first voice makes of the runs."""
    return list(engine.synthesize(Utterance(engine.voices[0].name, runs), wanted))


def samples(chunks: Sequence[AudioChunk]) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])


def timings(chunks: Sequence[AudioChunk]) -> list[Timing]:
    return [timing for chunk in chunks for timing in chunk.timings]


def gaps(chunks: Sequence[AudioChunk]) -> list[int]:
    """Samples between the end of a syllable and the beginning of the next."""
    return [after.first_sample - before.last_sample for before, after in pairwise(timings(chunks))]
