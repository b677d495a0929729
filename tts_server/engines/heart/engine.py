"""The embedded English voice `heart` (hibari-tts): words inside Mandarin, and English texts.

Honours speed and volume. Pitch and emotions are made of its samples by the engine host: the net's spectral envelope is
only meant for its own F0 (moved by 3 semitones the level rises by 4 dB and peaks pass full scale).
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tts_server.audio.level import active_level_dbfs, soft_limit
from tts_server.engine import AudioChunk, Break, Run, Samples, Timing, Utterance, Voice, Word
from tts_server.engines.english import g2p
from tts_server.engines.english.timings import count_groups, group_spans, word_groups, word_timings
from tts_server.errors import VoiceUnknown
from tts_server.presets import BY_SIGNAL_STRENGTHS, PRESETS

if TYPE_CHECKING:
    from tts_server.engines.heart.runtime import Runtime

NAME: Final = "heart"
SAMPLE_RATE: Final = 24000
SEED: Final = 0  # the same text gives the same bytes
SILENCE: Final = 0.003  # peak; the net's own silence stays below 0.0001
EDGE_S: Final = 0.040  # silence kept around a sentence: the net leaves 0.3 s at both ends
LEVEL_DBFS: Final = -24.6  # median of the net's own output over 8 sentences and single words; each is brought to it
LOUDNESS_LUFS: Final = -25.9  # median of 20 sentences
PAUSES_S: Final[Mapping[Break, float]] = {Break.CLAUSE: 0.22, Break.SENTENCE: 0.37}  # at speed 1, and the two edges
CLAUSE_END: Final = re.compile(r"(?<=[,;:—]) +")
SHORTEST_CHUNK_S: Final = 0.02


class HeartEngine:
    """Speaks English. `synthesize` may run on several threads at once."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Looks whether hibari is installed, without importing it."""
        self._voices = (_voice(),) if find_spec("hibari") else ()
        self._loading = Lock()
        self._runtime: Runtime | None = None

    @property
    def voices(self) -> Sequence[Voice]:
        """`heart`, or nothing where hibari-tts is not installed."""
        return self._voices

    def load(self, voice: str) -> None:
        """Read the net and the lexicons, and speak once. Raises VoiceUnknown."""
        self._loaded(voice)

    def unload(self, voice: str) -> None:
        """Let go of the net and the lexicons."""
        with self._loading:
            self._runtime = None

    def _loaded(self, voice: str) -> "Runtime":
        if voice != NAME:
            raise VoiceUnknown(f"engine heart has no voice {voice!r}; it has {NAME!r}")
        with self._loading:
            if self._runtime is None:
                from tts_server.engines.heart.runtime import Runtime

                runtime = Runtime()
                runtime.render(runtime.phonemes("Ready to speak.")[0], 1.0, np.random.default_rng(SEED))
                self._runtime = runtime
            return self._runtime

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        """Speak the runs one after the other, a sentence at a time, cut as `wanted` asks."""
        runtime = self._loaded(utterance.voice)
        position = 0
        for run in utterance.runs:
            for samples, timings in _spoken_run(runtime, run, position):
                yield from _cut(samples, timings, position, wanted)
                position += len(samples)


def _voice() -> Voice:
    return Voice(
        name=NAME,
        engine="heart",
        language="en-US",
        speaks=("en",),
        sample_rate=SAMPLE_RATE,
        emotions=tuple(PRESETS),
        by_signal=tuple(emotion for emotion in PRESETS if emotion != "neutral"),
        emotion_strengths=tuple(BY_SIGNAL_STRENGTHS[emotion] for emotion in PRESETS),
        gender="female",
        description="American English, female, small and fast",
        attribution="hibari-tts (a student of Kokoro)",
        attribution_url="https://pypi.org/project/hibari-tts/",
        licence="Apache-2.0",
        version=version("hibari-tts"),
        revision=version("hibari-tts"),
        level_dbfs=LEVEL_DBFS,
        loudness_lufs=LOUDNESS_LUFS,
    )


def _spoken_run(runtime: "Runtime", run: Run, position: int) -> Iterator[tuple[Samples, tuple[Timing, ...]]]:
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
