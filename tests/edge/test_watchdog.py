"""The watchdog lives only while the loop turns and the engines move."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.core import running_core
from tests.support.daemon import running_daemon
from tts_server.edge.notify import Notifier
from tts_server.edge.watchdog import watch

PERIOD_S = 0.6


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


async def sign_of_life(manager: socket.socket) -> None:
    async with asyncio.timeout(10):
        assert await asyncio.get_running_loop().sock_recv(manager, 4096) == b"WATCHDOG=1"


def pending(manager: socket.socket) -> int:
    """Signs of life that wait to be read."""
    found = 0
    try:
        while manager.recv(4096):
            found += 1
    except BlockingIOError:
        return found
    return found


@asynccontextmanager
async def watching(manager: socket.socket, stalled_s: Callable[[], float]) -> AsyncGenerator[None]:
    task = asyncio.create_task(watch(Notifier(manager.getsockname(), PERIOD_S), stalled_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_signs_of_life_come_while_all_is_well(manager: socket.socket) -> None:
    async with watching(manager, lambda: 0.0):
        for _ in range(4):
            await sign_of_life(manager)


async def test_a_blocked_loop_gives_no_sign_of_life(manager: socket.socket) -> None:
    async with watching(manager, lambda: 0.0):
        await sign_of_life(manager)
        pending(manager)
        time.sleep(2 * PERIOD_S)  # noqa: ASYNC251 - this is the fault
        assert pending(manager) == 0
        await sign_of_life(manager)


async def test_engines_that_do_not_move_give_none_either_and_are_told_of_once(
    manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    stalled = [0.0]
    caplog.set_level(logging.ERROR)
    asked = asyncio.Event()

    def stalled_s() -> float:
        asked.set()
        return stalled[0]

    async with watching(manager, stalled_s):
        await sign_of_life(manager)
        stalled[0] = PERIOD_S
        pending(manager)
        for _ in range(3):
            asked.clear()
            await asked.wait()
        assert pending(manager) == 0
        assert len(caplog.records) == 1
        stalled[0] = 0.0
        await sign_of_life(manager)


async def test_nobody_watching_is_no_task_for_ever() -> None:
    await watch(Notifier(None, None), lambda: 0.0)


async def test_a_stopped_engine_host_counts_as_stalled_and_a_running_one_does_not() -> None:
    async with running_core() as core:
        assert core.link.pid is not None
        await stalled_for(core.link.stalled_s, at_most=0.05)
        os.kill(core.link.pid, signal.SIGSTOP)
        await stalled_for(core.link.stalled_s, at_least=0.3)
        os.kill(core.link.pid, signal.SIGCONT)
        await stalled_for(core.link.stalled_s, at_most=0.05)


async def test_an_engine_that_hangs_counts_as_stalled_until_its_host_is_replaced() -> None:
    from tests.engine_host.test_link import segment

    async with running_core(chunk_timeout_s=2.0) as core:
        with core.link.open(segment(), "stuck") as utterance:
            await utterance.next_chunk(0.1)
            hanging = asyncio.ensure_future(utterance.next_chunk(0.1))
            await stalled_for(core.link.stalled_s, at_least=0.5)
            await asyncio.wait([hanging])
            assert hanging.exception() is not None
        await core.link.wait_ready()
        await stalled_for(core.link.stalled_s, at_most=0.1)


async def stalled_for(ask: Callable[[], float], at_least: float = 0.0, at_most: float = 60.0) -> None:
    """Ask again and again until the answer lies within."""
    async with asyncio.timeout(10):
        while not at_least <= ask() <= at_most:  # noqa: ASYNC110 - it is asked, it does not tell
            await asyncio.sleep(0.02)


async def until_alive(manager: socket.socket) -> None:
    """Read what systemd is told up to a sign of life."""
    while await asyncio.get_running_loop().sock_recv(manager, 4096) != b"WATCHDOG=1":
        pass


async def test_the_daemon_lives_for_systemd_and_stops_when_its_engine_host_is_stopped(manager: socket.socket) -> None:
    variables = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "1200000"}
    async with running_daemon(environment=variables) as daemon, asyncio.timeout(18):
        await until_alive(manager)
        host = daemon.engine_host_pid()
        os.kill(host, signal.SIGSTOP)
        await daemon.wait_for_line("the engines have not moved")
        pending(manager)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until_alive(manager), 1.2)  # a whole period
        os.kill(host, signal.SIGCONT)
        await until_alive(manager)
