"""As many clients at once as fit, with a Sambert voice of full size and random weights: does anybody hear a gap?

    python -m tests.load.sambert_together [--rounds 20] [--clients N] [--busy N]

Builds the voice pack, starts a daemon with it, and lets so many Wyoming clients ask at once as the daemon's own
measurement of the voice has room for. --busy lets that many other processes compute all the time: the voice is measured
again, by speaking, before the clients come.
"""

import argparse
import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.load.wyoming_together import Heard, listen
from tests.support.daemon import Daemon, running_daemon
from tts_server.scheduler import USABLE_LOAD

SENTENCES = (
    "今天天气真的很好啊。", "请把客厅的灯关掉吧。", "明天早上八点叫醒我。", "你昨天晚上去哪里了？",
    "我们一起去公园散步。", "晚饭已经准备好了哦。", "洗衣机的活儿干完了。", "门口有一个你的包裹。",
)  # fmt: skip
RTF = r"voice (\S+) needs ([0-9.]+) s for a second of speech"
FIRST_AUDIO_MS = 250
WARM_ROUNDS = 4  # in which the voice is measured anew


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=0)
    parser.add_argument("--busy", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        subprocess.run([sys.executable, "-m", "tests.load.sambert_together_pack", folder], check=True)
        with busy_processes(options.busy):
            sys.exit(asyncio.run(measure(options, folder)))


async def measure(options: argparse.Namespace, folder: str) -> int:
    """Print what was heard; 1 when there was a gap or somebody waited for long."""
    environment = {
        "TTS_SERVER__VOICES__FOLDER": folder,
        "TTS_SERVER__VOICES__DEFAULT": "random",
        "TTS_SERVER__VOICES__PRELOAD": '["default"]',
        "TTS_SERVER__ENGINE_HOST__ENGINES": '["sambert"]',
    }
    async with running_daemon(environment=environment) as daemon, asyncio.TaskGroup() as tasks:
        found = re.search(RTF, await daemon.wait_for_line(RTF))
        assert found is not None
        rtf, threads = float(found[2]), os.cpu_count() or 1
        clients = options.clients or max(1, int(USABLE_LOAD * threads / rtf))
        print(f"voice {found[1]}: real-time factor {rtf:.3f}, {clients} clients")
        reading = tasks.create_task(daemon.wait_for_line("never"))
        for _ in range(WARM_ROUNDS):
            await together(daemon, clients)
        heard = [await together(daemon, clients) for _ in range(options.rounds)]
        reading.cancel()
    return judged(heard)


async def together(daemon: Daemon, clients: int) -> list[Heard]:
    """One round."""
    options = argparse.Namespace(host="127.0.0.1", port=daemon.wyoming_port, voice=None)
    async with asyncio.TaskGroup() as tasks:
        texts = (SENTENCES[number % len(SENTENCES)] for number in range(clients))
        listening = [tasks.create_task(listen(options, text)) for text in texts]
    return [task.result() for task in listening]


def judged(rounds: list[list[Heard]]) -> int:
    """0 when all is well."""
    heard = [each for clients in rounds for each in clients]
    first_ms = sorted(1000 * each.first_s for each in heard)
    gap_ms = [1000 * each.gap_s for each in heard]
    p99 = first_ms[min(len(first_ms) - 1, round(0.99 * len(first_ms)))]
    gaps = f"{sum(gap > 0 for gap in gap_ms)} of {len(heard)} heard a gap, {sum(gap_ms):.0f} ms in all"
    print(f"{len(rounds)} rounds: first audio median {statistics.median(first_ms):.0f} ms, p99 {p99:.0f} ms; {gaps}")
    return int(sum(gap_ms) > 0 or p99 > FIRST_AUDIO_MS)


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Programs that take all the time they get."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
