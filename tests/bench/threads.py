"""Do two synthesis threads speak twice as much as one? Nothing passes or fails.

    python -m tests.bench.threads [--packs FOLDER] [--rounds 7]

Speech made by four contexts at once in a given time, with one thread and with two, in turn; beside it what two
processes that only multiply get done against one, in the same minutes: a neighbour on the machine takes from both.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

from tts_server import config
from tts_server.measure.speech import TEXTS
from tts_server.speech import Audio, SpeechOptions
from tts_server.startup import running_core
from tts_server.synthesis import Synthesizer

CONTEXTS = 4
MULTIPLY = """
import time, numpy as np
a = np.ones((256, 256), np.float32)
count, end = 0, time.perf_counter() + 1.0
while time.perf_counter() < end:
    a @ a
    count += 1
print(count)
"""


def main() -> None:
    """Print one JSON line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", help="folder of voice packs; its first voice is measured too")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    asyncio.run(measure("baker", options.rounds, {}))
    if options.packs:
        asyncio.run(measure("random", options.rounds, {"folder": options.packs, "default": "random"}))


async def measure(voice: str, rounds: int, voices: dict[str, str]) -> None:
    """One voice."""
    made: dict[int, list[float]] = {1: [], 2: []}
    multiplied: dict[int, list[float]] = {1: [], 2: []}
    async with core(1, voices) as one, core(2, voices) as two:
        for synthesizer in (one, two):
            await audio_per_s(synthesizer, voice)
        for _ in range(rounds):
            for threads, synthesizer in ((1, one), (2, two)):
                made[threads].append(await audio_per_s(synthesizer, voice))
                multiplied[threads].append(products(threads))
    scaling = [two / one for one, two in zip(made[1], made[2], strict=True)]
    possible = [two / one for one, two in zip(multiplied[1], multiplied[2], strict=True)]
    report(f"{voice}: speech of two threads against one, median", statistics.median(scaling))
    report(f"{voice}: speech of two threads against one, best of each", max(made[2]) / max(made[1]))
    report("two multiplying processes against one, median", statistics.median(possible))
    report("two multiplying processes against one, best of each", max(multiplied[2]) / max(multiplied[1]))


@asynccontextmanager
async def core(threads: int, voices: dict[str, str]) -> AsyncGenerator[Synthesizer]:
    """A core with so many threads and no cache."""
    changes = {
        "engine_host": {"threads": threads},
        "voices": voices,
        "cache": {"mode": "off"},
        "log": {"level": "error"},
    }
    async with running_core(config.load({}, changes)) as synthesizer:
        yield synthesizer


async def audio_per_s(synthesizer: Synthesizer, voice: str) -> float:
    """Seconds of speech made in a second."""
    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        speaking = [tasks.create_task(seconds(synthesizer, voice)) for _ in range(CONTEXTS)]
    return sum(task.result() for task in speaking) / (time.perf_counter() - started)


async def seconds(synthesizer: Synthesizer, voice: str) -> float:
    """Of speech, in one context that is read as fast as it comes."""
    context = synthesizer.open(SpeechOptions(voice=voice))
    context.text(TEXTS["zh"][100])
    context.end()
    samples = 0
    async with aclosing(context.events()) as events:
        async for event in events:
            samples += len(event.samples) if isinstance(event, Audio) else 0
    return samples / context.sample_rate


def products(processes: int) -> float:
    """Matrix products of so many processes in a second."""
    environment = {"OPENBLAS_NUM_THREADS": "1"}
    running = [
        subprocess.Popen([sys.executable, "-c", MULTIPLY], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    return sum(float(process.communicate()[0]) for process in running)


def report(what: str, value: float) -> None:
    """One figure."""
    print(json.dumps({"what": what, "value": round(value, 3)}), flush=True)


if __name__ == "__main__":
    main()
