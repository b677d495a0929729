"""The core, built from the configuration: for the daemon, and for commands that speak in their own process."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tts_server.config import Config
from tts_server.engine_host.link import EngineLink, HostSettings
from tts_server.engines_installed import installed_engines
from tts_server.errors import EngineLoading
from tts_server.scheduler import Scheduler
from tts_server.synthesis import Synthesizer
from tts_server.turns import Turns


def host_settings(config: Config) -> HostSettings:
    """What the engine host is started with."""
    return HostSettings(
        engines=installed_engines(config.engine_host.engines),
        engine_settings=config.engines,
        default_voice=config.voices.default,
        disabled_voices=config.voices.disabled,
        preload=[voice for voice in config.voices.preload if voice not in config.voices.disabled],
        threads=config.engine_host.threads or os.cpu_count() or 1,
        chunk_timeout_s=config.engine_host.chunk_timeout_s,
        start_timeout_s=config.engine_host.start_timeout_s,
        dictionary=config.text.dictionary,
        log_level=config.log.level,
        log_format=config.log.format,
    )


@asynccontextmanager
async def running_core(config: Config) -> AsyncGenerator[Synthesizer]:
    """The core without doors: an engine host and a synthesizer. Waits until the voices are known, not loaded."""
    settings = host_settings(config)
    link = EngineLink(settings)
    async with asyncio.TaskGroup() as tasks:
        supervision = tasks.create_task(link.run(), name="engine host")
        try:
            with contextlib.suppress(EngineLoading):  # the doors then say so themselves
                await link.wait_known()
            turns = Turns(Scheduler(settings.threads))
            yield Synthesizer(link, turns, config.limits, config.voices.emotion)
        finally:
            supervision.cancel()
