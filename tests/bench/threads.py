"""Do two synthesis threads speak twice as much as one? Nothing passes or fails.

    python -m tests.bench.threads [--packs FOLDER] [--rounds 15]

Speech made in a few seconds while four clients ask for one text after the other: with one thread, with two, and with
two engine hosts of one thread each, in turn. The last is what the machine can do at all: its cores share caches and
memory, also with neighbours.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager

from tts_server.config import settings as config
from tts_server.daemon.startup import running_core
from tts_server.events import Audio, SpeechOptions
from tts_server.measure.speech import TEXTS
from tts_server.synthesis.synthesizer import Synthesizer

CLIENTS = 4
LISTENING_S = 6.0


def main() -> None:
    """Print one JSON line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", help="folder of voice packs; its first voice is measured too")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    asyncio.run(measure("baker", options.rounds, {}))
    if options.packs:
        asyncio.run(measure("random", options.rounds, {"folder": options.packs, "default": "random"}))


async def measure(voice: str, rounds: int, voices: dict[str, str]) -> None:
    """One voice."""
    made: dict[str, list[float]] = {"one thread": [], "two threads": [], "two hosts of one thread": []}
    async with core(1, voices) as one, core(1, voices) as other, core(2, voices) as two:
        speakers = dict(zip(made, ((one,), (two,), (one, other)), strict=True))
        for synthesizers in speakers.values():
            await audio_per_s(synthesizers, voice)
        for _ in range(rounds):
            for what, synthesizers in speakers.items():
                made[what].append(await audio_per_s(synthesizers, voice))
    for what, rates in made.items():
        ratios = [rate / one for rate, one in zip(rates, made["one thread"], strict=True)]
        best = max(rates) / max(made["one thread"])
        figures = {
            "median": statistics.median(ratios),
            "best of each": best,
            "seconds a second": statistics.median(rates),
        }
        rounded = {name: round(figure, 3) for name, figure in figures.items()}
        print(json.dumps({"voice": voice, "what": what, **rounded}), flush=True)


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


async def audio_per_s(synthesizers: Sequence[Synthesizer], voice: str) -> float:
    """Seconds of speech made in a second, while nobody's text is the last one."""
    heard: list[float] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTENING_S), asyncio.TaskGroup() as tasks:
            for synthesizer in itertools.islice(itertools.cycle(synthesizers), CLIENTS):
                tasks.create_task(listen(synthesizer, voice, heard))
    return sum(heard) / LISTENING_S


async def listen(synthesizer: Synthesizer, voice: str, heard: list[float]) -> None:
    """To one text after the other, as fast as they come, until cancelled."""
    while True:
        context = synthesizer.open(SpeechOptions(voice=voice))
        context.text(TEXTS["zh"][30])
        context.end()
        async with aclosing(context.events()) as events:
            async for event in events:
                if isinstance(event, Audio):
                    heard.append(len(event.samples) / context.sample_rate)


if __name__ == "__main__":
    main()
