"""The engine under examination, and what one of its voices is asked to say."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from tts_server.engine import AudioChunk, Engine, Prosody, Samples, Timing, Utterance, Voice
from tts_server.text import frontend
from tts_server.text.linguistic.segment import Segment

LANGUAGES: Final = ("zh", "en")  # those in which the front end finds runs
USUAL_S: Final = 0.3  # of audio a chunk
TEXTS: Final = {
    "zh": (
        "你好。",
        "今天天气很好，我们一起去公园走走吧。",
        "客厅的灯已经打开了。请问还有什么事？下午三点提醒我给妈妈打电话，好吗？",
    ),
    "en": (
        "Hello.",
        "The kitchen light is now off, and the door is closed.",
        "It is warm outside. Shall I open the window? Please remind me at three to call my mother, will you?",
    ),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of one utterance, and how long each step took."""

    chunks: Sequence[AudioChunk]
    steps_s: Sequence[float]  # to each chunk, and to the end
    asked: int  # how often `wanted` was asked

    @property
    def samples(self) -> Samples:
        return np.concatenate([np.zeros(0, np.float32), *(np.asarray(chunk.samples).ravel() for chunk in self.chunks)])

    @property
    def timings(self) -> list[Timing]:
        return [timing for chunk in self.chunks for timing in chunk.timings]


@dataclass(frozen=True)
class Subject:
    """One voice of an engine."""

    name: str  # of the engine: its entry point's; "" where it has none
    engine: Engine
    voice: Voice
    others: Sequence[Voice] = field(default=())  # of the same engine

    @cached_property
    def language(self) -> str:
        """The first language of the voice that the front end knows; "" for none."""
        return next((language for language in self.voice.speaks if language in LANGUAGES), "")

    @property
    def texts(self) -> tuple[str, str, str]:
        """A word, a sentence, several sentences."""
        return TEXTS[self.language]

    def utterance(self, text: str, prosody: Prosody | None = None) -> Utterance:
        """A text as the engine host would hand it over: without what the voice does not speak."""
        sentence = frontend.analyse(Segment(text, tuple(range(len(text) + 1))))
        runs = (run for run in sentence.runs if run.language in self.voice.speaks)
        return Utterance(self.voice.name, tuple(replace(run, prosody=prosody or run.prosody) for run in runs))

    def speak(self, utterance: Utterance, wanted: Callable[[], float] = lambda: USUAL_S) -> Spoken:
        """Say it to the end on this thread."""
        calls = []
        chunks, steps = [], []
        begun = time.perf_counter()
        for chunk in self.engine.synthesize(utterance, lambda: calls.append(wanted()) or calls[-1]):  # type: ignore[func-returns-value]
            chunks.append(chunk)
            steps.append(time.perf_counter() - begun)
            begun = time.perf_counter()
        return Spoken(chunks, (*steps, time.perf_counter() - begun), len(calls))

    def say(self, text: str, prosody: Prosody | None = None) -> Spoken:
        """Say a text to the end on this thread."""
        return self.speak(self.utterance(text, prosody))

    @cached_property
    def usually(self) -> tuple[Spoken, ...]:
        """Each of the texts as it was said first, alone and in the usual way: what is said later is held against it."""
        return tuple(self.say(text) for text in self.texts)

    @property
    def usual(self) -> Spoken:
        """The several sentences, said in the usual way."""
        return self.usually[2]


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that are all there from the start, so that work is spread over them."""
    gate = threading.Barrier(count)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda _: gate.wait(10), range(count)))
        yield pool
