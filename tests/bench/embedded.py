"""The embedded voices in numbers: CPU time, memory, cold start. `make figures`; nothing here passes or fails.

CPU time of one thread, so that neighbours on the machine hardly count; medians.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.support.daemon import Daemon, running_daemon
from tts_server.engine import AudioChunk
from tts_server.engine_host.installed import installed_engines
from tts_server.engine_host.speech import speak
from tts_server.engine_host.voices import load_voices
from tts_server.markup.segments import TextCutter
from tts_server.scheduling.scheduler import CHUNKS_S
from tts_server.text import frontend

TEN_CHARACTERS = "今天天气真的很好啊。"
SENTENCES = (
    "今天天气很好，我们一起去公园散步吧。",
    "会议定在2026年3月15日下午两点半。",
    "中国的首都北京是一座历史悠久的城市。",
    "如果明天下雨，比赛就推迟到下个星期。",
    "老师说，学习语言需要耐心和长期的练习。",
)
ENGLISH = "Turn on the kitchen light, please."
ROUNDS = 15


def main() -> None:
    """Print one JSON line for each figure."""
    voices = load_voices(installed_engines(), {})
    frontend.load()
    voices["baker"][0].load("baker")

    def speak_all(text: str) -> Callable[[], list[AudioChunk]]:
        return lambda: [chunk for segment in segments(text) for chunk in speak(segment, "baker", voices, wanted(0))]

    def first_chunk() -> AudioChunk:
        chunks = speak(segments(TEN_CHARACTERS)[0], "baker", voices, wanted(0))
        chunk = next(chunks)
        chunks.close()
        return chunk

    spoken = [measured(speak_all(text)) for text in SENTENCES]
    audio = [sum(len(c.samples) / c.sample_rate for c in speak_all(text)()) for text in SENTENCES]
    report("baker real-time factor (CPU)", sum(spoken) / sum(audio))
    report("baker first chunk of 10 characters, front end included (CPU ms)", 1000 * measured(first_chunk))
    plain = segments(SENTENCES[0])[0]
    report("front end, a sentence without digits (CPU ms)", 1000 * measured(lambda: frontend.analyse(plain)))
    dated = segments(SENTENCES[1])[0]
    report("front end, a sentence with a date (CPU ms)", 1000 * measured(lambda: frontend.analyse(dated)))
    asyncio.run(processes())
    report("cold start, command to finished WAV of a short sentence (s)", statistics.median(map(cold_start, range(5))))


def segments(text: str) -> list:
    """The text as the daemon cuts it."""
    cutter = TextCutter()
    return [*cutter.feed(text), *cutter.flush()]


def wanted(asked: int) -> Callable[[], float]:
    """Chunk lengths as the scheduler gives them to a single listener."""

    def next_length() -> float:
        nonlocal asked
        asked += 1
        return CHUNKS_S[min(asked, len(CHUNKS_S)) - 1]

    return next_length


def measured(work: Callable[[], object]) -> float:
    """Median CPU seconds of `work`, after one round that does not count."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


async def processes() -> None:
    """Memory of both processes with a voice loaded, and the time from start to the first audio."""
    started = time.perf_counter()
    async with running_daemon(wait_ready=False) as daemon:
        report("start: doors listen (s)", time.perf_counter() - started)
        await answered(daemon, "/healthz")
        report("start: /healthz answers (s)", time.perf_counter() - started)
        await answered(daemon, "/readyz")
        report("start: voices are ready (s)", time.perf_counter() - started)
        report_memory(daemon, "nothing said yet")
        first = await first_byte(daemon, "你好。")
        report("cold start, daemon's start to the first Mandarin audio over HTTP (s)", first - started)
        for text in SENTENCES * 4:
            await first_byte(daemon, text)
        report_memory(daemon, "baker")
        for _ in range(10):
            await first_byte(daemon, ENGLISH)
        report_memory(daemon, "baker and heart")
        os.kill(daemon.engine_host_pid(), signal.SIGKILL)
        killed = time.perf_counter()
        first = await first_byte(daemon, "你好。")
        report("engine host killed, to the first audio of the next request (s)", first - killed)


async def answered(daemon: Daemon, path: str) -> None:
    """Wait until it says 200 there."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=30) as client:
        while (await client.get(path)).status_code != 200:  # noqa: ASYNC110 -- nobody else could tell
            await asyncio.sleep(0.01)


async def first_byte(daemon: Daemon, text: str) -> float:
    """Speak a text to the end; when its first audio arrived."""
    arrived = 0.0
    received = 0
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{daemon.http_port}", timeout=30) as client,
        client.stream("POST", "/api/tts", json={"text": text}) as response,
    ):
        async for part in response.aiter_raw():
            received += len(part)
            if received > 44 and not arrived:  # more than the WAV's header
                arrived = time.perf_counter()
    return arrived


def report_memory(daemon: Daemon, loaded: str) -> None:
    """RSS now, and at its highest, of the daemon and of its engine host."""
    for name, pid in (("daemon", daemon.process.pid), ("engine host", daemon.engine_host_pid())):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").split("\n")
        values = {
            line.split(":")[0]: int(line.split()[1]) / 1024 for line in status if line.startswith(("VmRSS", "VmHWM"))
        }
        report(f"{name} RSS with {loaded} (MiB)", values["VmRSS"])
        report(f"{name} peak RSS with {loaded} (MiB)", values["VmHWM"])


def cold_start(_round: int) -> float:
    """Wall seconds of one whole `tts-server say`."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, "-m", "tts_server", "say", "你好。", "-o", f"{folder}/said.wav"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - started


def report(what: str, value: float) -> None:
    """One figure."""
    print(json.dumps({"what": what, "value": round(value, 4)}), flush=True)


if __name__ == "__main__":
    main()
