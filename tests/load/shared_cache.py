"""What a cache that boxes share gives and costs: first sounds of hits, and of fresh texts while Valkey has a bad day.

    python -m tests.load.shared_cache [--texts 40]

Over HTTP at the doors of the boxes themselves. "More" is against a box that
shares nothing, asked in turn with the other, so that both have the same noise.
"""

import argparse
import asyncio
import itertools

import numpy as np

from tests.load.scale import Seen, _one, box
from tests.shared.valkey import ValkeyServer, valkey_server

_NUMBERS = itertools.count()
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")


def _text() -> str:
    return f"{next(_NUMBERS):06d}".translate(_DIGITS)


async def first_ms(port: int, text: str) -> float:
    """Of one text, from the question to the first sound."""
    seen = Seen()
    await _one(port, text, seen)
    assert not seen.errors, seen.errors
    return 1000 * seen.first_s[0]


async def fresh(shared: int, alone: int, count: int) -> str:
    """Fresh texts at two boxes in turn."""
    pairs = [(await first_ms(shared, _text()), await first_ms(alone, _text())) for _ in range(count)]
    ours, others = np.array(pairs).T
    worst = float(ours.max() - np.median(others))
    return f"{np.median(ours):.0f} ({np.median(others):.0f}) ms | {worst:.0f} ms more at worst"


async def fill(server: ValkeyServer) -> None:
    """Full, and refusing."""
    await server.client.config_set("maxmemory-policy", "noeviction")
    await server.client.config_set("maxmemory", "1mb")


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=40)
    count = parser.parse_args().texts
    async with valkey_server() as server, box(server.url) as one, box(server.url) as other, box() as alone:
        ports = [each.ports.http_port for each in (one, other, alone)]
        for port in ports:
            await first_ms(port, _text())
        texts = [_text() for _ in range(count)]
        for text in texts:
            await first_ms(ports[0], text)
        await asyncio.sleep(1)  # the last ones are on their way there
        hits = [await first_ms(ports[1], text) for text in texts]
        print("| Valkey | first sound (of a box alone) | |")
        print("| --- | --- | --- |")
        print(f"| hit on the other box | {np.median(hits):.1f} ms | {np.percentile(hits, 95):.1f} ms at 95 % |")
        print(f"| well, fresh text | {await fresh(ports[0], ports[2], count)} |")
        await fill(server)
        print(f"| full | {await fresh(ports[0], ports[2], count)} |")
        server.freeze()
        print(f"| frozen (SIGSTOP) | {await fresh(ports[0], ports[2], count)} |")
        server.thaw()
        await asyncio.sleep(2)
        await server.kill()
        print(f"| killed | {await fresh(ports[0], ports[2], count)} |")


if __name__ == "__main__":
    asyncio.run(main())
