"""The folder of recordings: bounded, in order of use, and no worse for what befalls a disk."""

import os
import time
from pathlib import Path

import pytest

from tts_server.cache.disk import DiskStore


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def path_of(folder: Path, key: str) -> Path:
    return next(folder.rglob(f"{key}*"))


async def opened(folder: Path, max_bytes: int = 1000, max_age_s: float = 1000.0) -> DiskStore:
    store = DiskStore(folder, max_bytes, max_age_s)
    await store.open()
    return store


async def test_what_is_put_is_found_also_by_the_next_process(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.put("aa1", b"hello")
    assert await store.get("aa1") == b"hello"
    assert await (await opened(tmp_path)).get("aa1") == b"hello"
    assert await DiskStore(tmp_path, 1000, 1000.0).get("aa1") == b"hello"  # before it has looked round
    assert await store.get("aa2") is None


async def test_the_longest_unused_goes_first(tmp_path: Path) -> None:
    store = await opened(tmp_path, max_bytes=300)
    for key in ("aa1", "bb2", "cc3"):
        await store.put(key, bytes(100))
    await store.get("aa1")
    await store.put("dd4", bytes(100))
    assert [await store.get(key) is not None for key in ("aa1", "bb2", "cc3", "dd4")] == [True, False, True, True]
    assert store.size == 300
    assert len(files(tmp_path)) == len(store) == 3


async def test_the_order_of_use_survives_a_restart(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    for number, key in enumerate(("aa1", "bb2", "cc3")):
        await store.put(key, bytes(100))
        path = path_of(tmp_path, key)
        os.utime(path, (1000 + number, time.time()))
    await store.get("aa1")
    await opened(tmp_path, max_bytes=200)
    assert files(tmp_path) == ["aa1.segment", "cc3.segment"]


async def test_what_is_too_old_is_gone_however_often_it_is_used(tmp_path: Path) -> None:
    store = await opened(tmp_path, max_age_s=60)
    await store.put("aa1", b"old")
    os.utime(path_of(tmp_path, "aa1"), (time.time(), time.time() - 61))
    store = await opened(tmp_path, max_age_s=60)
    assert await store.get("aa1") is None
    assert files(tmp_path) == []


async def test_one_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    store = await opened(tmp_path, max_bytes=10)
    await store.put("aa1", bytes(11))
    assert files(tmp_path) == []


async def test_half_a_file_of_a_killed_process_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "aa" / "aa1.1234.part"
    left.parent.mkdir()
    left.write_bytes(b"half")
    os.utime(left, (time.time(), time.time() - 7200))
    store = await opened(tmp_path)
    assert files(tmp_path) == []
    assert await store.get("aa1") is None


async def test_a_file_somebody_deleted_is_a_miss(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.put("aa1", b"hello")
    path_of(tmp_path, "aa1").unlink()
    assert await store.get("aa1") is None
    assert len(store) == 0


async def test_a_folder_that_cannot_be_written_costs_a_warning_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"not a folder")
    store = await opened(blocked)
    for key in ("aa1", "bb2", "cc3"):
        await store.put(key, b"hello")
    assert await store.get("aa1") is None
    assert caplog.text.count("cannot be kept") == 1  # and again in an hour


async def test_only_the_owner_can_read_what_was_said(tmp_path: Path) -> None:
    store = await opened(tmp_path / "new")
    await store.put("aa1", b"hello")
    path = path_of(tmp_path, "aa1")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
