"""Builds, starts and stops everything. The only place besides the command line that sees the whole configuration.

Start, inside out: ports, engine host, doors, announcement. Stop, outside in: announcement withdrawn, doors shut to new
peers, speech under way finished, connections closed, engine host ended.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tts_server import __version__
from tts_server.config import Config
from tts_server.startup import running_core
from tts_server.transports.discovery import Announcement, DiscoverySettings
from tts_server.transports.http import HttpDoor, HttpSettings
from tts_server.transports.listening import listen
from tts_server.transports.wyoming import WyomingDoor, WyomingLimits

log = logging.getLogger(__name__)


async def run(config: Config) -> None:
    """Run until SIGTERM or SIGINT. Raises PortTaken when a port cannot be had."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    wyoming_sockets = listen(config.server.host, config.server.wyoming_port)
    http_sockets = listen(config.server.host, config.server.http_port)
    log.info("tts-server %s starts", __version__)
    async with running_core(config) as synthesizer:
        wyoming = WyomingDoor(synthesizer, _wyoming_limits(config))
        http = HttpDoor(synthesizer, _http_settings(config))
        await wyoming.start(wyoming_sockets)
        await http.start(http_sockets)
        ports = {"wyoming": wyoming_sockets[0].getsockname()[1], "http": http_sockets[0].getsockname()[1]}
        log.info("listening: Wyoming on port %(wyoming)d, HTTP on port %(http)d", ports)
        async with _announced(config, ports):
            await stop.wait()
            log.info("stopping: speech under way may take another %g s", config.limits.grace_s)
        wyoming.stop_accepting()
        http.stop_accepting()
        await synthesizer.drain(config.limits.grace_s)
        await wyoming.close()
        await http.close()
    log.info("stopped")


@asynccontextmanager
async def _announced(config: Config, ports: dict[str, int]) -> AsyncGenerator[None]:
    """The LAN knows of us inside, and is told goodbye at the end."""
    if not config.discovery.enabled:
        yield
        return
    async with asyncio.TaskGroup() as tasks:
        announcing = tasks.create_task(Announcement(_discovery_settings(config, ports)).run(), name="announcement")
        try:
            yield
        finally:
            announcing.cancel()
