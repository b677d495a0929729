"""Clients that all ask at the same moment: when does each hear something, and does anybody hear a gap?

    python -m tests.load.wyoming_together [--rounds 10] [--port 10200]

Sentences of about ten characters, 1 to 16 clients at once. The clients are a process of their own. Without a port a
daemon is started for it; one that runs already should have TTS_SERVER__CACHE__MODE=off: some say the same, and would
share what is made for one.
"""

import argparse
import asyncio
import statistics
import time
from dataclasses import dataclass

from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.tts import Synthesize

from tests.support.daemon import log_read, running_daemon

SENTENCES = ("今天天气真的很好啊。", "请把客厅的灯关掉吧。", "明天早上八点叫醒我。", "你昨天晚上去哪里了？")
PLAYER_S = 0.02  # a player holds one frame before it begins


@dataclass
class Heard:
    """What one client heard."""

    first_s: float = 0.0
    gap_s: float = 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--voice", default=None)
    parser.add_argument("--rounds", type=int, default=10)
    asyncio.run(run(parser.parse_args()))


async def run(options: argparse.Namespace) -> None:
    """Measure the daemon at the port, or one of our own."""
    if options.port:
        return await measure(options)
    async with running_daemon() as daemon, log_read(daemon, "have room"):
        options.port = daemon.wyoming_port
        await measure(options)


async def measure(options: argparse.Namespace) -> None:
    """One row for each number of clients."""
    for count in (1, 1, 2, 4, 8, 16):
        heard: list[Heard] = []
        last_ms: list[float] = []  # to hear something, of each round
        for _ in range(options.rounds):
            async with asyncio.TaskGroup() as tasks:
                texts = (SENTENCES[n % len(SENTENCES)] for n in range(count))
                clients = [tasks.create_task(listen(options, text)) for text in texts]
            heard += [client.result() for client in clients]
            last_ms.append(max(1000 * client.result().first_s for client in clients))
        first_ms = [1000 * client.first_s for client in heard]
        gaps_ms = [1000 * client.gap_s for client in heard if client.gap_s > 0]
        worst = f"worst of a round {statistics.median(last_ms):4.0f} ms (median), of all {max(last_ms):4.0f} ms"
        waits = f"median {statistics.median(first_ms):4.0f} ms, {worst}"
        gaps = f"{len(gaps_ms)} of {len(heard)} heard a gap, longest {max(gaps_ms, default=0):.0f} ms"
        print(f"{count:2} at once: first audio {waits}; {gaps}")


async def listen(options: argparse.Namespace, text: str) -> Heard:
    """Ask for one sentence and listen to its end as a player that begins with the first chunk."""
    heard, plays_until = Heard(), 0.0
    async with AsyncTcpClient(options.host, options.port) as client:
        asked = time.perf_counter()
        voice = {"voice": {"name": options.voice}} if options.voice else {}
        event = Synthesize(text=text).event()
        event.data.update(voice)
        await client.write_event(event)
        while (received := await client.read_event()) is not None and not AudioStop.is_type(received.type):
            assert not Error.is_type(received.type), received.data
            if AudioChunk.is_type(received.type):
                now = time.perf_counter()
                if not heard.first_s:
                    heard.first_s, plays_until = now - asked, now + PLAYER_S
                heard.gap_s += max(0.0, now - plays_until)
                chunk = AudioChunk.from_event(received)
                plays_until = max(plays_until, now) + len(chunk.audio) / (chunk.width * chunk.channels * chunk.rate)
    return heard


if __name__ == "__main__":
    main()
