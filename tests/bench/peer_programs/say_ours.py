"""tts-server through its core, without a cache: an engine host as the daemon has it. The voice is the argument."""

import asyncio
import json
import os
import sys
import time
from contextlib import aclosing
from pathlib import Path

from tts_server.config import settings as config
from tts_server.daemon.startup import running_core
from tts_server.events import Audio, SpeechOptions
from tts_server.measure.speech import cpu_seconds


def mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def main(voice: str) -> None:
    voices = {"default": voice, "preload": ["default"]}
    loaded = config.load({}, {"voices": voices, "cache": {"mode": "off"}, "log": {"level": "error"}})
    async with running_core(loaded) as synthesizer:
        while line := await asyncio.to_thread(sys.stdin.readline):
            host = synthesizer.figures.host_pid
            assert host is not None
            started, busy, first, audio = time.perf_counter(), cpu_seconds(host), 0.0, 0.0
            context = synthesizer.open(SpeechOptions(voice=voice))
            context.text(line.strip())
            context.end()
            async with aclosing(context.events()) as events:
                async for event in events:
                    if isinstance(event, Audio):
                        first = first or time.perf_counter() - started
                        audio += len(event.samples) / context.sample_rate
            told = {
                "first_s": first,
                "total_s": time.perf_counter() - started,
                "cpu_s": cpu_seconds(host) - busy,
                "audio_s": audio,
                "mib": mib(host) + mib(os.getpid()),
            }
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


asyncio.run(main(sys.argv[1]))
