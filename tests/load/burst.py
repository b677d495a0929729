"""A burst of 200 requests over three doors, of which 150 leave at random moments: what is left of it afterwards?

    python -m tests.load.burst [--bursts 10]

Starts a daemon of its own. Exits with 1 when somebody who stayed was not spoken to, when the engine host still works
one chunk after the last one left, or when threads, open files or memory go on growing from burst to burst.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from protocol.client import Chunk, TtsClient
from tests.support.daemon import Daemon, log_read, running_daemon
from tts_server.measure.speech import cpu_seconds
from tts_server.scheduling.scheduler import LONGEST_TURN_S

REQUESTS, LEAVE = 200, 150
LONGEST_STAY_S = 6.0
IDLE_SHARE = 0.05  # of a core
GROWTH_MIB = 8.0  # of a process, over the second half of the bursts
SENTENCES = ("今天天气真的很好啊。", "请把客厅的灯关掉吧。", "明天早上八点叫醒我。", "你昨天晚上去哪里了？")
ROOM = {
    f"TTS_SERVER__LIMITS__{name}": "256" for name in ("MAX_CONTEXTS", "MAX_CONNECTIONS", "MAX_CONNECTIONS_PER_ADDRESS")
} | {"TTS_SERVER__WEBSOCKET__MAX_CONTEXTS": "256"}


@dataclass(frozen=True)
class Left:
    """What a process has."""

    threads: int
    files: int
    rss_mib: float

    @classmethod
    def of(cls, pid: int) -> "Left":
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        files = len(os.listdir(f"/proc/{pid}/fd"))
        return cls(int(status["Threads"]), files, int(status["VmRSS"].split()[0]) / 1024)


async def wyoming(daemon: Daemon, text: str) -> int:
    """Bytes of audio."""
    heard = 0
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        await client.write_event(Synthesize(text=text).event())
        while (event := await client.read_event()) is not None and not AudioStop.is_type(event.type):
            if AudioChunk.is_type(event.type):
                heard += len(AudioChunk.from_event(event).audio)
    return heard


async def http(daemon: Daemon, text: str) -> int:
    """Bytes of audio."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=60, trust_env=False
    ) as client:
        response = await client.post("/api/tts", json={"text": text})
        return len(response.content) if response.status_code == 200 else 0


async def websocket(daemon: Daemon, text: str) -> int:
    """Bytes of audio."""
    async with TtsClient(f"ws://127.0.0.1:{daemon.http_port}") as tts, tts.open(flow="none") as speech:
        await speech.say_all(text)
        return sum([len(event.pcm) async for event in speech if isinstance(event, Chunk)])


DOORS: tuple[Callable[[Daemon, str], Awaitable[int]], ...] = (wyoming, http, websocket)


async def burst(daemon: Daemon, dice: random.Random) -> int:
    """How many of those who stayed were not spoken to."""

    async def ask(number: int, stays_s: float | None) -> int:
        text = f"{number}号，" + dice.choice(SENTENCES)
        try:
            async with asyncio.timeout(stays_s):
                return await DOORS[number % len(DOORS)](daemon, text)
        except TimeoutError:
            return -1

    async with asyncio.TaskGroup() as tasks:
        asking = [
            tasks.create_task(ask(number, dice.uniform(0, LONGEST_STAY_S) if number < LEAVE else None))
            for number in dice.sample(range(REQUESTS), REQUESTS)
        ]
    return sum(task.result() == 0 for task in asking)


async def idle_share(pid: int) -> float:
    """Of a core, that the process uses from one chunk on after the last request ended."""
    await asyncio.sleep(2 * LONGEST_TURN_S)
    before, started = cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(1.0)
    return (cpu_seconds(pid) - before) / (time.perf_counter() - started)


async def measure(bursts: int) -> list[str]:
    """What is wrong."""
    faults: list[str] = []
    dice = random.Random(5)
    async with running_daemon(environment=ROOM) as daemon, log_read(daemon):
        pids = {"daemon": daemon.process.pid, "engine host": daemon.engine_host_pid()}
        settled: dict[str, Left] = {}
        for number in range(bursts):
            started = time.perf_counter()
            unheard = await burst(daemon, dice)
            took_s = time.perf_counter() - started
            busy = await idle_share(pids["engine host"])
            left = {name: Left.of(pid) for name, pid in pids.items()}
            settled = left if number <= bursts // 2 else settled
            print(f"burst {number}: {took_s:.1f} s, {unheard} unheard, {100 * busy:.0f} % busy after it, {left}")
            faults += [f"burst {number}: {unheard} stayed and heard nothing"] if unheard else []
            faults += [f"burst {number}: the engine host works on"] if busy > IDLE_SHARE else []
        for name, now in left.items():
            if now.threads > settled[name].threads or now.files > settled[name].files:
                faults.append(f"{name}: {settled[name]} became {now}")
            if now.rss_mib > settled[name].rss_mib + GROWTH_MIB:
                faults.append(f"{name} grew by {now.rss_mib - settled[name].rss_mib:.1f} MiB")
    return faults


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bursts", type=int, default=10)
    with contextlib.suppress(KeyboardInterrupt):
        faults = asyncio.run(measure(parser.parse_args().bursts))
        print("\n".join(faults) or "all ended, nothing was left behind")
        sys.exit(bool(faults))


if __name__ == "__main__":
    main()
