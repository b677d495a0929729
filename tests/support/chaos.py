"""Engines that misbehave by chance, and one that tells how much it has done."""

import random
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

from tests.support.engines import ToneEngine
from tts_server.engine import AudioChunk, Utterance
from tts_server.errors import EngineFailed

_FAILS = 0.04  # of all chunks
_LINGERS = 0.2


class ChaosEngine(ToneEngine):
    """Gives chunks of any length, after any time up to 20 ms, and fails at times."""

    name = "chaos"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._chance = random.Random(7)

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        chance = self._chance
        for chunk in super().synthesize(utterance, lambda: chance.choice([0.02, 0.1, 0.3, wanted()])):
            if chance.random() < _FAILS:
                raise EngineFailed("the test engine failed by chance")
            if chance.random() < _LINGERS:
                time.sleep(chance.uniform(0, 0.02))
            yield chunk


class CountingEngine(ToneEngine):
    """Writes one byte to the file `path` of its settings as it begins each chunk, and takes 20 ms for it."""

    name = "counting"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._path = settings.get("path")

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        chunks = super().synthesize(utterance, lambda: 0.1)
        assert self._path is not None
        while True:
            with open(self._path, "ab") as count:
                count.write(b"x")
            time.sleep(0.02)
            if (chunk := next(chunks, None)) is None:
                return
            yield chunk
