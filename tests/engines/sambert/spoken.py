"""Mandarin runs out of plain pinyin, so that the tests of this room need no front end."""

from collections.abc import Callable, Sequence

import numpy as np

from tts_server.engine import AudioChunk, Break, Prosody, Run, Samples, Syllable, Timing, Utterance
from tts_server.engines.sambert.engine import SambertEngine

BREAKS = {"/": Break.WORD, "|": Break.PHRASE, ",": Break.CLAUSE, ".": Break.SENTENCE}


def run(pinyin: str, prosody: Prosody | None = None, *, start: int = 0, pause_ms: int | None = None) -> Run:
    """A run of syllables, each one code point long; a sign behind a syllable is the break after it."""
    syllables = []
    for index, written in enumerate(pinyin.split(), start):
        spoken = written.rstrip("/|,.")
        after = BREAKS.get(written[len(spoken) :], Break.NONE)
        syllables.append(Syllable("字", spoken, spoken, index, index + 1, after))
    end = start + len(syllables)
    return Run("zh", "字" * len(syllables), start, end, (), tuple(syllables), prosody or Prosody(), pause_ms=pause_ms)


def speak(engine: SambertEngine, *runs: Run, wanted: Callable[[], float] = lambda: 0.5) -> list[AudioChunk]:
    return list(engine.synthesize(Utterance("tiny_16k", runs), wanted))


def samples(chunks: Sequence[AudioChunk]) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in chunks)])


def timings(chunks: Sequence[AudioChunk]) -> list[Timing]:
    return [timing for chunk in chunks for timing in chunk.timings]
