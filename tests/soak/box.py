"""`tts-server run` itself, with a probe on its event loop: `python -m tests.soak.box PROBE run ...`

The probe writes a line of JSON into the file PROBE every few seconds: how many tasks and timers there are, and how late
the loop was at worst since the last line.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tts_server.cli.app import main
from tts_server.daemon import daemon

TICK_S = 0.01
EVERY_S = 5.0


async def probe(file: Path) -> None:
    """Look at the loop until cancelled."""
    loop: Any = asyncio.get_running_loop()
    worst_s = own_s = 0.0
    told_at = time.monotonic()
    while True:
        due_at, used_s = time.monotonic() + TICK_S, time.thread_time()
        await asyncio.sleep(TICK_S)
        lag_s = time.monotonic() - due_at
        worst_s = max(worst_s, lag_s)
        own_s = max(own_s, min(lag_s, time.thread_time() - used_s))
        if time.monotonic() - told_at < EVERY_S:
            continue
        told_at = time.monotonic()
        figures = {
            "tasks": len(asyncio.all_tasks()),
            "timers": len(loop._scheduled),
            "threads": threading.active_count(),
            "lag_ms": round(1000 * worst_s, 2),
            "own_lag_ms": round(1000 * own_s, 2),
        }
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(figures) + "\n")
        worst_s = own_s = 0.0


def with_probe(file: Path) -> None:
    """Let the daemon run with a probe beside it."""
    run = daemon.run

    async def run_probed(*arguments: Any) -> None:
        probing = asyncio.create_task(probe(file), name="probe")
        try:
            await run(*arguments)
        finally:
            probing.cancel()

    daemon.run = run_probed


if __name__ == "__main__":
    with_probe(Path(sys.argv.pop(1)))
    main()
