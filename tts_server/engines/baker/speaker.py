"""Speaks one utterance: clause by clause, each clause as a stream of chunks with the timings of its syllables."""

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tts_server.engine import AudioChunk, Prosody, Run, Samples, Timing
from tts_server.engines.baker import level, prosody
from tts_server.engines.baker.clauses import Clause, Units, clauses, halves, units
from tts_server.engines.baker.intonation import ended
from tts_server.engines.baker.mel import Kept, Mel
from tts_server.engines.baker.runtime import LOOKAHEAD_FRAMES, Encoded, Nets
from tts_server.engines.baker.shape import ACOUSTIC, VOCODER
from tts_server.intonation import contour, ending

# The model says long silences. What is not needed is cut from the mel, so that speech is heard sooner and a pause is as
# long as asked for: with shorter silences in its input, the decoder would find speech at unusual positions.
LEAD_FRAMES: Final = 4  # before a clause
TAIL_FRAMES: Final = 8  # after it, at least
# The last sound of a clause dies away in the closing silence: 0.1 to 0.25 s, counted into the voice's own pause. One
# that is shorter grows by no more than this, and the sound is faded.
GROWTH: Final = round(0.06 * VOCODER.sample_rate)
FADE_FRAMES: Final = 5
NO_PAUSE_FRAMES: Final = 12  # between clauses that no pause parts
FRAMES_PER_SECOND: Final = VOCODER.sample_rate / VOCODER.hop_length
# The model says a final 了, 的 or 呢 mostly in its closing silence. As loud as it would, while the mouth closes, that
# is heard as 冷 or 轮.
SHORT_END: Final = re.compile(r"[^iuvüy]e5$")
MAX_CHUNK_S: Final = 60.0
SAMPLE_CONTROLS: Final = ("gain", "tilt", "breath")  # done on the samples; the others on what the model predicts


@dataclass(frozen=True, slots=True)
class Score:
    """A clause ready for the vocoder. Samples are counted from its start."""

    mel: Mel
    curve: level.Curve
    timings: tuple[Timing, ...]


def speak(
    nets: Nets,
    runs: tuple[Run, ...],
    wanted: Callable[[], float],
    before: Prosody | None = None,
    *,
    is_last: bool = True,
) -> Generator[AudioChunk]:
    """The utterance's audio. The acoustic model reads a clause only when its turn has come.

    before: the emotion that the voice changes over from. is_last: whether the pause at the end is the utterance's own;
    otherwise the last sound dies away however long that takes.
    """
    start = 0  # of the clause, in samples
    said = list(clauses(runs))
    for index, clause in enumerate(said):
        is_end = index == len(said) - 1
        pause, is_exact = _pause_samples(clause)
        own = 0  # samples of the pause that the model says itself
        may_take_long = is_exact or (is_end and not (pause and is_last))
        for score in _scores(nets, clause, None if may_take_long else pause, before):
            made = 0
            for samples in _vocode(nets, score, wanted):
                yield AudioChunk(samples, VOCODER.sample_rate, _timings(score, made, made + len(samples), start))
                made += len(samples)
            start += made
            own = (LEAD_FRAMES + (score.mel.silent if is_exact else score.mel.tail)) * VOCODER.hop_length
        if (silent := pause - own) > 0:
            yield AudioChunk(np.zeros(silent, np.float32), VOCODER.sample_rate)
            start += silent
        before = before if not clause.syllables else None


def _scores(nets: Nets, clause: Clause, pause: int | None, before: Prosody | None = None) -> Iterator[Score]:
    """The clause's score; those of its halves where it would be longer than the model can count.

    pause: samples that it should take until the next clause; None: the last sound may die away for as long as it takes.
    """
    if not clause.syllables:
        return
    read = units(clause)
    encoded = nets.encode(read.ids)
    of_syllables = prosody.changing_over(clause.prosodies, before)
    near = prosody.nearness(encoded.durations)
    moved = contour(clause.syllables)
    usual = [of_syllables[owner] for owner in read.owners]
    wanted = ended(usual, ending(clause.syllables), near, [moved[owner] for owner in read.owners])
    frames = prosody.shape_durations(encoded.durations, wanted)
    frames[0], frames[-2] = max(frames[0], LEAD_FRAMES), max(frames[-2], TAIL_FRAMES)
    if frames.sum() > ACOUSTIC.max_frames and len(clause.syllables) > 1:
        first, second = halves(clause)
        yield from _scores(nets, first, 0, before)
        yield from _scores(nets, second, pause)
        return
    f0 = prosody.shape_f0(encoded.f0, encoded.durations, wanted)
    is_short = bool(SHORT_END.search(clause.syllables[-1].spoken))
    energy = prosody.shape_energy(encoded.energy, wanted, is_short_end=is_short)
    decoded = nets.decode(Encoded(encoded.hidden, encoded.durations, f0, energy), frames)
    start, speech_end = int(frames[0]) - LEAD_FRAMES, int(frames[:-2].sum())
    kept = Kept(start, speech_end, speech_end + TAIL_FRAMES, speech_end + _latest_tail(pause))
    on_samples = (np.repeat([getattr(unit, name) for unit in wanted], frames)[start:] for name in SAMPLE_CONTROLS)
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
    mel = score.mel
    state, history = nets.vocode.initial_state, level.EMPTY_HISTORY
    made = 0
    while not mel.is_read:
        frames = max(1, round(min(wanted(), MAX_CHUNK_S) * FRAMES_PER_SECOND))
        end = made // VOCODER.hop_length + frames + LOOKAHEAD_FRAMES
        samples, state = nets.vocode(mel.read(end - mel.given), state, is_last=mel.is_read)
        samples, history = level.apply(score.curve, samples, made, history)
        if mel.is_read and mel.ends_loud:
            samples = _faded(samples)
        made += len(samples)
        yield samples


def _faded(samples: Samples) -> Samples:
    """The last samples die away. They all are in the last chunk, which is longer than the vocoder's lookahead."""
    count = min(len(samples), FADE_FRAMES * VOCODER.hop_length)
    fall = ((0.5 + 0.5 * np.cos((np.arange(count) + 1) / count * np.pi)) ** 2).astype(np.float32)
    return np.concatenate([samples[: len(samples) - count], samples[len(samples) - count :] * fall])


def _latest_tail(pause: int | None) -> int:
    """Frames after a clause in which its last sound may die away."""
    if pause is None:
        return ACOUSTIC.max_frames
    return max(NO_PAUSE_FRAMES, (pause + GROWTH) // VOCODER.hop_length - LEAD_FRAMES)


def _pause_samples(clause: Clause) -> tuple[int, bool]:
    """How long the pause after the clause is, and whether it was asked for.

    In one that was asked for nothing is heard for so long; in the voice's own one the last sound dies away.
    """
    how = clause.prosodies[-1]
    asked_ms = prosody.asked_pause_ms(clause.break_after, how) if clause.pause_ms is None else clause.pause_ms
    if asked_ms is not None:
        return round(asked_ms * VOCODER.sample_rate / 1000), True
    return round(prosody.pause_seconds(clause.break_after, how) * VOCODER.sample_rate), False
