"""What the HTTP door adds: CPU per second of audio for each format, and how long the first chunk is under way.

    python -m tests.bench.http_door

The first byte's way is measured from the moment the engine link has the first chunk of a text to the moment a client
on loopback has the first byte of the body; engine, door and client share this machine, door and client one event loop.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import numpy as np

from tests.support.core import ENGINES, running_core
from tests.support.http_door import open_door
from tts_server.audio.encode import FORMATS, FormatName, open_encoder
from tts_server.engine import AudioChunk, Samples
from tts_server.engine_host.link import RemoteUtterance

AUDIO_S: Final = 30
CHUNK_S: Final = 0.25
RATES: Final = (16000, 24000, 48000)
REQUESTS: Final = 60
TEXT: Final = "今天天气不错，我们去公园。"
CPU_LIMIT_MS: Final = 15.0
FIRST_BYTE_LIMIT_MS: Final = 10.0


def main() -> None:
    """Print both tables; exit code 1 when a figure is above its limit."""
    costs = {(name, rate): cpu_ms(name, rate) for name in FORMATS for rate in RATES}
    print(f"CPU of an encoder, ms per second of audio ({AUDIO_S} s in chunks of {CHUNK_S} s); limit {CPU_LIMIT_MS:g}")
    for name in FORMATS:
        print(f"  {name:5}", *(f"{rate // 1000} kHz {costs[name, rate]:6.2f}" for rate in RATES), sep="  ")
    delays = asyncio.run(first_byte_delays())
    print(
        f"First byte of /api/tts after the link's first chunk, ms ({REQUESTS} requests); limit {FIRST_BYTE_LIMIT_MS:g}"
    )
    for name, both in delays.items():
        measured, cpu = zip(*both, strict=True)
        median, late = statistics.median(measured), sorted(measured)[int(0.95 * len(measured))]
        print(f"  {name:5}  median {median:6.2f}  95 % {late:6.2f}  median of CPU {statistics.median(cpu):5.2f}")
    is_good = max(costs.values()) <= CPU_LIMIT_MS
    is_good &= all(statistics.median(wall for wall, _ in both) <= FIRST_BYTE_LIMIT_MS for both in delays.values())
    raise SystemExit(0 if is_good else 1)


def cpu_ms(name: FormatName, sample_rate: int) -> float:
    """CPU time of encoding, in ms per second of audio: the lowest of three runs."""
    samples = speechlike(sample_rate)
    size = round(CHUNK_S * sample_rate)
    open_encoder(name, sample_rate).finish()  # loads the libraries
    runs = []
    for _ in range(3):
        began = time.process_time()
        encoder = open_encoder(name, sample_rate)
        for at in range(0, len(samples), size):
            encoder.encode(samples[at : at + size])
        encoder.finish()
        runs.append(1000 * (time.process_time() - began) / AUDIO_S)
    return min(runs)


def speechlike(sample_rate: int) -> Samples:
    """A buzz with breath that pulses like syllables. (N,)."""
    time_s = np.arange(AUDIO_S * sample_rate) / sample_rate
    buzz = sum(np.sin(2 * np.pi * 140 * harmonic * time_s) / harmonic for harmonic in range(1, 20))
    breath = np.random.default_rng(0).standard_normal(len(time_s))
    pulse = (1 + np.sin(2 * np.pi * 3.3 * time_s)) / 2
    samples: Samples = ((0.1 * buzz + 0.02 * breath) * pulse).astype(np.float32)
    return samples


async def first_byte_delays() -> dict[str, list[tuple[float, float]]]:
    """Per format and request: ms from the link's first chunk to the client's first byte, and ms of CPU meanwhile."""
    found: dict[str, list[tuple[float, float]]] = {}
    async with running_core(engines={"tone": ENGINES["tone"]}) as core, open_door(core) as door, arrivals() as arrived:
        for name in FORMATS:
            found[name] = []
            for number in range(REQUESTS + 1):
                arrived.clear()
                request = {"text": f"{TEXT}{number}", "format": name}  # each one new to any cache
                async with door.client.stream("POST", "/api/tts", json=request) as answer:
                    audio = answer.aiter_raw()
                    await anext(audio)
                    wall_s, cpu_s = (now - then for now, then in zip(clocks(), arrived[0], strict=True))
                    async for _ in audio:  # to the end, so that nothing of this text comes into the next one's time
                        pass
                    if number:  # the first one loads the codec
                        found[name].append((1000 * wall_s, 1000 * cpu_s))
    return found


@asynccontextmanager
async def arrivals() -> AsyncGenerator[list[tuple[float, float]]]:
    """When the engine link had each chunk, inside."""
    times: list[tuple[float, float]] = []
    ask = RemoteUtterance.next_chunk

    async def timed(self: RemoteUtterance, wanted_s: float) -> AudioChunk | None:
        chunk = await ask(self, wanted_s)
        times.append(clocks())
        return chunk

    RemoteUtterance.next_chunk = timed  # type: ignore[method-assign]
    try:
        yield times
    finally:
        RemoteUtterance.next_chunk = ask  # type: ignore[method-assign]


def clocks() -> tuple[float, float]:
    """The time, and this process's CPU time: what others take of the machine does not show in it."""
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
