"""Twenty minutes of cached speech to four readers, and how long the loop keeps others waiting meanwhile.

`python -m tests.load.loop_lag`: beside it runs an idle loop, whose lag is what the machine adds.
"""

import argparse
import asyncio
import sys
from typing import Any

from tests.cache.test_loop_lag import READERS, SENTENCE, read_http
from tests.support.served import ask_meter, served


async def main() -> None:
    """Measure as often as wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    idle = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.loop_meter"), stdout=asyncio.subprocess.PIPE
    )
    assert idle.stdout is not None
    await idle.stdout.readline()
    try:
        async with served(metered=True, cache_bytes=2**24) as doors:
            await asyncio.to_thread(read_http, doors.port, SENTENCE, "pcm")
            for number in range(runs):
                await asyncio.gather(ask_meter(idle), doors.loop_figures())
                await asyncio.gather(*(asyncio.to_thread(read, doors.port, doors.wyoming_port) for read in READERS))
                quiet, busy = await asyncio.gather(ask_meter(idle), doors.loop_figures())
                print(f"run {number + 1}: {_told(busy)}; an idle loop: {_told(quiet)}")
                print(f"    costliest callback {busy['callback_ms']:.1f} ms of CPU: {busy['callback'][:80]}")
    finally:
        idle.kill()
        await idle.wait()


def _told(figures: dict[str, Any]) -> str:
    """In milliseconds: the lag, what of it is not the machine's, and the loop's own work."""
    return ", ".join(
        f"{name} p99 {figures[f'{name}_p99_ms']:.1f} worst {figures[f'{name}_worst_ms']:.1f}"
        for name in ("lag", "held", "own")
    )


if __name__ == "__main__":
    asyncio.run(main())
