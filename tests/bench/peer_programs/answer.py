"""The loop that all programs here share."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path


def rss_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def serve(speak: Callable[[str], Iterator[float]]) -> None:
    """speak: yields the seconds of audio of each chunk as it is ready."""
    for line in sys.stdin:
        started, busy, first, audio = time.perf_counter(), time.process_time(), 0.0, 0.0
        for chunk_s in speak(line.strip()):
            first = first or time.perf_counter() - started
            audio += chunk_s
        total, busy = time.perf_counter() - started, time.process_time() - busy
        told = {"first_s": first, "total_s": total, "cpu_s": busy, "audio_s": audio, "mib": rss_mib()}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
