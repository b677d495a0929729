"""How long an event loop keeps others waiting: its lag, and what each of its callbacks costs.

python -m tests.support.loop_meter       an idle loop beside the one that is measured; tells its figures on SIGTERM
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

TICK_S = 0.002


class LoopMeter:
    """Measures the running loop from `run` on."""

    def __init__(self) -> None:
        self._lags_ms: list[float] = []
        self._own_ms: list[float] = []
        self._held_ms: list[float] = []
        self._longest_ms = 0.0
        self._longest = ""

    async def run(self) -> None:
        """Look at the clock every two milliseconds, and at the processor time of every callback, until cancelled."""
        self._watch_callbacks()
        statistics = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        while True:
            due_at, used_s, queued_s = time.monotonic() + TICK_S, time.thread_time(), _queued_s(statistics)
            await asyncio.sleep(TICK_S)
            lag_s = time.monotonic() - due_at
            self._lags_ms.append(1000 * lag_s)
            self._own_ms.append(1000 * min(lag_s, time.thread_time() - used_s))
            self._held_ms.append(1000 * max(0.0, lag_s - _queued_s(statistics) + queued_s))

    def figures(self) -> dict[str, float | str]:
        """Since the last call: the costliest callback, the lag, and how much of it is the loop's own work.

        On a machine on which much else happens, the lag is mostly that; what is "held" is the lag without the time
        for which other processes had the processors, so the loop's work, and waits for locks and disks.
        """
        told: dict[str, float | str] = {"callback_ms": self._longest_ms, "callback": self._longest}
        for name, found in (("lag", self._lags_ms), ("own", self._own_ms), ("held", self._held_ms)):
            found.sort()
            for part, label in ((50, "p50"), (99, "p99"), (100, "worst")):
                told[f"{name}_{label}_ms"] = found[min(len(found) * part // 100, len(found) - 1)] if found else 0.0
            found.clear()
        self._longest_ms = 0.0
        return told

    def _watch_callbacks(self) -> None:
        run: Callable[[asyncio.Handle], Any] = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            started_at = time.thread_time()
            run(handle)
            took_ms = 1000 * (time.thread_time() - started_at)
            if took_ms > self._longest_ms:
                self._longest_ms, self._longest = took_ms, repr(handle)[:300]

        asyncio.Handle._run = timed  # type: ignore[method-assign]


def _queued_s(file: int) -> float:
    """For how long this thread could have run, and others had the processors."""
    return int(os.pread(file, 100, 0).split()[1]) / 1e9


async def tell_when_asked(meter: LoopMeter) -> None:
    """Measure; a line of figures for every SIGUSR1."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(meter.run())
        print("metered", flush=True)  # noqa: T201  # what the parent waits for
        while True:
            await asked.wait()
            asked.clear()
            print(json.dumps(meter.figures()), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(tell_when_asked(LoopMeter()))
