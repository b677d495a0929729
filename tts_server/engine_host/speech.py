"""One segment spoken: front end, an engine for each language in it, and their audio put together at one rate.

What one voice says goes through untouched. Where voices change, the silence on each side is cut to 40 ms and the levels
are matched.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np

from protocol.emotions import nearest
from tts_server.audio.join import KEEP_S, Joiner, moved, trim_edges
from tts_server.audio.level import LevelMeter, match_level
from tts_server.audio.limiter import limited
from tts_server.audio.pcm import silence
from tts_server.audio.resample import resampled
from tts_server.engine import AudioChunk, Break, Engine, Prosody, Run, Samples, Timing, Utterance, Voice
from tts_server.engine_host.changed_voice import speak_changed
from tts_server.engine_host.loudness import Loudness
from tts_server.errors import VoiceUnknown
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.segment import Before, Segment

log = logging.getLogger(__name__)

Voices = Mapping[str, tuple[Engine, Voice]]

# Silence where one voice hands over to another, at speed 1 and in addition to the 40 ms that stay on each side.
HANDOVER_S: Final[Mapping[Break, float]] = {Break.CLAUSE: 0.22, Break.SENTENCE: 0.37}

# The stated level weighs as much as this much heard speech: one loud syllable does not tell how loud a sentence is.
STATED_LEVEL_WEIGHT_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring runs that one voice says."""

    engine: Engine
    voice: Voice
    runs: tuple[Run, ...]

    @property
    def volume_db(self) -> float:
        """How much louder than usual the listener wants it, on average."""
        return sum(run.prosody.volume for run in self.runs) / len(self.runs)

    @property
    def pause_after_s(self) -> float:
        """How long the silence is before another voice goes on."""
        last = self.runs[-1]
        if last.pause_ms is not None:
            return last.pause_ms / 1000
        return HANDOVER_S.get(last.break_after, 0.0) / last.prosody.speed


def speak(
    segment: Segment, voice: str, voices: Voices, wanted: Callable[[], float], loudness: Loudness | None = None
) -> Generator[AudioChunk]:
    """Say a segment with `voice`, and with the first other voice that can what it cannot, at the rate of `voice`.

    loudness: what all is brought to, by the gain of `voice`; None: as loud as the voice is. True peaks stay below
    -1 dB of full scale. Engines are loaded when first needed. Timings count from the segment's first sample. Closing
    this generator closes the engine's. Raises VoiceUnknown.
    """
    if voice not in voices:
        raise VoiceUnknown(f"there is no voice {voice} here; there is {', '.join(sorted(voices)) or 'none'}")
    engine, reference = voices[voice]
    pieces = plan(analyse(segment, reference.speaks[0]).runs, voice, voices)
    before = next((span.prosody for span in segment.spans if isinstance(span, Before)), None)
    with closing(_spoken(pieces, reference, wanted, before)) as spoken:
        yield from limited(spoken, loudness.gain_db(engine, reference) if loudness else 0.0)


def _spoken(
    pieces: Sequence[Piece], reference: Voice, wanted: Callable[[], float], before: Prosody | None
) -> Generator[AudioChunk]:
    """The pieces at the rate and the level of the reference voice."""
    if len(pieces) == 1:
        with closing(_synthesize(pieces[0], True, wanted, before)) as spoken:
            yield from _adapted(spoken, pieces[0].voice, reference, LevelMeter(reference.sample_rate))
    else:
        yield from _joined(pieces, reference, wanted, before)


def plan(runs: Iterable[Run], voice: str, voices: Voices) -> list[Piece]:
    """Who says what. Runs in a language that no voice speaks are left out."""
    order = [voices[voice], *voices.values()]
    pieces: list[Piece] = []
    for language, group in groupby(map(_with_pause, runs), key=lambda run: run.language):
        speaker = next(((engine, found) for engine, found in order if language in found.speaks), None)
        said = tuple(group)
        if speaker is None:
            log.warning("no voice speaks %s; %d characters are left out", language, sum(len(run.text) for run in said))
        elif pieces and pieces[-1].voice.name == speaker[1].name:
            pieces[-1] = replace(pieces[-1], runs=pieces[-1].runs + said)
        else:
            pieces.append(Piece(*speaker, said))
    return pieces


