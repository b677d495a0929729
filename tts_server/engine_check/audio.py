"""Can what the voice gives be played, and do its timings fit?"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from tts_server.audio.level import active_level_dbfs
from tts_server.engine import AudioChunk, Timing, Utterance
from tts_server.engine_check.findings import Finding, Findings, fact, fault, note
from tts_server.engine_check.subject import Spoken, Subject
from tts_server.engine_host import framing, wire

SILENT: Final = 1e-3
LEVEL_OFF_DB: Final = 6.0
SYLLABLE_S: Final = (0.05, 1.2)


def check_audio(subject: Subject) -> Findings:
    """A word, a sentence, several: float32 in range, of one rate, sendable, heard."""
    for text, spoken in zip(subject.texts, subject.usually, strict=True):
        yield from sound_faults(subject, spoken, text)
    spoken = subject.usual
    audio_s = len(spoken.samples) / subject.voice.sample_rate
    if not audio_s:
        return
    factor = sum(spoken.steps_s) / audio_s
    yield fact(f"{audio_s:.1f} s of audio, the first after {1000 * spoken.steps_s[0]:.0f} ms, {factor:.2f} s a second")
    if factor > 1:
        yield note("slower than real time on this box: listeners wait longer, so that they hear no gap")
    level = active_level_dbfs(spoken.samples, subject.voice.sample_rate)
    if abs(level - subject.voice.level_dbfs) > LEVEL_OFF_DB:
        yield note(f"level_dbfs says {subject.voice.level_dbfs:.1f}, it speaks at {level:.1f} dBFS")


def check_timings(subject: Subject) -> Findings:
    """Ordered, of the text, within the audio, told before they are heard."""
    for text, spoken in zip(subject.texts[1:], subject.usually[1:], strict=True):
        yield from timing_faults(subject.utterance(text), spoken, subject.voice.sample_rate)


def sound_faults(subject: Subject, spoken: Spoken, text: str) -> Iterator[Finding]:
    """What is wrong with the chunks of a text that has something to say."""
    wrong = next(filter(None, map(chunk_fault, spoken.chunks)), "")
    rates = {chunk.sample_rate for chunk in spoken.chunks}
    if wrong:
        yield fault(f"{text!r}: {wrong}")
    elif rates - {subject.voice.sample_rate}:
        yield fault(f"{text!r}: chunks of {sorted(rates)} Hz; the voice says {subject.voice.sample_rate} Hz")
    elif not len(spoken.samples) or np.abs(spoken.samples).max() < SILENT:
        yield fault(f"{text!r}: nothing is heard")


def chunk_fault(chunk: AudioChunk) -> str:
    """What is wrong with a chunk on its own; "" for nothing."""
    if not isinstance(chunk, AudioChunk):
        return f"a {type(chunk).__name__} was given in place of an AudioChunk"
    samples = chunk.samples
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 1:
        return f"samples are {_kind(samples)}; float32 of one dimension belongs there"
    if not np.isfinite(samples).all():
        return "a sample is not a finite number"
    if len(samples) and (peak := float(np.abs(samples).max())) > 1:
        return f"a sample of {peak:.3f}; -1 to 1 is allowed"
    try:
        body, payload = wire.chunk_to_json(chunk)
        framing.encode(body, payload)
    except (TypeError, ValueError) as error:
        return f"a chunk cannot leave the engine host: {error}; numbers of timings have to be plain int"
    return ""


def timing_faults(utterance: Utterance, spoken: Spoken, sample_rate: int) -> Iterator[Finding]:
    """What is wrong with the timings of an utterance."""
    timings = spoken.timings
    if not timings:
        yield note("no timings: clients cannot follow the text, and an interruption is only guessed")
        return
    places: set[tuple[int, int]] = set()
    for run in utterance.runs:
        places |= {(unit.start, unit.end) for unit in run.syllables} | {(unit.start, unit.end) for unit in run.words}
    count = sum(len(run.syllables) or len(run.words) for run in utterance.runs)
    if stray := next((t for t in timings if (t.start, t.end) not in places), None):
        yield fault(f"timing of {stray.start}-{stray.end}: no syllable and no word stands there")
    for before, after in pairwise(timings):
        if after.start < before.start or after.first_sample < before.first_sample:
            yield fault(f"{_at(after)} comes after {_at(before)}: timings are told in order")
            break
    for timing in timings:
        if not 0 <= timing.first_sample <= timing.last_sample <= len(spoken.samples):
            yield fault(f"{_at(timing)} is not within the {len(spoken.samples)} samples of the audio")
            break
    yield from _late(spoken)
    syllable_s = (timings[-1].last_sample - timings[0].first_sample) / len(timings) / sample_rate
    yield fact(f"{len(timings)} timings for {count} syllables or words, {syllable_s:.2f} s each")
    if len(timings) < 0.9 * count:
        yield note("many syllables or words have no timing")
    if not SYLLABLE_S[0] <= syllable_s <= SYLLABLE_S[1]:
        yield note("that is no speed at which people speak")


def _late(spoken: Spoken) -> Iterator[Finding]:
    position = 0
    for chunk in spoken.chunks:
        if late := next((timing for timing in chunk.timings if timing.first_sample < position), None):
            yield fault(f"{_at(late)} is told with a chunk that begins at sample {position}: after it was heard")
            return
        position += len(chunk.samples)


def _at(timing: Timing) -> str:
    return f"timing of {timing.start}-{timing.end} at samples {timing.first_sample}-{timing.last_sample}"


def _kind(samples: object) -> str:
    shape = getattr(samples, "shape", None)
    return f"{getattr(samples, 'dtype', type(samples).__name__)}" + (f" {shape}" if shape is not None else "")
