"""Emotions for voices that know only neutral: made of their samples. Pure.

Register, rate, level and tilt come from the same table as everywhere; range and final movement of the pitch are out of
reach, and breath noise costs such a voice more than it gives. Other voices get this by naming emotions in
`Voice.by_signal`.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from typing import Final

from tts_server.audio.join import moved
from tts_server.audio.pitch import PitchShifter
from tts_server.audio.spectral_tilt import SpectralTilt
from tts_server.engine import AudioChunk, Run, Timing, Utterance, Voice
from tts_server.presets import PRESETS, Preset

REGISTER: Final = 0.3  # of a preset's: the formants move along, so that a voice seems to change more
TILT: Final = 0.45  # of a preset's
HASTE: Final = 1.0  # of a preset's: how much faster the engine is told to speak
MAX_SEMITONES: Final = 6.0
LOUDER_DB, SOFTER_DB = 2.6, 5.0  # what a z of energy is in dB, measured on baker
Synthesize = Callable[[Utterance], Generator[AudioChunk]]


def speak_changed(
    utterance: Utterance, voice: Voice, synthesize: Synthesize, *, with_level: bool
) -> Generator[AudioChunk]:
    """The utterance's audio with its emotions. with_level: False where somebody else sees to how loud it is."""
    said = position = 0
    for wanted, group in groupby(utterance.runs, key=_style_of):
        runs = tuple(group)
        said += len(runs)
        is_last = utterance.is_last and said == len(utterance.runs)
        preset = PRESETS[wanted[0]].at(wanted[1]) if wanted[0] in voice.by_signal else Preset()
        neutral = replace(utterance, runs=tuple(_neutral(run, preset) for run in runs), is_last=is_last)
        made = 0
        with closing(_changed(synthesize(neutral), voice, preset, wanted[2], with_level)) as chunks:
            for chunk in chunks:
                timings = tuple(moved(timing, position) for timing in chunk.timings)
                yield replace(chunk, timings=timings)
                made += len(chunk.samples)
        position += made


def _style_of(run: Run) -> tuple[str, float, float]:
    """What of a run's prosody is done here: emotion, intensity, pitch."""
    return run.prosody.emotion, run.prosody.intensity, run.prosody.pitch


def _neutral(run: Run, preset: Preset) -> Run:
    """What is left for the engine to do."""
    prosody = run.prosody
    haste = 1 + HASTE * max(0.0, 1 / preset.duration - 1)
    changed = replace(prosody, emotion="neutral", intensity=1.0, speed=prosody.speed * haste, pitch=0.0)
    return replace(run, prosody=changed)


def _changed(
    chunks: Generator[AudioChunk], voice: Voice, preset: Preset, pitch: float, with_level: bool
) -> Generator[AudioChunk]:
    """The chunks in another register and tilt; those that nothing is asked of go through untouched."""
    semitones = min(max(REGISTER * preset.f0 + pitch, -MAX_SEMITONES), MAX_SEMITONES)
    gain = preset.gain + preset.energy * (LOUDER_DB if preset.energy > 0 else SOFTER_DB) if with_level else 0.0
    longer = max(1.0, preset.duration)  # stretching costs little, while haste is better done by the engine
    with closing(chunks):
        if preset == Preset() and not semitones:
            yield from chunks
            return
        shifter = PitchShifter(voice.sample_rate, semitones, longer)
        tilt = SpectralTilt(voice.sample_rate, gain, TILT * preset.tilt, 0.0)
        waiting: list[Timing] = []
        given = 0
        for chunk in chunks:
            waiting += (_stretched(timing, longer) for timing in chunk.timings)
            samples = tilt.feed(shifter.feed(chunk.samples))
            if len(samples):
                begun, waiting = _begun(waiting, given + len(samples))
                given += len(samples)
                yield AudioChunk(samples, voice.sample_rate, begun)
        if len(rest := tilt.feed(shifter.flush())) or waiting:
            yield AudioChunk(rest, voice.sample_rate, tuple(waiting))


def _stretched(timing: Timing, duration: float) -> Timing:
    first, last = round(timing.first_sample * duration), round(timing.last_sample * duration)
    return replace(timing, first_sample=first, last_sample=last)


def _begun(waiting: Sequence[Timing], end: int) -> tuple[tuple[Timing, ...], list[Timing]]:
    """Timings that begin before a sample, and the others."""
    return tuple(t for t in waiting if t.first_sample < end), [t for t in waiting if t.first_sample >= end]
