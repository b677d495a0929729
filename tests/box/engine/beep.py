"""The smallest engine: a beep for every word."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np

from tts_server.engine import AudioChunk, Utterance, Voice

RATE = 16000
BEEP_S = 0.2


class BeepEngine:
    """Has one voice, `beep`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.voices: Sequence[Voice] = [
            Voice(
                name="beep",
                engine="beep",
                language="zh-CN",
                speaks=("zh", "en"),
                sample_rate=RATE,
                emotions=("neutral",),
                description="Beeps",
                attribution="nobody",
                attribution_url="https://example.org",
                licence="Apache-2.0",
                version="1",
            )
        ]

    def load(self, voice: str) -> None:
        pass

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        beep = 0.1 * np.sin(np.arange(round(BEEP_S * RATE)) * 2 * np.pi * 440 / RATE)
        for _ in range(4):
            yield AudioChunk(beep.astype(np.float32), RATE, ())
