"""How soon a text is heard that was said before: from memory, and from the disk. Nothing passes or fails.

    python -m tests.bench.cache_hits [--rounds 30]

From the text to the first audio of the core. An empty round of the event loop stands beside it as the peak.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tts_server.config import settings as config
from tts_server.daemon.startup import running_core
from tts_server.measure.speech import TEXTS, heard_by_one


async def measure(rounds: int, folder: Path) -> None:
    """Print one JSON line for each figure."""
    for name, memory_bytes in (("memory", 2**24), ("disk", 1)):
        cache = {"mode": "disk", "folder": folder, "memory_bytes": memory_bytes}
        loaded = config.load({}, {"cache": cache, "log": {"level": "error"}})
        async with running_core(loaded) as synthesizer:
            voice = synthesizer.catalogue.choose("baker")

            async def first_s(text: str = TEXTS["zh"][30]) -> float:
                return (await heard_by_one(synthesizer, voice, text)).first_s  # noqa: B023 -- called in this round

            report("baker, fresh", [await first_s()])
            await synthesizer.cache.written()
            report(f"baker, from {name}", [await first_s() for _ in range(rounds)])
    report("a thread asked and answered", [await timed(lambda: asyncio.to_thread(int)) for _ in range(rounds)])


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds."""
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


def report(what: str, seconds: list[float]) -> None:
    """One figure."""
    told = {"what": what, "median_ms": 1000 * statistics.median(seconds), "worst_ms": 1000 * max(seconds)}
    print(json.dumps({key: value if isinstance(value, str) else round(value, 2) for key, value in told.items()}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(parser.parse_args().rounds, Path(folder)))


if __name__ == "__main__":
    main()
