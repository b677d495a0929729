"""The watchdog: tells systemd that we are alive, but only while the event loop turns and the engines move.

It runs on the loop, so a blocked loop stops it. A hung engine stops it too; the engine host is ended by its own time
limit before systemd's runs out, and with its successor the watchdog goes on.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from tts_server.edge.notify import Notifier

log = logging.getLogger(__name__)

_CHECKS_PER_PERIOD: Final = 6  # systemd waits for one sign of life a period


async def watch(notifier: Notifier, stalled_s: Callable[[], float]) -> None:
    """Tell that we live until cancelled. stalled_s: for how long the engines have owed an answer; asked on each check.

    An engine may be silent for half of the watchdog's period. Returns at once when nobody watches.
    """
    period_s = notifier.watchdog_s
    if period_s is None:
        return
    has_warned = False
    while True:
        silent_s = stalled_s()
        if silent_s < period_s / 2:
            notifier.alive()
            has_warned = False
        elif not has_warned:
            log.error("the engines have not moved for %.0f s: the watchdog is not told that all is well", silent_s)
            has_warned = True
        await asyncio.sleep(period_s / _CHECKS_PER_PERIOD)
