"""How long `describe` takes at a running daemon while it speaks to others.

    python -m tests.load.wyoming_describe --port 10200 --speakers 4 --count 500

Each describe is a connection of its own, as Home Assistant makes them. The speakers are a process of their own, so that
reading their audio does not count as the daemon's delay.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import time

from wyoming.client import AsyncTcpClient
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize

SENTENCE = "今天天气很好，我们出去走走吧，记得带上外套和雨伞。"
PAUSE_S = 0.01  # between two describes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=10200)
    parser.add_argument("--speakers", type=int, default=4, help="clients that are spoken to meanwhile")
    parser.add_argument("--chars", type=int, default=500, help="length of what is spoken to each, again and again")
    parser.add_argument("--count", type=int, default=500, help="describes to measure")
    options = parser.parse_args()
    text = (SENTENCE * (options.chars // len(SENTENCE) + 1))[: options.chars]
    speaking = multiprocessing.get_context("spawn").Event()
    listeners = multiprocessing.get_context("spawn").Process(
        target=run_listeners, args=(options.host, options.port, options.speakers, text, speaking), daemon=True
    )
    if options.speakers:
        listeners.start()
        speaking.wait(60)
    delays_ms = asyncio.run(measure(options.host, options.port, options.count))
    if options.speakers:
        listeners.terminate()
    report(delays_ms, options.speakers)


async def measure(host: str, port: int, count: int) -> list[float]:
    """Milliseconds from connecting to the whole `info`, of each describe."""
    delays_ms = []
    for _ in range(count):
        started = time.perf_counter()
        async with AsyncTcpClient(host, port) as client:
            await client.write_event(Describe().event())
            event = await client.read_event()
        delays_ms.append(1000 * (time.perf_counter() - started))
        assert event is not None
        assert Info.is_type(event.type)
        await asyncio.sleep(PAUSE_S)
    return delays_ms


def run_listeners(host: str, port: int, speakers: int, text: str, speaking: object) -> None:
    """In a process of its own: let the daemon speak to several clients for ever."""
    asyncio.run(listen_to_all(host, port, speakers, text, speaking))


async def listen_to_all(host: str, port: int, speakers: int, text: str, speaking: object) -> None:
    """Set `speaking` once every client has had audio."""
    started = asyncio.Barrier(speakers)

    async def listen() -> None:
        is_first = True
        while True:
            async with AsyncTcpClient(host, port) as client:
                await client.write_event(Synthesize(text).event())
                while (event := await client.read_event()) is not None and event.type not in ("audio-stop", "error"):
                    if event.type == "audio-chunk" and is_first:
                        is_first = False
                        await started.wait()
                        speaking.set()  # type: ignore[attr-defined]

    async with asyncio.TaskGroup() as tasks:
        for _ in range(speakers):
            tasks.create_task(listen())


def report(delays_ms: list[float], speakers: int) -> None:
    """Print the percentiles."""
    percentiles = statistics.quantiles(delays_ms, n=100, method="inclusive")
    print(
        f"describe while {speakers} are spoken to: n={len(delays_ms)} "
        f"p50={percentiles[49]:.1f} ms p99={percentiles[98]:.1f} ms max={max(delays_ms):.1f} ms"
    )


if __name__ == "__main__":
    main()
