"""What the daemon and its engine host hold at a moment, seen from outside."""

import os
import time
from pathlib import Path
from typing import Any

from tests.soak.clock import DAY_S
from tests.soak.home import Home

WANTED = {
    "tts_active_streams": "active",
    "tts_queued_streams": "queued",
    "tts_gaps_total": "stalls",
    "tts_engine_host_restarts_total": "restarts",
}


async def sample(home: Home, piece: int, probe: dict[str, Any], log_bytes: int) -> dict[str, Any]:
    """What is held now."""
    async with home.client() as client:
        text = (await client.get("/metrics")).text
    told = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#") and "{" not in line)
    host = home.daemon.engine_host_pid()
    return {
        "piece": piece,
        "day": round(home.clock.now_s / DAY_S, 6),
        "at": round(time.time(), 1),
        **{f"daemon_{name}": value for name, value in process(home.daemon.process.pid).items()},
        **{f"host_{name}": value for name, value in process(host).items()},
        **{name: float(told[metric]) for metric, name in WANTED.items() if metric in told},
        **probe,
        "cache_mib": round(size_mib(home.folder / "cache"), 3),
        "log_bytes": log_bytes,
    }


def process(pid: int) -> dict[str, float]:
    """Memory, descriptors and threads."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(("Private_", "Swap:")))
    return {
        "rss_mib": round(int(status["VmRSS"].split()[0]) / 1024, 3),
        "private_mib": round(private / 1024, 3),
        "files": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(status["Threads"]),
    }


def size_mib(folder: Path) -> float:
    """Of all files."""
    sizes = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                sizes += os.stat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return sizes / 2**20
