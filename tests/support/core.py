"""A real core: Synthesizer over a real engine host process with test engines."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from tts_server.engine_host.link import EngineLink
from tts_server.engine_host.settings import HostSettings
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer

ENGINES = {
    name: f"tests.support.engines:{name.title()}Engine" for name in ("tone", "broken", "stuck", "crashing", "missing")
}
SETTINGS = HostSettings(engines=ENGINES, default_voice="tone", preload=["tone"], threads=2, log_level="warning")


@dataclass(frozen=True)
class CoreLimits:
    """Limits of the core, small enough to be reached in a test."""

    max_text_chars: int = 2000
    max_context_chars: int = 5000
    max_pending_chars: int = 3000
    max_contexts: int = 16
    when_full: Literal["queue", "refuse"] = "queue"
    max_delay_s: float = 5.0
    max_hold_s: float = 0.0  # as long as max_delay_s
    context_idle_s: float = 10.0


@dataclass(frozen=True)
class Core:
    """What a test gets."""

    synthesizer: Synthesizer
    link: EngineLink


@asynccontextmanager
async def running_core(limits: CoreLimits | None = None, **changes: object) -> AsyncGenerator[Core]:
    """A core with its engine host running and ready; `changes` are HostSettings."""
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    link = EngineLink(settings)
    # Not a task group: pytest runs a fixture's two halves in different tasks.
    supervision = asyncio.create_task(link.run())
    try:
        await link.wait_ready()
        yield Core(Synthesizer(link, Turns(Scheduler(settings.threads)), limits or CoreLimits()), link)
    finally:
        supervision.cancel()
        await asyncio.wait([supervision])
