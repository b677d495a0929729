"""Speaks one utterance: clause by clause, each clause as a stream of chunks with the timings of its syllables."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import AudioChunk, Prosody, Run, Samples, Timing
from tts_server.engines.baker import level, prosody
from tts_server.engines.baker.clauses import Clause, Units, clauses, halves, units
from tts_server.engines.baker.mel import Mel
from tts_server.engines.baker.runtime import LOOKAHEAD_FRAMES, Encoded, Nets
from tts_server.engines.baker.shape import ACOUSTIC, VOCODER

# The model says long silences. This much is kept, so that speech is heard sooner and a pause is as long as asked for.
# The rest is cut from the mel: with shorter silences in its input, the decoder would find speech at unusual positions.
LEAD_FRAMES: Final = 4  # before a clause
TAIL_FRAMES: Final = 8  # after it
MODEL_SILENCE: Final = (LEAD_FRAMES + TAIL_FRAMES) * VOCODER.hop_length  # samples between two clauses
FRAMES_PER_SECOND: Final = VOCODER.sample_rate / VOCODER.hop_length
MAX_CHUNK_S: Final = 60.0
SAMPLE_CONTROLS: Final = ("gain", "tilt", "breath")  # done on the samples; the others on what the model predicts


@dataclass(frozen=True, slots=True)
class Score:
    """A clause ready for the vocoder. Samples are counted from its start."""

    mel: Mel
    curve: level.Curve
    timings: tuple[Timing, ...]

    @property
    def length(self) -> int:
        return self.mel.length * VOCODER.hop_length


def speak(
    nets: Nets, runs: tuple[Run, ...], wanted: Callable[[], float], before: Prosody | None = None
) -> Generator[AudioChunk]:
    """The utterance's audio. The acoustic model reads a clause only when its turn has come.

    before: the emotion that the voice changes over from.
    """
    start = 0  # of the clause, in samples
    for clause in clauses(runs):
        for score in _scores(nets, clause, before):
            made = 0
            for samples in _vocode(nets, score, wanted):
                yield AudioChunk(samples, VOCODER.sample_rate, _timings(score, made, made + len(samples), start))
                made += len(samples)
            start += score.length
        if pause := _silent_samples(clause):
            yield AudioChunk(np.zeros(pause, np.float32), VOCODER.sample_rate)
            start += pause
        before = before if not clause.syllables else None


def _scores(nets: Nets, clause: Clause, before: Prosody | None = None) -> Iterator[Score]:
    """The clause's score; those of its halves where it would be longer than the model can count."""
    if not clause.syllables:
        return
    read = units(clause)
    encoded = nets.encode(read.ids)
    of_syllables = prosody.changing_over(clause.prosodies, before)
    wanted = [of_syllables[owner] for owner in read.owners]
    frames = prosody.shape_durations(encoded.durations, wanted)
    frames[0], frames[-2] = max(frames[0], LEAD_FRAMES), max(frames[-2], TAIL_FRAMES)
    if frames.sum() > ACOUSTIC.max_frames and len(clause.syllables) > 1:
        first, second = halves(clause)
        yield from _scores(nets, first, before)
        yield from _scores(nets, second)
        return
    f0 = prosody.shape_f0(encoded.f0, encoded.durations, wanted)
    energy = prosody.shape_energy(encoded.energy, wanted)
    decoded = nets.decode(Encoded(encoded.hidden, encoded.durations, f0, energy), frames)
    kept = slice(int(frames[0]) - LEAD_FRAMES, int(frames[:-2].sum()) + TAIL_FRAMES)
    on_samples = (np.repeat([getattr(unit, name) for unit in wanted], frames)[kept] for name in SAMPLE_CONTROLS)
    curve = level.Curve.of_decibels(*on_samples)
    yield Score(Mel(nets, decoded, kept), curve, _clause_timings(clause, read, frames))


def _clause_timings(clause: Clause, read: Units, frames: NDArray[np.int64]) -> tuple[Timing, ...]:
    starts = (np.cumsum(frames) - frames - frames[0] + LEAD_FRAMES) * VOCODER.hop_length  # of each unit
    return tuple(
        Timing(syllable.start, syllable.end, int(starts[first]), int(starts[last]))
        for syllable, (first, last) in zip(clause.syllables, read.spans, strict=True)
    )


def _timings(score: Score, begin: int, end: int, offset: int) -> tuple[Timing, ...]:
    """Of the syllables that begin in samples [begin, end) of the clause, counted from the utterance's start."""
    return tuple(
        Timing(timing.start, timing.end, timing.first_sample + offset, timing.last_sample + offset)
        for timing in score.timings
        if begin <= timing.first_sample < end
    )


def _vocode(nets: Nets, score: Score, wanted: Callable[[], float]) -> Iterator[Samples]:
    """The clause's samples in chunks of about the wanted length."""
    total = score.mel.length
    state, history = nets.vocode.initial_state, level.EMPTY_HISTORY
    fed = made = 0
    while fed < total:
        frames = max(1, round(min(wanted(), MAX_CHUNK_S) * FRAMES_PER_SECOND))
        end = min(total, made // VOCODER.hop_length + frames + LOOKAHEAD_FRAMES)
        samples, state = nets.vocode(score.mel.read(end - fed), state, is_last=end == total)
        samples, history = level.apply(score.curve, samples, made, history)
        fed, made = end, made + len(samples)
        yield samples


def _silent_samples(clause: Clause) -> int:
    """Zeros to add after the clause, so that with the model's own silences nothing is heard for the right time."""
    if clause.pause_ms is None:
        pause_s = prosody.pause_seconds(clause.break_after, prosody.controls(clause.prosodies[-1]))
    else:
        pause_s = clause.pause_ms / 1000
    own = MODEL_SILENCE if clause.syllables else 0
    return max(0, round(pause_s * VOCODER.sample_rate) - own)
