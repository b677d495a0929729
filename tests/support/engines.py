"""Small real engines for tests of everything that is not an engine."""

import json
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from tts_server.engine import AudioChunk, Timing, Utterance, Voice
from tts_server.errors import EngineFailed

RATE = 16000
SAMPLES_PER_CHARACTER = 1600


def voice(name: str, engine: str, **changes: Any) -> Voice:
    """A voice's description with everything filled in."""
    facts: dict[str, Any] = {
        "name": name,
        "engine": engine,
        "language": "zh-CN",
        "speaks": ("zh", "en"),
        "sample_rate": RATE,
        "emotions": ("neutral", "happy", "sad"),
        "description": f"Test voice {name}",
        "attribution": "tts-server tests",
        "attribution_url": "https://example.org",
        "licence": "Apache-2.0",
        "version": "1",
    }
    return Voice(**{**facts, **changes})


class ToneEngine:
    """0.1 s of a quiet tone a character; the pitch tells the emotion.

    Settings: `slow_s` delays each chunk, `rtf` each second of it; with `tells_all` the first chunk has all timings.
    """

    name = "tone"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._slow_s = float(settings.get("slow_s", 0.0))
        self._rtf = float(settings.get("rtf", 0.0))
        self._tells_all = bool(settings.get("tells_all", False))

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice(self.name, self.name)]

    def load(self, voice: str) -> None:
        pass

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        untold = list(_timings(utterance))
        samples = _tone(utterance, untold[-1].last_sample if untold else 0)
        position = 0
        while position < len(samples):
            size = max(1, round(wanted() * RATE))
            time.sleep(self._slow_s + self._rtf * size / RATE)
            position += size
            told = [timing for timing in untold if self._tells_all or timing.first_sample < position]
            untold = untold[len(told) :]
            yield AudioChunk(samples[position - size : position], RATE, tuple(told))


class BrokenEngine(ToneEngine):
    """Gives short chunks, whatever is wanted, and fails on the third."""

    name = "broken"

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for number, chunk in enumerate(super().synthesize(utterance, lambda: 0.1)):
            if number == 2:
                raise EngineFailed("the test engine broke on the third chunk")
            yield chunk


class UnsendableEngine(ToneEngine):
    """Gives timings that are no plain numbers."""

    name = "unsendable"

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for chunk in super().synthesize(utterance, wanted):
            timings = tuple(Timing(*map(np.int64, astuple(timing))) for timing in chunk.timings)
            yield AudioChunk(chunk.samples, chunk.sample_rate, timings)


class StuckEngine(ToneEngine):
    """Never gives its second chunk."""

    name = "stuck"

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        chunks = super().synthesize(utterance, wanted)
        yield next(chunks)
        while True:
            time.sleep(60)


class CrashingEngine(ToneEngine):
    """Takes the whole process down with its second chunk."""

    name = "crashing"

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        chunks = super().synthesize(utterance, wanted)
        yield next(chunks)
        os._exit(9)


class NotingEngine(ToneEngine):
    """Writes down how it is told to read, a line a run, into the file of its setting `notes`; says 1 ms a run."""

    name = "noting"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._notes = Path(settings["notes"])

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice(self.name, self.name), voice("noting-en", self.name, language="en-US", speaks=("en", "zh"))]

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        with self._notes.open("a", encoding="utf-8") as notes:
            for run in utterance.runs:
                read = [syllable.pinyin for syllable in run.syllables] or [run.text]
                notes.write(json.dumps([run.language, *read]) + "\n")
        yield AudioChunk(np.zeros(RATE // 1000 * len(utterance.runs), dtype=np.float32), RATE)


class MissingEngine(ToneEngine):
    """Its voice cannot be loaded."""

    name = "missing"

    def load(self, voice: str) -> None:
        raise EngineFailed("the data of voice missing is not here")


def _timings(utterance: Utterance) -> Generator[Timing]:
    position = 0
    for run in utterance.runs:
        units = run.syllables or run.words or (run,)
        for unit in units:
            yield Timing(unit.start, unit.end, position, position + SAMPLES_PER_CHARACTER)
            position += SAMPLES_PER_CHARACTER


def _tone(utterance: Utterance, length: int) -> np.ndarray:
    emotion = utterance.runs[0].prosody.emotion if utterance.runs else "neutral"
    hertz = {"neutral": 200, "happy": 300, "sad": 100}[emotion]
    return np.float32(0.1) * np.sin(2 * np.pi * hertz / RATE * np.arange(length, dtype=np.float32))
