"""Four simulated boxes under load; one is killed, another is frozen.   python -m tests.scale.faults [--seconds 12]

Only what the killed box was saying may fail, each with an error that its listener sees; who asks afterwards is served.
"""

import argparse
import asyncio
import signal
import tempfile
import time
from pathlib import Path

from tests.deploy.balancer import Balancer
from tests.scale.boxes import ROOM, RunningBox, behind_haproxy, simulated
from tests.scale.listeners import Seen, load

BOXES = 4
ASKING = 0.5  # of all room


async def one_goes(before: Balancer, running: list[RunningBox], how: signal.Signals, seconds: float) -> str:
    """The last of them, a third of the time after the beginning; what its listeners met."""
    name, victim, seen = f"box{len(running)}", running.pop(), Seen()
    async with asyncio.TaskGroup() as tasks:
        loading = tasks.create_task(load(before.http_port, round(ASKING * ROOM * BOXES), seen, seconds))
        await asyncio.sleep(seconds / 3)
        speaking = (await before.servers())["http", name]["scur"]
        victim.process.send_signal(how)
        gone_at = time.monotonic()
        await before.wait_for("DOWN", name, backends=("http",))
        noticed_s = time.monotonic() - gone_at
        await loading
    later = [first for first, at in zip(seen.first_s, seen.asked_at, strict=True) if at > gone_at]
    return (
        f"noticed after {noticed_s:.2f} s; it was saying {speaking} texts; {seen.texts} heard, errors: {seen.errors}; "
        f"asked for later: {len(later)}, first audio {1000 * max(later):.0f} ms at worst"
    )


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12.0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with behind_haproxy(simulated, BOXES, Path(folder)) as (before, running):
            for what, how in (("killed", signal.SIGKILL), ("frozen", signal.SIGSTOP)):
                told = await one_goes(before, running, how, wanted.seconds)
                print(f"one of {len(running) + 1} boxes {what}: {told}")


if __name__ == "__main__":
    asyncio.run(main())