def _with_pause(run: Run) -> Run:
    """The run with the pause that was asked for at breaks like its own. Those inside a run are the engine's."""
    wanted = {Break.SENTENCE: run.prosody.sentence_pause_ms, Break.CLAUSE: run.prosody.clause_pause_ms}
    pause_ms = wanted.get(run.break_after)
    return run if pause_ms is None or run.pause_ms is not None else replace(run, pause_ms=pause_ms)


def _joined(
    pieces: Sequence[Piece], reference: Voice, wanted: Callable[[], float], before: Prosody | None
) -> Generator[AudioChunk]:
    """Several pieces one after the other, as loud as the reference voice and at its rate."""
    joiner = Joiner(reference.sample_rate)
    heard = LevelMeter(reference.sample_rate)
    ready: list[Samples] = []
    timings: list[Timing] = []
    pause_s = 0.0
    for index, piece in enumerate(pieces):
        is_first, is_last = index == 0, index == len(pieces) - 1
        start = None
        is_reference = piece.voice.name == reference.name
        changing = before if is_first else None
        with closing(_synthesize(piece, is_last, wanted, changing, with_level=is_reference)) as spoken:
            trimmed = trim_edges(spoken, None if is_first else KEEP_S, None if is_last else KEEP_S)
            for chunk in _adapted(trimmed, piece.voice, reference, heard):
                if is_reference:
                    heard.feed(chunk.samples * np.float32(10 ** (-piece.volume_db / 20)))
                if start is None:
                    if joiner.position:
                        ready += [joiner.feed(silence(pause_s, joiner.sample_rate)), joiner.end_piece()]
                    start = joiner.position
                ready.append(joiner.feed(chunk.samples))
                timings += [moved(timing, start) for timing in chunk.timings]
                if any(map(len, ready)):
                    yield AudioChunk(np.concatenate(ready), joiner.sample_rate, tuple(timings))
                    ready, timings = [], []
        ready.append(joiner.end_piece())
        pause_s = piece.pause_after_s
    if any(map(len, ready)):
        yield AudioChunk(np.concatenate(ready), joiner.sample_rate, tuple(timings))


def _synthesize(
    piece: Piece, is_last: bool, wanted: Callable[[], float], before: Prosody | None, with_level: bool = True
) -> Generator[AudioChunk]:
    """The piece's engine at work; the pause after a piece that is not the last is ours, not the engine's.

    before: the emotion it changes over from. with_level: whether emotions that are made of the signal change the level.
    """
    runs = [_with_emotion_of(piece.voice, run) for run in piece.runs]
    if not is_last:
        runs[-1] = replace(runs[-1], pause_ms=0)
    piece.engine.load(piece.voice.name)
    utterance = Utterance(piece.voice.name, tuple(runs), is_last, before)
    if not piece.voice.by_signal:
        return piece.engine.synthesize(utterance, wanted)
    return speak_changed(
        utterance, piece.voice, lambda neutral: piece.engine.synthesize(neutral, wanted), with_level=with_level
    )


def _with_emotion_of(voice: Voice, run: Run) -> Run:
    """The run in the nearest emotion that the voice has."""
    emotion = nearest(run.prosody.emotion, voice.emotions)
    return run if emotion == run.prosody.emotion else replace(run, prosody=replace(run.prosody, emotion=emotion))


def _adapted(chunks: Iterable[AudioChunk], voice: Voice, reference: Voice, heard: LevelMeter) -> Iterator[AudioChunk]:
    """What a voice says, at the rate and the level of the reference voice."""
    if voice.name != reference.name:
        chunks = match_level(chunks, _expected_dbfs(reference.level_dbfs, heard) - voice.level_dbfs)
    return resampled(chunks, reference.sample_rate)


def _expected_dbfs(stated_dbfs: float, heard: LevelMeter) -> float:
    """How loud a voice would go on: between its stated level and what was heard of it (angry is 6 dB louder)."""
    heard_s = heard.active_s
    if not heard_s:
        return stated_dbfs
    return (stated_dbfs * STATED_LEVEL_WEIGHT_S + heard.level_dbfs * heard_s) / (STATED_LEVEL_WEIGHT_S + heard_s)
