"""Builds, starts and stops everything. The only place besides the command line that sees the whole configuration.

Start, inside out: ports, engine host, doors, announcement. Stop, outside in: announcement withdrawn, doors shut to new
peers, speech under way finished, connections closed, engine host ended.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from socket import socket

from tts_server import __version__
from tts_server.config import Config
from tts_server.startup import running_core
from tts_server.transports.discovery import Announcement, AnnouncementSettings
from tts_server.transports.http import HttpDoor
from tts_server.transports.http_settings import HttpSettings
from tts_server.transports.listening import listen
from tts_server.transports.websocket_settings import WebSocketSettings
from tts_server.transports.wyoming import WyomingDoor, WyomingLimits

log = logging.getLogger(__name__)

_BYTES_PER_CHARACTER = 12  # at most, in JSON: an emoji as two \\u escapes
_OTHER_FIELDS_BYTES = 4096


async def run(config: Config) -> None:
    """Run until SIGTERM or SIGINT. Raises TTSError when a port cannot be had."""
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
        announced = _announcement_settings(config, wyoming_sockets, http_sockets)
        log.info("listening: Wyoming on port %d, HTTP on port %d", announced.wyoming_port, announced.http_port)
        async with _announcing(announced if config.discovery.enabled else None):
            await stop.wait()
            log.info("stopping: speech under way may take another %g s", config.limits.grace_s)
        wyoming.stop_accepting()
        http.stop_accepting()
        await synthesizer.drain(config.limits.grace_s)
        await wyoming.close()
        await http.close()
    log.info("stopped")


@asynccontextmanager
async def _announcing(settings: AnnouncementSettings | None) -> AsyncGenerator[None]:
    """The LAN knows of us inside, and is told goodbye at the end."""
    if settings is None:
        yield
        return
    async with asyncio.TaskGroup() as tasks:
        announcing = tasks.create_task(Announcement(settings).run(), name="announcement")
        try:
            yield
        finally:
            announcing.cancel()


def _announcement_settings(config: Config, wyoming: Sequence[socket], http: Sequence[socket]) -> AnnouncementSettings:
    return AnnouncementSettings(
        wyoming_port=wyoming[0].getsockname()[1],
        http_port=http[0].getsockname()[1],
        version=__version__,
        languages=("zh-CN", "en-US"),
        listening_on=[listening.getsockname()[0] for listening in wyoming],
        name=config.discovery.name,
        addresses=config.discovery.addresses,
    )


def _wyoming_limits(config: Config) -> WyomingLimits:
    limits = config.limits
    return WyomingLimits(
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        idle_s=limits.connection_idle_s,
        write_stall_s=limits.write_stall_s,
        networks=config.server.networks,
    )


def _http_settings(config: Config) -> HttpSettings:
    limits = config.limits
    return HttpSettings(
        networks=config.server.networks,
        host_names=config.server.host_names,
        origins=config.server.origins,
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        max_body_bytes=_BYTES_PER_CHARACTER * limits.max_text_chars + _OTHER_FIELDS_BYTES,
        head_timeout_s=limits.head_timeout_s,
        write_stall_s=limits.write_stall_s,
        stored_audio_bytes=limits.stored_audio_bytes,
        stored_audio_s=limits.stored_audio_s,
        websocket=_websocket_settings(config),
    )


def _websocket_settings(config: Config) -> WebSocketSettings:
    own, limits = config.websocket, config.limits
    return WebSocketSettings(
        max_message_bytes=own.max_message_bytes,
        max_contexts=own.max_contexts,
        messages_per_s=own.messages_per_s,
        messages_burst=2 * own.messages_per_s,
        max_lead_ms=own.max_lead_ms,
        idle_s=limits.connection_idle_s,
        write_stall_s=limits.write_stall_s,
        engine_timeout_s=config.engine_host.chunk_timeout_s,
    )
