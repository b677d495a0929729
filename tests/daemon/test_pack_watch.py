"""The daemon notices packs that come, change and go."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tts_server.daemon.pack_watch import snapshot, watch_packs


def pack(folder: Path, name: str, content: str = "{}") -> Path:
    made = folder / name
    made.mkdir(parents=True)
    (made / "manifest.json").write_text(content, encoding="utf-8")
    return made


@asynccontextmanager
async def watching(folder: Path) -> AsyncGenerator[asyncio.Queue[None]]:
    """A queue that gets an entry for each change."""
    changes: asyncio.Queue[None] = asyncio.Queue()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(watch_packs(folder, lambda: changes.put_nowait(None), 0.01))
        await asyncio.sleep(0.1)  # the first look is what changes are counted from
        yield changes
        task.cancel()


async def test_a_pack_that_comes_and_one_that_goes_are_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "voices"  # not there yet
    async with watching(folder) as changes, asyncio.timeout(10):
        (tmp_path / "new").mkdir()
        made = pack(tmp_path / "new", "zhida")
        folder.mkdir()
        made.rename(folder / "zhida")
        await changes.get()
        shutil.rmtree(folder / "zhida")
        await changes.get()


async def test_nothing_is_told_while_nothing_changes(tmp_path: Path) -> None:
    pack(tmp_path, "zhida")
    async with watching(tmp_path) as changes, asyncio.timeout(10):
        pack(tmp_path, ".working-1")
        (tmp_path / ".lock").touch()
        (tmp_path / "zhida" / "manifest.json").write_text("{ }", encoding="utf-8")
        await changes.get()  # the manifest's change, the first that counts
        assert changes.empty()


@pytest.mark.parametrize("file", ["manifest.json", "step.onnx"])
def test_a_changed_file_makes_another_snapshot(tmp_path: Path, file: str) -> None:
    made = pack(tmp_path, "zhida")
    before = snapshot(tmp_path)
    (made / file).write_bytes(b"[]")
    os.utime(made / file, ns=(1, 1))
    assert snapshot(tmp_path) != before


def test_a_folder_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert snapshot(tmp_path / "nowhere") == frozenset()
    (tmp_path / "file").touch()
    assert snapshot(tmp_path / "file") == frozenset()
