"""As many clients at once as fit, with a Sambert voice of full size and random weights: does anybody hear a gap?

    python -m tests.load.sambert_together [--rounds 20] [--clients N] [--busy N] [--pack FOLDER]

Builds the voice pack (or takes one that is there), starts a daemon with it, and round after round lets so many Wyoming
clients ask at once as the daemon says it has room for. Where its first chunks cost more than it had reckoned with, the
last one waits in line: those are counted, and judged by their gaps only. --busy lets that many other processes take a
core each once the daemon has measured the voice on the quiet box: it has to find out by speaking, in a few rounds that
are not judged.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.load.wyoming_together import Heard, listen
from tests.support.daemon import Daemon, log_read, running_daemon
from tests.support.figures import figures_in

SENTENCES = (
    "今天天气真的很好啊。", "请把客厅的灯关掉吧。", "明天早上八点叫醒我。", "你昨天晚上去哪里了？",
    "我们一起去公园散步。", "晚饭已经准备好了哦。", "洗衣机的活儿干完了。", "门口有一个你的包裹。",
)  # fmt: skip
MEASURED = "voice random needs"
FIRST_AUDIO_MS = 250
LOOK_S = 0.3  # first audio is over by then; who is in line is so for longer
WARM_ROUNDS = 4  # in which the voice is measured anew
BUSY = "import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"


@dataclass
class Round:
    """What the clients of a round heard, in the order in which they began to; how many of them were in line at most."""

    heard: list[Heard]
    in_line: int

    @property
    def admitted(self) -> list[Heard]:
        """Those that did not have to wait in line."""
        return self.heard[: len(self.heard) - self.in_line]


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=0)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--pack", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        if not options.pack:
            subprocess.run([sys.executable, "-m", "tests.load.sambert_together_pack", folder], check=True)
        sys.exit(asyncio.run(measure(options, options.pack or folder)))


async def measure(options: argparse.Namespace, folder: str) -> int:
    """Print what was heard; 1 when there was a gap or somebody waited for long."""
    environment = {
        "TTS_SERVER__VOICES__FOLDER": folder,
        "TTS_SERVER__VOICES__DEFAULT": "random",
        "TTS_SERVER__VOICES__PRELOAD": '["default"]',
        "TTS_SERVER__ENGINE_HOST__ENGINES": '["sambert"]',
    }
    async with (
        running_daemon(environment=environment) as daemon,
        log_read(daemon, MEASURED) as line,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", trust_env=False) as http,
    ):
        print(line)
        with busy_processes(options.busy):
            for _ in range(WARM_ROUNDS):
                await together(daemon, http, options.clients or await room(http))
            heard = [await together(daemon, http, options.clients or await room(http)) for _ in range(options.rounds)]
    return judged(heard, FIRST_AUDIO_MS if not options.busy else float("inf"))


async def room(http: httpx.AsyncClient) -> int:
    """How many the daemon would let in now."""
    return int(figures_in(await http.get("/metrics"))["tts_room_streams", "random"])


async def together(daemon: Daemon, http: httpx.AsyncClient, clients: int) -> Round:
    """One round."""
    in_line = 0

    async def look() -> None:
        nonlocal in_line
        while True:
            await asyncio.sleep(LOOK_S)
            in_line = max(in_line, int(figures_in(await http.get("/metrics"))["tts_queued_streams",]))

    options = argparse.Namespace(host="127.0.0.1", port=daemon.wyoming_port, voice=None)
    texts = (SENTENCES[number % len(SENTENCES)] for number in range(clients))
    async with asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(look())
        heard = await asyncio.gather(*(listen(options, text) for text in texts))
        looking.cancel()
    return Round(sorted(heard, key=lambda each: each.first_s), in_line)


def judged(rounds: list[Round], first_audio_ms: float) -> int:
    """0 when all is well."""
    heard = [each for one in rounds for each in one.heard]
    first_ms = sorted(1000 * each.first_s for one in rounds for each in one.admitted)
    gap_ms = [1000 * each.gap_s for each in heard]
    p99 = first_ms[min(len(first_ms) - 1, round(0.99 * len(first_ms)))]
    gaps = f"{sum(gap > 0 for gap in gap_ms)} of {len(heard)} heard a gap, {sum(gap_ms):.0f} ms in all"
    counts = [len(one.heard) for one in rounds]
    waits = (
        f"first audio of {len(first_ms)} admitted at once median {statistics.median(first_ms):.0f} ms, p99 {p99:.0f} ms"
    )
    print(f"{len(rounds)} rounds of {min(counts)} to {max(counts)} clients: {waits}; {gaps}")
    return int(sum(gap_ms) > 0 or p99 > first_audio_ms)


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Programs that take all the time they get of a core each."""
    busy = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(core)]) for core in sorted(os.sched_getaffinity(0))[:count]
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
