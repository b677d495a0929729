"""Spoken segments in a folder: one file each, bounded in bytes and age, the longest unused goes first.

A file appears whole or not at all (it is written under another name and renamed); what a power cut leaves of it is
found out by its digest when it is read. A file's modification time says when it was made, its access time when it was
last of use, so that the order survives a restart.
"""

import asyncio
import contextlib
import logging
import math
import os
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

log = logging.getLogger(__name__)

_SUFFIX: Final = ".segment"
_PART: Final = ".part"
_PART_IS_DEAD_S: Final = 3600.0
_WARN_EVERY_S: Final = 3600.0


class Store(Protocol):
    """Where recordings outlive the process. A shared one could stand behind it: keys and bytes, nothing else."""

    async def open(self) -> None:
        """Make ready; called once, before it is written to."""

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key. None for everything that goes wrong."""

    async def put(self, key: str, stored: bytes) -> None:
        """Keep it, if that can be done."""

    async def remove(self, key: str) -> None:
        """Forget it."""


@dataclass(slots=True)
class _Entry:
    size: int
    made_at: float


class DiskStore:
    """A Store in a folder of this box. Every access to the disk is made on a thread."""

    def __init__(self, folder: Path, max_bytes: int, max_age_s: float) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._warned_at = -math.inf
        self._entries: OrderedDict[str, _Entry] | None = None  # the longest unused first; None: not yet read

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(entry.size for entry in (self._entries or {}).values())

    def __len__(self) -> int:
        return len(self._entries or {})

    async def open(self) -> None:
        """Read what is there, and remove what is too old or too much."""
        self._entries = await asyncio.to_thread(self._scan)
        await self._shrink()

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None. Before `open` is done the folder itself is asked."""
        if self._entries is not None:
            if (entry := self._entries.get(key)) is None:
                return None
            if time.time() - entry.made_at > self._max_age_s:
                await self.remove(key)
                return None
            self._entries.move_to_end(key)
        stored = await asyncio.to_thread(self._read, key)
        if stored is None and self._entries is not None:
            self._entries.pop(key, None)
        return stored

    async def put(self, key: str, stored: bytes) -> None:
        """Write it and make room. A disk that is full or read-only costs a warning, not speech."""
        if len(stored) > self._max_bytes or not await asyncio.to_thread(self._write, key, stored):
            return
        if self._entries is not None:
            self._entries[key] = _Entry(len(stored), time.time())
            self._entries.move_to_end(key)
            await self._shrink()

    async def remove(self, key: str) -> None:
        """Forget it."""
        if self._entries is not None:
            self._entries.pop(key, None)
        await asyncio.to_thread(self._unlink, [key])

    async def _shrink(self) -> None:
        assert self._entries is not None
        oldest = time.time() - self._max_age_s
        doomed = [key for key, entry in self._entries.items() if entry.made_at < oldest]
        for key in doomed:
            del self._entries[key]
        size = self.size
        while size > self._max_bytes:
            key, entry = self._entries.popitem(last=False)
            size -= entry.size
            doomed.append(key)
        if doomed:
            await asyncio.to_thread(self._unlink, doomed)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / (key + _SUFFIX)

    def _scan(self) -> "OrderedDict[str, _Entry]":
        found: list[tuple[float, str, _Entry]] = []
        for path in self._folder.glob("??/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                if path.suffix == _SUFFIX:
                    found.append((status.st_atime, path.stem, _Entry(status.st_size, status.st_mtime)))
                elif path.suffix == _PART and time.time() - status.st_mtime > _PART_IS_DEAD_S:
                    path.unlink()  # left by a process that was killed while it wrote
        return OrderedDict((key, entry) for _, key, entry in sorted(found, key=lambda each: each[0]))

    def _read(self, key: str) -> bytes | None:
        path = self._path(key)
        try:
            stored = path.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path, (time.time(), path.stat().st_mtime))
        return stored

    def _write(self, key: str, stored: bytes) -> bool:
        path = self._path(key)
        part = path.with_name(f"{key}.{os.getpid()}{_PART}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # what a house says is nobody else's business
            part.write_bytes(stored)
            part.chmod(0o600)
            part.replace(path)
            return True
        except OSError as error:
            self._warn(error)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return False

    def _warn(self, error: OSError) -> None:
        """Once an hour: a full disk stays full for a while."""
        now = time.monotonic()
        if now >= self._warned_at + _WARN_EVERY_S:
            self._warned_at = now
            log.warning("speech cannot be kept in %s: %s", self._folder, error.strerror)

    def _unlink(self, keys: list[str]) -> None:
        for key in keys:
            with contextlib.suppress(OSError):
                self._path(key).unlink()
