"""What more boxes bring: Debian's HAProxy before 1 to 16 boxes.

    python -m tests.scale.throughput --boxes 1 2 4 16 --seconds 15
    python -m tests.scale.throughput --boxes 1 2 --engine baker --cores 0.7       as root: each box is held to so much

Simulated boxes have room for four texts each, and three quarters of all room are taken by listeners who ask over HTTP,
one text after the other, as fast as they get it. Real ones are given as many listeners as make them busy all the time.
Told are texts a second, the first audio, stalls that a player would hear, errors, and processors taken.
"""

import argparse
import asyncio
import functools
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.scale.boxes import ROOM, Start, baker, behind_haproxy, cpu_s, simulated
from tests.scale.listeners import Seen, load

WARM_S = 3.0
ASKING = 0.75  # of all room
BUSY = 3  # listeners who keep a real box busy


async def measure(start: Start, count: int, listeners: int, seconds: float) -> dict[str, Any]:
    """So many boxes for so long."""
    with tempfile.TemporaryDirectory() as folder:
        async with behind_haproxy(start, count, Path(folder)) as (before, running):
            await load(before.http_port, listeners, Seen(), WARM_S)
            boxes_s, began, seen = sum(each.cpu_s() for each in running), time.monotonic(), Seen()
            balancer_s, own_s = cpu_s(before.process.pid), time.process_time()
            await load(before.http_port, listeners, seen, seconds)
            wall_s = time.monotonic() - began
            return {
                "boxes": count,
                "listeners": listeners,
                "texts_per_s": seen.texts / wall_s,
                "first_p50_ms": 1000 * float(np.percentile(seen.first_s, 50)),
                "first_p99_ms": 1000 * float(np.percentile(seen.first_s, 99)),
                "stalls": seen.stalls,
                "errors": seen.errors,
                "box_cores": (sum(each.cpu_s() for each in running) - boxes_s) / wall_s / count,
                "haproxy_cores": (cpu_s(before.process.pid) - balancer_s) / wall_s,
                "load_cores": (time.process_time() - own_s) / wall_s,
            }


def table(rows: list[dict[str, Any]]) -> str:
    """For docs/SCALE.md."""
    lines = [
        "| boxes | listeners | texts/s | against one | first audio 50 / 99 % | stalls | errors "
        "| cores: a box, HAProxy, listeners |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        ratio = row["texts_per_s"] / rows[0]["texts_per_s"] * rows[0]["boxes"]
        lines.append(
            f"| {row['boxes']} | {row['listeners']} | {row['texts_per_s']:.2f} | {ratio:.2f} | "
            f"{row['first_p50_ms']:.0f} / {row['first_p99_ms']:.0f} ms | {row['stalls']} | {row['errors']} | "
            f"{row['box_cores']:.3f}, {row['haproxy_cores']:.3f}, {row['load_cores']:.3f} |"
        )
    return "\n".join(lines)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", type=int, nargs="+", default=[1, 2, 4, 16])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--engine", choices=["simulated", "baker"], default="simulated")
    parser.add_argument("--cores", type=float, default=0.7, help="of each box with a real engine")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        is_real = wanted.engine == "baker"
        start: Start = functools.partial(baker, wanted.cores, Path(folder)) if is_real else simulated
        each = BUSY if is_real else ASKING * ROOM
        rows = [await measure(start, count, round(each * count), wanted.seconds) for count in wanted.boxes]
    print(f"{wanted.engine}, {wanted.seconds:g} s each" + (f", {wanted.cores:g} of a core a box" if is_real else ""))
    print(table(rows))


if __name__ == "__main__":
    asyncio.run(main())
