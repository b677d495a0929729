"""What a cache that boxes share gives and costs: first sounds of hits, and of fresh texts while Valkey has a bad day.

    python -m tests.scale.shared_cache [--pairs 120]

Over HTTP at the doors of the boxes themselves. "More" is against a box that shares nothing, in pairs: both are asked
for the same text, one after the other, which nobody has said before. Each chunk takes the engine the same time,
however long it is, as the line measures what a voice costs and begins with a longer chunk where it seems dear: two
boxes that differ in that differ by steps that have nothing to do with Valkey.
"""

import argparse
import asyncio
import itertools
import math
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import numpy as np

from tests.scale.bad_days import BadDays, bad_days
from tests.scale.boxes import simulated
from tests.scale.listeners import Seen, hear, listen
from tests.shared.valkey import valkey_server

CHUNK_S = 0.02  # of the engine's time
AFTER = 4  # pairs after each time that something happened: three until the boxes know of it, and one
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


async def more_ms(one: int, other: int, number: int) -> float:
    """By how much one box is later than the other with the same text; each is asked first every second time."""
    text, ports = new_text(), (one, other)
    found = {port: await first_ms(port, text) for port in (ports if number % 2 else ports[::-1])}
    return found[one] - found[other]


async def begins(days: BadDays, happen: Callable[[], Awaitable[None]], box: int, alone: int, pairs: int) -> str:
    """It begins again and again, while the boxes believe that all is well."""
    more: list[list[float]] = []
    for number in range(math.ceil(pairs / AFTER)):
        await days.is_used(lambda: first_ms(box, new_text()))
        await happen()
        more.append([await more_ms(box, alone, number + after) for after in range(AFTER)])
    firsts = [each[0] for each in more]
    return f"{row(list(itertools.chain(*more)))} | {np.median(firsts):+.1f}, {max(firsts):+.1f}"


def row(more: list[float]) -> str:
    """In figures."""
    late, soon = sum(each > 20 for each in more), sum(each < -20 for each in more)
    found = (np.median(more), np.percentile(more, 95), max(more))
    return f"{len(more)} | {' | '.join(f'{each:+.1f}' for each in found)} | {late}, {soon}"


async def idle(pairs: int) -> None:
    """One text at a time."""
    async with AsyncExitStack() as stack:
        days = await stack.enter_async_context(bad_days())
        urls = (days.server.url, days.line_url, "", "")
        starting = [simulated(url, "queue", rtf=0.0, slow_s=CHUNK_S) for url in urls]
        boxes = [await stack.enter_async_context(each) for each in starting]
        near, far, alone, other = (each.ports.http_port for each in boxes)
        for port in (near, far, alone, other):
            await first_ms(port, new_text())
        print("| Valkey, idle | pairs | more ms: median | 95 % | worst | +/- 20 ms | first ones after |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        steady = [await more_ms(other, alone, number) for number in range(pairs)]
        print(f"| none at either box | {row(steady)} | |", flush=True)
        await days.is_used(lambda: first_ms(near, new_text()))
        steady = [await more_ms(near, alone, number) for number in range(pairs)]
        print(f"| well | {row(steady)} | |", flush=True)
        for happen, box in ((days.full, near), (days.frozen, near), (days.killed, near), (days.split, far)):
            print(f"| {happen.__name__} | {await begins(days, happen, box, alone, pairs)} |", flush=True)
        print(f"| far | {await begins(days, days.far, far, alone, pairs)} |", flush=True)
        steady = [await more_ms(far, alone, number) for number in range(pairs)]
        print(f"| far, for long | {row(steady)} | |", flush=True)


async def hits(count: int) -> None:
    """Texts that the other box has spoken."""
    async with valkey_server() as server, simulated(server.url) as one, simulated(server.url) as other:
        await first_ms(other.ports.http_port, new_text())
        texts = [new_text() for _ in range(count)]
        for text in texts:
            await first_ms(one.ports.http_port, text)
        await asyncio.sleep(1)  # the last ones are on their way there
        heard_ms = [await first_ms(other.ports.http_port, text) for text in texts]
    print(f"hit on the other box, idle: {np.median(heard_ms):.1f} ms, {np.percentile(heard_ms, 95):.1f} ms at 95 %")


async def under_load(count: int) -> None:
    """One thing after the other, while others are spoken to at all boxes."""
    others = Seen()
    async with AsyncExitStack() as stack:
        days = await stack.enter_async_context(bad_days())
        starting = [simulated(url, "queue", rtf=0.0, slow_s=CHUNK_S) for url in (days.line_url, days.line_url, "")]
        ports = [(await stack.enter_async_context(each)).ports.http_port for each in starting]
        print("| Valkey, under load | pairs | more ms: median | 95 % | worst | +/- 20 ms |")
        print("| --- | --- | --- | --- | --- | --- |")
        async with asyncio.TaskGroup() as tasks:
            loading = [tasks.create_task(listen(port, number, others, math.inf)) for number, port in enumerate(ports)]
            await asyncio.sleep(2 * BREATH_S)  # until every box has measured itself under this load
            for happen in (days.well, days.full, days.far, days.split, days.frozen, days.killed):
                await days.well()
                await asyncio.sleep(BREATH_S)
                await happen()
                more = [await more_ms(ports[0], ports[2], number) for number in range(count)]
                print(f"| {happen.__name__} | {row(more)} |", flush=True)
            for task in loading:
                task.cancel()
    print(f"{others.texts} other texts were heard beside these, errors: {others.errors}")


async def measure(pairs: int) -> None:
    """All of it."""
    await hits(pairs // 3)
    await idle(pairs)
    await under_load(pairs // 3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=120)
    asyncio.run(measure(parser.parse_args().pairs))


if __name__ == "__main__":
    main()
