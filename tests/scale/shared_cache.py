"""What a cache that boxes share gives and costs: first sounds of hits, and of fresh texts while Valkey has a bad day.

    python -m tests.scale.shared_cache [--texts 40]

Over HTTP at the doors of the boxes themselves, while others are spoken to there. "More" is against a box that shares
nothing, asked in turn with the other, so that both have the same noise. Between the boxes and Valkey is a line of ours,
which can be slow or split.
"""

import argparse
import asyncio
import itertools
import math
from dataclasses import dataclass

import numpy as np

from tests.scale.boxes import simulated
from tests.scale.listeners import Seen, hear, listen
from tests.shared.valkey import ValkeyServer, valkey_server
from tests.support.bad_line import BadLine, bad_line

BREATH_S = 2.0  # until boxes have seen that it is back
_NUMBERS = itertools.count()
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")


def new_text() -> str:
    """Nobody has said it before."""
    return f"{next(_NUMBERS):06d}".translate(_DIGITS)


async def first_ms(port: int, text: str) -> float:
    """Of one text, from the question to the first sound."""
    seen = Seen()
    await hear(port, text, seen)
    assert seen.errors == "none", seen.errors
    return 1000 * seen.first_s[0]


async def fresh(shared: int, alone: int, count: int) -> str:
    """Fresh texts at two boxes in turn."""
    pairs = [(await first_ms(shared, new_text()), await first_ms(alone, new_text())) for _ in range(count)]
    ours, others = np.array(pairs).T
    more = np.sort(ours) - np.sort(others)  # best against best, worst against worst
    return f"{np.median(ours):.0f} ({np.median(others):.0f}) ms | {np.median(more):+.1f} | {more.max():+.0f}"


@dataclass
class BadDays:
    """What happens to the server, or to the line to it, in this order."""

    server: ValkeyServer
    line: BadLine

    async def well(self) -> None:
        """As it should be."""

    async def full(self) -> None:
        """And refusing."""
        await self.server.client.config_set("maxmemory-policy", "noeviction")
        await self.server.client.config_set("maxmemory", "1mb")

    async def far(self) -> None:
        """50 ms away, each way."""
        await self.server.client.config_set("maxmemory-policy", "allkeys-lru")
        await self.server.client.config_set("maxmemory", "64mb")
        self.line.delay_s = 0.05

    async def split(self) -> None:
        """The line passes nothing, and does not end."""
        self.line.delay_s, self.line.is_split = 0.0, True

    async def frozen(self) -> None:
        """It was well again, and takes connections without an answer now."""
        self.line.is_split = False
        self.line.cut()
        await asyncio.sleep(BREATH_S)
        self.server.freeze()

    async def killed(self) -> None:
        """It was well again, and is gone."""
        self.server.thaw()
        await asyncio.sleep(BREATH_S)
        await self.server.kill()


async def measure(count: int) -> None:
    """Print row by row."""
    async with valkey_server() as server, bad_line(server.port) as line:
        async with simulated(server.url) as one, simulated(server.url) as other:
            await hits(one.ports.http_port, other.ports.http_port, count)
        url = f"valkey://127.0.0.1:{line.port}"
        async with simulated(url, "queue") as one, simulated(url, "queue") as other, simulated("", "queue") as alone:
            ports = [each.ports.http_port for each in (one, other, alone)]
            for port in ports:
                await first_ms(port, new_text())
            await under_load(ports, BadDays(server, line), count)


async def hits(one: int, other: int, count: int) -> None:
    """Texts that the other box has spoken."""
    await first_ms(other, new_text())
    texts = [new_text() for _ in range(count)]
    for text in texts:
        await first_ms(one, text)
    await asyncio.sleep(1)  # the last ones are on their way there
    heard_ms = [await first_ms(other, text) for text in texts]
    print(f"hit on the other box, idle: {np.median(heard_ms):.1f} ms, {np.percentile(heard_ms, 95):.1f} ms at 95 %")


async def under_load(ports: list[int], days: BadDays, count: int) -> None:
    """One thing after the other, while others are spoken to at all boxes."""
    others = Seen()
    print("| Valkey | fresh text (of a box alone) | more, median ms | more, at worst ms |")
    print("| --- | --- | --- | --- |")
    async with asyncio.TaskGroup() as tasks:
        loading = [tasks.create_task(listen(port, number, others, math.inf)) for number, port in enumerate(ports)]
        await asyncio.sleep(2 * BREATH_S)  # until every box has measured itself under this load
        for happen in (days.well, days.full, days.far, days.split, days.frozen, days.killed):
            await happen()
            print(f"| {happen.__name__} | {await fresh(ports[0], ports[2], count)} |", flush=True)
        for task in loading:
            task.cancel()
    print(f"{others.texts} other texts were heard beside these, errors: {others.errors}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=25)
    asyncio.run(measure(parser.parse_args().texts))


if __name__ == "__main__":
    main()
