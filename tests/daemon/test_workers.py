import asyncio
import threading
import time

import pytest

from tts_server.daemon.workers import make_workers

COUNT = 4


def refuse(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


async def test_work_is_done_when_there_are_no_more_threads_to_have(monkeypatch: pytest.MonkeyPatch) -> None:
    make_workers(COUNT)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        done = await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(3 * COUNT)))
    assert len(done) == 3 * COUNT


async def test_a_system_that_gives_too_few_threads_is_told_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start, made = threading.Thread.start, []

    def some(thread: threading.Thread) -> None:
        if len(made) == 2:
            refuse(thread)
        made.append(thread)
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", some)
        make_workers(COUNT)
    assert "fewer than 4 threads" in caplog.text
    async with asyncio.timeout(10):
        assert await asyncio.gather(*(asyncio.to_thread(threading.get_ident) for _ in range(2)))
