"""An engine that keeps the contract, and others that break one rule each."""

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, ClassVar

import numpy as np

from tests.support.engines import RATE, ToneEngine, voice
from tts_server.engine import AudioChunk, Prosody, Run, Timing, Utterance, Voice
from tts_server.errors import VoiceUnknown


class Good(ToneEngine):
    """A tone for each syllable or word. Its level is what it says, and no chunk is shorter than 20 ms."""

    name = "tone"
    changes: ClassVar[Mapping[str, Any]] = {}

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice(self.name, self.name, **{"level_dbfs": -23.0, **self.changes})]

    def load(self, voice: str) -> None:
        if voice != self.name:
            raise VoiceUnknown(f"there is no voice {voice!r}")

    def unload(self, voice: str) -> None:
        pass

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        self.load(utterance.voice)
        pause_ms = sum(run.pause_ms or 0 for run in utterance.runs)
        if pause_ms:
            yield AudioChunk(np.zeros(pause_ms * RATE // 1000, np.float32), RATE)
        slowly = [run for run in utterance.runs if run.prosody.speed < 1]
        runs = tuple(_as_tone(run) for run in utterance.runs if run.text)
        yield from super().synthesize(replace(utterance, runs=runs), lambda: max(0.02, wanted()))
        if slowly:
            yield AudioChunk(np.zeros(RATE, np.float32), RATE)


def _as_tone(run: Run) -> Run:
    """Twice as fast is half as many tones."""
    step = 2 if run.prosody.speed > 1 else 1
    emotion = run.prosody.emotion if run.prosody.intensity else "neutral"
    return replace(run, syllables=run.syllables[::step], words=run.words[::step], prosody=Prosody(emotion))


class Changed(Good):
    """Chunks of the good engine, each changed."""

    def change(self, chunk: AudioChunk) -> AudioChunk:
        return chunk

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for chunk in super().synthesize(utterance, wanted):
            yield self.change(chunk)


class SpeaksNothingKnown(Good):
    changes: ClassVar = {"speaks": ("tlh",)}


class WithoutNeutral(Good):
    changes: ClassVar = {"emotions": ("happy", "neutral")}


class WithoutLicence(Good):
    changes: ClassVar = {"licence": ""}


class StrongerThanPlain(Good):
    changes: ClassVar = {"emotions": ("neutral", "happy"), "emotion_strengths": (1.0, 1.5)}


class WithLists(Good):
    changes: ClassVar = {"emotions": ["neutral"]}


class LoadsAnything(Good):
    def load(self, voice: str) -> None:
        pass


class LoadFails(Good):
    def load(self, voice: str) -> None:
        raise OSError("the model is not here")


class GivesDoubles(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, samples=chunk.samples.astype(np.float64))


class TooLoud(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, samples=chunk.samples * np.float32(20))


class GivesNan(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, samples=chunk.samples * np.float32("nan"))


class ChangesItsRate(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, sample_rate=RATE + len(chunk.samples) % 3)


class Silent(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, samples=chunk.samples * 0)


class GivesNumpyNumbers(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, timings=tuple(replace(t, start=np.int64(t.start)) for t in chunk.timings))


class TimesBackwards(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, timings=chunk.timings[::-1])


class TimesBeyondTheEnd(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, timings=tuple(replace(t, last_sample=t.last_sample + 99 * RATE) for t in chunk.timings))


class TimesTooLate(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        held: tuple[Timing, ...] = ()
        for chunk in super().synthesize(utterance, wanted):
            yield replace(chunk, timings=held)
            held = chunk.timings


class TimesNoWord(Changed):
    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, timings=tuple(replace(t, end=t.end + 1) for t in chunk.timings))


class NeverTheSame(Changed):
    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._drift = count()

    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, samples=chunk.samples * np.float32(1 + 1e-5 * next(self._drift)))


class NeverAsks(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        yield from super().synthesize(utterance, lambda: 0.3)


class AllAtOnce(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        wanted()
        yield from super().synthesize(utterance, lambda: 60.0)


class StopsWhenLittleIsWanted(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for chunk in super().synthesize(utterance, wanted):
            yield chunk
            if wanted() == 0:
                return


class HoldsOn(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for chunk in super().synthesize(utterance, wanted):
            try:
                yield chunk
            except GeneratorExit:
                time.sleep(1)
                raise


class IgnoresTheClose(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for chunk in super().synthesize(utterance, wanted):
            try:
                yield chunk
            except GeneratorExit:
                yield chunk


class WorksOn(Good):
    """Its own thread goes on for a second after whoever listened left."""

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        try:
            yield from super().synthesize(utterance, wanted)
        except GeneratorExit:
            threading.Thread(target=_count, daemon=True).start()
            raise


def _count() -> None:
    until = time.monotonic() + 1
    while time.monotonic() < until:
        np.sort(np.arange(1000)[::-1])


class GivesAList(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Any:
        return iter(list(super().synthesize(utterance, wanted)))


class SharesItsState(Good):
    """The amplitude is that of whoever began last."""

    _gain = 1.0

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        self._gain = 1 / (1 + len(utterance.runs[0].text) % 7) if utterance.runs else 1.0
        for chunk in super().synthesize(utterance, wanted):
            yield replace(chunk, samples=chunk.samples * np.float32(self._gain))


class WantsOneThread(Good):
    """As a handle of some C library does."""

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        mine = threading.get_ident()
        for chunk in super().synthesize(utterance, wanted):
            if threading.get_ident() != mine:
                raise RuntimeError("used on another thread than it was made on")
            yield chunk


class NeedsAText(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        assert utterance.runs[0].text
        yield from super().synthesize(utterance, wanted)


class KnowsNoSadness(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        runs = tuple(replace(run, prosody=replace(run.prosody, emotion="neutral")) for run in utterance.runs)
        yield from super().synthesize(replace(utterance, runs=runs), wanted)


class ForgetsHowItSounded(Changed):
    """After an unload it is another voice."""

    _gain = 1.0

    def unload(self, voice: str) -> None:
        self._gain /= 2

    def change(self, chunk: AudioChunk) -> AudioChunk:
        return replace(chunk, samples=chunk.samples * np.float32(self._gain))


class Stuck(Good):
    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        yield from super().synthesize(utterance, wanted)
        threading.Event().wait()


class WithoutVoices(Good):
    @property
    def voices(self) -> Sequence[Voice]:
        return []


class CannotBeMade(Good):
    def __init__(self, settings: Mapping[str, Any]) -> None:
        raise ValueError("the setting pitch_hz is no number")
