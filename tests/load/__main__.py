"""A bounded load on a daemon of its own, on loopback, by locust: `make load`.

    python -m tests.load [--users 9] [--seconds 30] [--locust .venv-load/bin/locust]

Prints texts per second, first audio and errors for each door. Exit code 1 when a text failed.
"""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from tests.support.daemon import running_daemon

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
BOTH_VOICES = {"TTS_SERVER__VOICES__PRELOAD": '["baker", "heart"]'}
HEADS = ("texts", "failed", "texts/s", "first audio 50 %", "99 %", "whole text 50 %", "99 %")


def main() -> None:
    """Load, and print what came of it."""
    parser = argparse.ArgumentParser(description="A bounded load on loopback.")
    parser.add_argument("--users", type=int, default=9, help="at the same time, a third of them at each door")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--locust", default=".venv-load/bin/locust", help="the program")
    wanted = parser.parse_args()
    print(f"{wanted.users} users for {wanted.seconds} s on loopback; times in ms, from the request")
    failed = report(asyncio.run(load(wanted.locust, wanted.users, wanted.seconds)), wanted.seconds)
    raise SystemExit(1 if failed else 0)


async def load(locust: str, users: int, seconds: int) -> list[dict[str, Any]]:
    """Run locust against a daemon; its figures, an entry for each door and name."""
    async with running_daemon(environment=BOTH_VOICES) as daemon:
        where = ("--host", f"http://127.0.0.1:{daemon.http_port}", "--wyoming-port", str(daemon.wyoming_port))
        process = await asyncio.create_subprocess_exec(
            *(locust, "-f", str(LOCUSTFILE), "--headless", "--json", "--users", str(users), "--spawn-rate", "3"),
            *("--run-time", f"{seconds}s", "--stop-timeout", "10", "--loglevel", "ERROR"),
            *where,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,  # tables, again and again
        )
        told, progress = await process.communicate()
    if not told.strip():
        raise SystemExit(progress.decode())
    figures: list[dict[str, Any]] = json.loads(told)
    return figures


def report(figures: list[dict[str, Any]], seconds: int) -> int:
    """Print the table; how many texts failed."""
    print("door".ljust(10), *(head.rjust(len(head) + 2) for head in HEADS))
    failed = 0
    for door in sorted({entry["method"] for entry in figures}):
        first, whole = (
            next((entry for entry in figures if (entry["method"], entry["name"]) == (door, name)), {})
            for name in ("first audio", "whole text")
        )
        texts, failures = whole["num_requests"], whole["num_failures"]
        failed += failures
        times = [percentile(entry, part) for entry in (first, whole) for part in (0.5, 0.99)]
        cells = (texts, failures, f"{texts / seconds:.2f}", *times)
        print(door.ljust(10), *(str(cell).rjust(len(head) + 2) for cell, head in zip(cells, HEADS, strict=True)))
    return failed


def percentile(entry: dict[str, Any], part: float) -> str:
    """Of an entry's times, which locust rounds and counts: {"120": 3}."""
    counted = sorted((float(time), count) for time, count in entry.get("response_times", {}).items())
    seen, total = 0, sum(count for _, count in counted)
    for time, count in counted:
        seen += count
        if seen >= part * total:
            return f"{time:.0f}"
    return "-"


if __name__ == "__main__":
    main()
