"""What a home notices of the daemon, measured on a daemon of its own: `python -m tests.load.house`.

- `describe` while four long texts are being spoken
- the start of a short text behind long ones
- eight clients that ask at the same moment
- speaking again after the whole daemon was killed
"""

import argparse
import asyncio
import statistics
import time

from wyoming.audio import AudioChunk
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from tests.load import wyoming_describe, wyoming_together
from tests.support.daemon import Daemon, running_daemon

LONG_TEXT = wyoming_describe.SENTENCE * 20
SHORT_TEXT = "今天天气真的很好啊。"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    asyncio.run(measure(parser.parse_args().rounds))


async def measure(rounds: int) -> None:
    """One line for each figure."""
    async with running_daemon() as daemon:
        await first_audio_s(daemon.wyoming_port, SHORT_TEXT)  # the first of all is a little slower
        await with_speakers(daemon.wyoming_port, 4, describe(daemon.wyoming_port, 20 * rounds))
        behind = [await first_behind_long_s(daemon.wyoming_port) for _ in range(rounds)]
        report("a short text behind two long ones begins", behind)
        together = []
        for _ in range(rounds):
            async with asyncio.TaskGroup() as tasks:
                texts = (wyoming_together.SENTENCES[number % 4] for number in range(8))
                asked = [tasks.create_task(first_audio_s(daemon.wyoming_port, text)) for text in texts]
            together += [task.result() for task in asked]
        report("8 clients at once hear their first audio", together)
    report("speaking again after kill -9, from the start of the new daemon", [await restart_s() for _ in range(3)])


async def describe(port: int, count: int) -> None:
    """`describe`, again and again."""
    delays_s = [delay / 1000 for delay in await wyoming_describe.measure("127.0.0.1", port, count)]
    report("describe while four long texts are spoken", delays_s)


async def with_speakers(port: int, count: int, work: object) -> None:
    """Do the work while clients are being spoken to without pause."""

    async def listen() -> None:
        while True:
            async with AsyncTcpClient("127.0.0.1", port) as client:
                await client.write_event(Synthesize(LONG_TEXT).event())
                while (event := await client.read_event()) is not None and event.type != "audio-stop":
                    pass

    listeners = [asyncio.create_task(listen()) for _ in range(count)]
    await work  # type: ignore[misc]
    for listener in listeners:
        listener.cancel()
    await asyncio.wait(listeners)


async def first_audio_s(port: int, text: str) -> float:
    """Seconds from asking to the first audio; the rest is listened to."""
    first = 0.0
    async with AsyncTcpClient("127.0.0.1", port) as client:
        asked = time.perf_counter()
        await client.write_event(Synthesize(text).event())
        while (event := await client.read_event()) is not None and event.type != "audio-stop":
            if AudioChunk.is_type(event.type) and not first:
                first = time.perf_counter() - asked
    return first


async def first_behind_long_s(port: int) -> float:
    """The same for a short text that comes while two long ones are being spoken."""
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(first_audio_s(port, LONG_TEXT)) for _ in range(2)]
        await asyncio.sleep(0.3)
        first = await first_audio_s(port, SHORT_TEXT)
        assert not all(task.done() for task in waiting), "the long texts were over too soon"
    return first


async def restart_s() -> float:
    """Seconds from the start of a daemon to its first audio, after its predecessor was killed while it spoke."""
    async with running_daemon() as killed:
        async with AsyncTcpClient("127.0.0.1", killed.wyoming_port) as client:
            await client.write_event(Synthesize(LONG_TEXT).event())
            await client.read_event()
            await client.read_event()
        killed.process.kill()
        await killed.process.wait()
    started = time.perf_counter()
    ports = ("--wyoming-port", str(killed.wyoming_port), "--http-port", str(killed.http_port))
    async with running_daemon(*ports, wait_ready=False) as again:
        await spoken(again)
        return time.perf_counter() - started


async def spoken(daemon: Daemon) -> None:
    """The first audio of a daemon."""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Synthesize(SHORT_TEXT).event())
        while (event := await client.read_event()) is not None and event.type != "audio-chunk":
            pass


def report(what: str, seconds: list[float]) -> None:
    """Median, 99th percentile and worst, in milliseconds."""
    percentiles = statistics.quantiles(seconds, n=100, method="inclusive")
    figures = {"median": percentiles[49], "p99": percentiles[98], "worst": max(seconds)}
    print(f"{what}: " + ", ".join(f"{name} {1000 * value:.0f} ms" for name, value in figures.items()), flush=True)


if __name__ == "__main__":
    main()
