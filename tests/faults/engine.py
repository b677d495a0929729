"""The engine of the matrix: it takes its time, and does what a file in the folder TTS_FAULTS names."""

import os
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import numpy as np

from tests.support.engines import ToneEngine, voice
from tts_server.engine import AudioChunk, Utterance, Voice

LOADS_S = 0.5
STEP_S = 0.1
COSTS = 0.2  # of the time that its audio takes
NONSENSE = b"\x00\x00\x00\x05\x00\x00\x00\x00nonse"


class FaultyEngine(ToneEngine):
    """0.1 s of a tone a character."""

    name = "faulty"

    @property
    def voices(self) -> Sequence[Voice]:
        return [voice(self.name, self.name)]

    def load(self, voice: str) -> None:
        time.sleep(LOADS_S)

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        for chunk in super().synthesize(utterance, lambda: STEP_S):
            time.sleep(COSTS * STEP_S)
            if _asked("slow"):
                time.sleep(0.3)
            if _asked("garbage"):
                os.write(int(sys.argv[1]), NONSENSE)
            if _asked("memory"):
                np.ones(2**30, np.float64).sum()
            yield chunk


def _asked(what: str) -> bool:
    return Path(os.environ["TTS_FAULTS"], what).exists()
