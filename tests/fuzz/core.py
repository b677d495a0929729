"""The core behind a door that is fuzzed: all of it but the way to the engines, whose place a tick of silence takes.

Time is simulated: nobody waits for a clock, and a client or a door that waits for ever is an error.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Final

import numpy as np

from tests.simulation.loop import SimulatedLoop
from tests.support.core import CoreLimits
from tests.support.engines import voice
from tts_server.access.access import Access, AccessSettings
from tts_server.access.rate_limits import RateLimits
from tts_server.events import SegmentEnded, SpeechEvent, SpeechOptions
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.context import Context
from tts_server.synthesis.intake import Planned
from tts_server.synthesis.segment_speaker import SegmentSpeaker
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.compat.account import Services
from tts_server.voices import Catalogue

RATE: Final = 8000
TICK: Final = np.zeros(RATE // 100, np.float32)
LOOP: Final = SimulatedLoop(0)


class _Link:
    """Stands for EngineLink."""

    catalogue = Catalogue([voice("tone", "tone", sample_rate=RATE)])
    restarts, pid, is_ready = 0, None, True

    async def wait_ready(self) -> None:
        return

    async def readings(self, text: str) -> dict[str, Any]:
        return {"text": text}

    def use_dictionary(self, words: object) -> None:
        return


class _Speaker(SegmentSpeaker):
    """Says each segment at once."""

    async def speak(self, stream: int, planned: Planned) -> AsyncGenerator[SpeechEvent]:
        index, self.segments = self.segments, self.segments + 1
        yield self._segment_started(index, planned, is_cached=False)
        await self._interruption.wait(asyncio.sleep(0))
        yield self._audio(TICK)
        yield SegmentEnded(index, len(TICK), 0, 0, first_ms=0)


class _Synthesizer(Synthesizer):
    def open(self, options: SpeechOptions) -> Context:
        context = super().open(options)
        context._speaker.__class__ = _Speaker
        return context


def services() -> Services:
    """A core that lets in everybody. An event loop must run."""
    link: Any = _Link()
    return Services(_Synthesizer(link, Turns(Scheduler(1)), CoreLimits()), Access(AccessSettings(limits=RateLimits())))


def run(work: Coroutine[Any, Any, None]) -> None:
    """All of it, the same way for the same input."""
    LOOP.chance.seed(0)
    LOOP.run_until_complete(work)
