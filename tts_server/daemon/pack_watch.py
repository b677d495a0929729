"""Notices when voice packs are installed, removed or changed while the daemon runs."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

Snapshot = frozenset[tuple[str, str, int, int, int]]

INTERVAL_S = 2.0  # a look costs some ten system calls, in a thread of its own; shared volumes tell no events


async def watch_packs(folder: Path, changed: Callable[[], None], interval_s: float = INTERVAL_S) -> None:
    """Call `changed` whenever the packs in the folder are others than before, until cancelled."""
    seen = await asyncio.to_thread(snapshot, folder)
    while True:
        await asyncio.sleep(interval_s)
        now = await asyncio.to_thread(snapshot, folder)
        if now != seen:
            seen = now
            changed()


def snapshot(folder: Path) -> Snapshot:
    """Name, size, inode and time of change of every file in every pack. A folder that cannot be read has none."""
    found = set()
    for pack in _entries(folder):
        if not pack.name.startswith("."):  # those are on their way in or out
            for file in _entries(Path(pack.path)):
                try:
                    stat = file.stat()
                except OSError:
                    continue
                found.add((pack.name, file.name, stat.st_size, stat.st_ino, stat.st_mtime_ns))
    return frozenset(found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
