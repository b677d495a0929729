"""A service whose configuration has a mistake stays: it says so at every door, and starts when the mistake is gone.

Ended, it would leave clients waiting at sockets that systemd holds, and be started again for each of them until systemd
gives up and closes the ports.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tts_server.access.access import Access
from tts_server.config.settings import Config
from tts_server.daemon.door_settings import wyoming_limits
from tts_server.daemon.host_settings import host_settings
from tts_server.daemon.ports import Ports
from tts_server.edge.notify import Notifier
from tts_server.edge.status import State, StatusLine
from tts_server.edge.watchdog import watch
from tts_server.engine_host.link import EngineLink
from tts_server.errors import ConfigInvalid
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.metrics import Metrics
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.wyoming.door import WyomingDoor

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0  # between two readings of the configuration: some milliseconds each, in a thread


async def wait_for_repair(
    mistake: ConfigInvalid,
    salvaged: Config,
    ports: Ports,
    read: Callable[[], Config],
    notifier: Notifier,
    hangup: asyncio.Event,
) -> Config:
    """Tell of the mistake until `read` finds none; the configuration it found. `hangup` makes it look at once.

    Raises PortUnavailable when we cannot even tell.
    """
    log.error("the configuration has a mistake, and waits to be corrected: %s", mistake)
    status = StatusLine(notifier, salvaged.log.status_language)
    turns = Turns(Scheduler(1))
    synthesizer = Synthesizer(EngineLink(host_settings(salvaged)), turns, salvaged.limits)  # it has no engines, ever
    synthesizer.trouble = mistake
    sockets = ports.open_anyhow(salvaged)
    wyoming = WyomingDoor(synthesizer, wyoming_limits(salvaged))
    http = HttpDoor(synthesizer, HttpSettings(), Access(), Metrics(synthesizer))
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(watch(notifier, lambda: 0.0), name="watchdog")
            await wyoming.start(sockets.wyoming)
            await http.start(sockets.http)
            status.show(State.MISTAKE, problem=str(mistake))
            notifier.ready()
            config = await _corrected(read, hangup, synthesizer, status)
            watching.cancel()
    finally:
        await wyoming.close()
        await http.close()
    log.info("the configuration was corrected")
    return config


async def _corrected(
    read: Callable[[], Config], hangup: asyncio.Event, synthesizer: Synthesizer, status: StatusLine
) -> Config:
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await hangup.wait()
        hangup.clear()
        try:
            return await asyncio.to_thread(read)
        except ConfigInvalid as mistake:
            if str(mistake) != str(synthesizer.trouble):
                log.error("the configuration has another mistake: %s", mistake)
                synthesizer.trouble = mistake
                status.show(State.MISTAKE, problem=str(mistake))
