"""Speaks one utterance: sentence by sentence, each as a stream of chunks, its timings known before its audio."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np

from tts_server import heap
from tts_server.engine import AudioChunk, Break, Prosody, Run, Samples, Timing
from tts_server.engines.sambert.runtime.closing import Closing
from tts_server.engines.sambert.runtime.graphs import (
    DecoderInputs,
    Encoded,
    Floats,
    Integers,
    Nets,
    UnitInputs,
)
from tts_server.engines.sambert.runtime.intonation import ended
from tts_server.engines.sambert.runtime.stream import Stream
from tts_server.engines.sambert.units.symbols import EMOTIONS, Unit, encode, units
from tts_server.intonation import Ending

# The published voices do not say what their pitch was normalised with. A semitone at 220 Hz is 13 Hz, and speech
# deviates by about 50 Hz.
PITCH_PER_SEMITONE: Final = 0.26  # z
MAX_CHUNK_S: Final = 60.0
CHANGE_OVER: Final = (0.35, 0.6, 0.85)  # shares of a new emotion in the first syllables said in it
LONG_FRAMES: Final = 480  # a sentence above 6 s leaves much free memory behind
NONE: Final = EMOTIONS.index("emotion_none")
NEUTRAL: Final = EMOTIONS.index("emotion_neutral")


@dataclass(frozen=True, slots=True)
class Controls:
    """How each of U units is to be said."""

    speed: Floats
    pitch: Floats  # z-scores to add
    energy: Floats  # z-scores to add
    gain_db: Floats

    @classmethod
    def of(cls, said: Sequence[Prosody]) -> "Controls":
        """From each unit's prosody."""
        speed, semitones, gain = (
            np.array([getattr(how, name) for how in said], np.float32) for name in ("speed", "pitch", "volume")
        )
        return cls(speed, semitones * np.float32(PITCH_PER_SEMITONE), np.zeros_like(speed), gain)

    def ended(self, how: Ending, near: Floats, moved: Floats) -> "Controls":
        """With what the mark at the end asks for. near: 0 far from it, 1 at it; moved: semitones; both (U,)."""
        pitch = self.pitch + (moved + near * np.float32(how.ramp)) * np.float32(PITCH_PER_SEMITONE)
        return Controls(
            (self.speed / (1 + near * np.float32(how.duration - 1))).astype(np.float32),
            pitch.astype(np.float32),
            self.energy + near * np.float32(how.energy),
            self.gain_db + near * np.float32(how.gain),
        )


def speak(
    nets: Nets,
    speaker: str,
    runs: Sequence[Run],
    wanted: Callable[[], float],
    *,
    emotion_on_breaks: bool = False,
    before: Prosody | None = None,
) -> Generator[AudioChunk]:
    """The utterance's audio. The nets read a sentence only when its turn has come.

    speaker: one of the pack's. before: the emotion that the first syllables change over from.
    """
    start = 0  # of the sentence, in samples
    for sentence in _sentences(runs):
        spoken = units(sentence, speaker=speaker, categories=nets.pack.emotions, emotion_on_breaks=emotion_on_breaks)
        for chunk in _speak_sentence(nets, sentence, spoken, start, wanted, before):
            yield chunk
            start += len(chunk.samples)
        before = before if not spoken else None


def compose(nets: Nets, lines: UnitInputs, controls: Controls) -> DecoderInputs:
    """Encode, inflect as wanted, and say how long each unit lasts."""
    encoded = nets.encode(lines)
    inflected = Encoded(encoded.text, encoded.pitch + controls.pitch, encoded.energy + controls.energy)
    text, log_durations = nets.predict_durations(lines, inflected)
    durations = ((np.exp(log_durations) - 1) / controls.speed).astype(np.float32)
    return nets.compose(lines, text, durations)


def inputs_of(nets: Nets, spoken: Sequence[Unit], said: Sequence[Prosody], before: Prosody | None = None) -> UnitInputs:
    """The units' ids, and their speakers and emotions as rows: an intensity moves a row away from the neutral one."""
    ids = encode(spoken, nets.pack.speakers, nets.pack.language)
    intensity = np.array([how.intensity for how in said], np.float32)[:, None]
    rows, neutral = nets.emotions[ids[:, 4]], nets.emotions[NEUTRAL]
    has_none = (ids[:, 4] == NONE)[:, None]  # break marks, but for a setting
    emotion = np.where(has_none | (intensity == 1), rows, neutral + intensity * (rows - neutral))
    if before is not None:
        old = nets.emotions[EMOTIONS.index(f"emotion_{nets.pack.emotions.get(before.emotion, 'neutral')}")]
        old = neutral + np.float32(before.intensity) * (old - neutral)
        shares = _shares_of_new(spoken)
        emotion = np.where(has_none, emotion, shares * emotion + (1 - shares) * old)
    speakers = ids[:, 5] if nets.pack.acoustic.speakers else np.zeros(len(ids), np.int64)
    return UnitInputs(ids[:, :4], nets.speakers[speakers], emotion.astype(np.float32))


