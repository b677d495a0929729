"""Boxes behind Debian's HAProxy: simulated ones, whose engine takes time and no processor, and real daemons."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.deploy import house
from tests.deploy.balancer import Balancer, Box, balancer
from tests.scale.quota import quota

# Of a simulated box: a text has a thread for itself, and less than half of it is needed.
RTF, THREADS, ROOM = 0.4, 4, 4


@dataclass
class RunningBox:
    """A box, and its engine host."""

    process: asyncio.subprocess.Process
    ports: Box

    def cpu_s(self) -> float:
        """Processor time of both so far."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(cpu_s(int(each)) for each in (pid, *children))


Start = Callable[[], AbstractAsyncContextManager[RunningBox]]


def cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def simulated(
    shared: str = "", when_full: str = "refuse", rtf: float = RTF, slow_s: float = 0.0
) -> AsyncGenerator[RunningBox]:
    """One box of fixed cost, ready to speak. shared: a Valkey's address. slow_s: what a chunk of any length takes."""
    told = json.dumps({"rtf": rtf, "slow_s": slow_s, "threads": THREADS, "shared": shared, "when_full": when_full})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.scale.box", told),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        ports = (await process.stdout.readline()).split()
        yield RunningBox(process, Box(*map(int, ports)))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


@asynccontextmanager
async def baker(cores: float, folder: Path) -> AsyncGenerator[RunningBox]:
    """A real daemon with the voice baker, held to so much of a processor."""
    with quota(cores, folder) as python:
        async with house.box({}, python=python) as (daemon, ports):
            yield RunningBox(daemon.process, ports)


@asynccontextmanager
async def behind_haproxy(start: Start, count: int, folder: Path) -> AsyncGenerator[tuple[Balancer, list[RunningBox]]]:
    """So many of them behind HAProxy."""
    async with AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as tasks:
            starting = [tasks.create_task(stack.enter_async_context(start())) for _ in range(count)]
        running = [task.result() for task in starting]
        named = {f"box{number}": each.ports for number, each in enumerate(running, 1)}
        before = await stack.enter_async_context(balancer(folder, named))
        await before.wait_for("UP", *named)
        await before.wait_for("L7OK", *named, column="agent_status")
        yield before, running