def _shares_of_new(spoken: Sequence[Unit]) -> Floats:
    """How much of each unit's emotion is the new one: the first syllables come out of the old one. (U, 1)"""
    shares = np.ones((len(spoken), 1), np.float32)
    syllables: list[tuple[int, int]] = []
    for index, unit in enumerate(spoken):
        if unit.is_break:
            continue
        if (unit.start, unit.end) not in syllables[-1:]:
            syllables.append((unit.start, unit.end))
        if len(syllables) > len(CHANGE_OVER):
            break
        shares[index] = CHANGE_OVER[len(syllables) - 1]
    return shares


def _sentences(runs: Sequence[Run]) -> Iterator[tuple[Run, ...]]:
    """Runs up to the end of a sentence, or to an exact pause."""
    sentence: list[Run] = []
    for run in runs:
        sentence.append(run)
        if run.pause_ms is not None or run.break_after >= Break.SENTENCE:
            yield tuple(sentence)
            sentence = []
    if sentence:
        yield tuple(sentence)


def _speak_sentence(
    nets: Nets,
    runs: Sequence[Run],
    spoken: Sequence[Unit],
    start: int,
    wanted: Callable[[], float],
    before: Prosody | None,
) -> Iterator[AudioChunk]:
    rate, hop = nets.pack.sample_rate, nets.pack.vocoder.hop_length
    pause_ms = runs[-1].pause_ms
    pause = None if pause_ms is None else round(pause_ms * rate / 1000)  # samples
    own = 0  # samples behind the last sound that the model itself makes
    if spoken:
        said: Sequence[Prosody] = [runs[unit.run].prosody for unit in spoken]
        lines = nets.fill(inputs_of(nets, spoken, said, before))
        spoken, said = _with_fillers(lines, spoken, said)
        controls = Controls.of(said).ended(*ended(runs, spoken))
        score = compose(nets, lines, controls)
        # A pause that was asked for begins when nothing is heard any more: the model's own silence is not needed.
        earliest = score.frames if pause is None else score.frames - int(score.repeats[-1])
        timings = _timings(spoken, score.repeats, hop, start)
        gain = np.repeat(controls.gain_db, score.repeats)
        stream = Stream(nets, score, closing=Closing(earliest, score.frames))
        for samples in _samples(nets, stream, gain, wanted):
            yield AudioChunk(samples, rate, timings)
            timings = ()
        own = stream.end.silent * hop
        if score.frames > LONG_FRAMES:
            heap.give_back()
    if pause is not None and pause > own:
        yield AudioChunk(np.zeros(pause - own, np.float32), rate)


def _with_fillers(
    lines: UnitInputs, spoken: Sequence[Unit], said: Sequence[Prosody]
) -> tuple[Sequence[Unit], Sequence[Prosody]]:
    """The units and how each is said, with filled pauses among them: those belong to no place in the text."""
    if lines.owners is None:
        return spoken, said
    is_own = np.append(np.diff(lines.owners) > 0, True)  # the unit itself comes after its filler
    units = [
        spoken[owner] if own else replace(spoken[owner], start=-1, end=-1)
        for owner, own in zip(lines.owners, is_own, strict=True)
    ]
    return units, [said[owner] for owner in lines.owners]


def _samples(nets: Nets, stream: Stream, gain_db: Floats, wanted: Callable[[], float]) -> Iterator[Samples]:
    """The stream's samples in chunks of about the wanted length, as loud as wanted. gain_db: of each frame, (T,)."""
    hop = nets.pack.vocoder.hop_length
    made = 0
    while not stream.is_done:
        frames = round(min(wanted(), MAX_CHUNK_S) * nets.pack.sample_rate / hop)
        samples = stream.next(max(1, frames))
        if gain_db.any():
            samples = np.clip(samples * _gain(gain_db, made, len(samples), hop), -1, 1).astype(np.float32)
        made += len(samples)
        if len(samples):
            yield samples


def _gain(gain_db: Floats, first: int, count: int, hop: int) -> Floats:
    """Factors of samples first ... first + count: decibels change evenly from one frame's middle to the next one's."""
    place = (np.arange(first, first + count) + 0.5) / hop - 0.5
    decibels = np.interp(place, np.arange(len(gain_db)), gain_db)
    factors: Floats = (10 ** (decibels / 20)).astype(np.float32)
    return factors


def _timings(spoken: Sequence[Unit], repeats: Integers, hop: int, start: int) -> tuple[Timing, ...]:
    """Of each syllable or English word: neighbouring units of the same place in the text."""
    ends = np.cumsum(repeats) * hop + start
    found: list[Timing] = []
    index = 0
    for (first, last, is_break), group in groupby(spoken, key=lambda unit: (unit.start, unit.end, unit.is_break)):
        begin, index = index, index + sum(1 for _ in group)
        if not is_break and first >= 0:
            timing = Timing(first, last, int(ends[begin] - repeats[begin] * hop), int(ends[index - 1]))
            if found and (found[-1].start, found[-1].end) == (first, last):  # a filled pause stands within it
                timing = replace(found.pop(), last_sample=timing.last_sample)
            found.append(timing)
    return tuple(found)
