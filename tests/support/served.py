"""Doors in a process of their own, so that their memory and their time are told apart from a test's.

    python -m tests.support.served '{"websocket": {...}, "host": {...}}'     prints its ports, then serves until killed

The voices are those of the test core. With {"cache_bytes": N}, what has been spoken once is ready at once; with
{"metered": true}, figures of its event loop are told (`loop_meter`).
"""

import asyncio
import gc
import json
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.core import Core, CoreLimits, running_core
from tests.support.loop_meter import LoopMeter, tell_when_asked
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.listening import listen
from tts_server.transports.websocket.settings import WebSocketSettings
from tts_server.transports.wyoming.door import WyomingDoor, WyomingLimits

LIMITS = CoreLimits(max_contexts=1000, max_text_chars=20_000, max_context_chars=100_000, max_pending_chars=20_000)


async def serve(wanted: dict[str, Any]) -> None:
    """Serve until killed."""
    settings = HttpSettings(
        max_connections=1000,
        max_connections_per_address=1000,
        max_body_bytes=2**20,
        websocket=WebSocketSettings(**wanted.get("websocket", {})),
    )
    async with running_core(LIMITS, **wanted.get("host", {})) as core:
        synthesizer = cached_synthesizer(core, wanted.get("cache_bytes", 0))
        door, wyoming = HttpDoor(synthesizer, settings), WyomingDoor(synthesizer, WyomingLimits())
        await door.start(listen("127.0.0.1", 0))
        sockets = listen("127.0.0.1", 0)
        await wyoming.start(sockets)
        gc.collect()
        gc.freeze()  # as the daemon does
        print(door.ports[0], sockets[0].getsockname()[1], flush=True)  # noqa: T201  # what the parent waits for
        await (tell_when_asked(LoopMeter()) if wanted.get("metered") else asyncio.Event().wait())


def cached_synthesizer(core: Core, cache_bytes: int) -> Synthesizer:
    """The core's, or one that keeps what it has spoken in memory."""
    if not cache_bytes:
        return core.synthesizer
    turns = Turns(Scheduler(1))
    return Synthesizer(core.link, turns, LIMITS, cache=SegmentCache(core.link, turns, KeyMaker({}, {}), cache_bytes))


@dataclass(frozen=True)
class Served:
    """A running process."""

    pid: int
    port: int  # HTTP and WebSocket
    wyoming_port: int
    process: asyncio.subprocess.Process

    def resident_kib(self) -> int:
        """Memory of the door's process; the engine host is another one."""
        return int((Path("/proc") / str(self.pid) / "statm").read_text().split()[1]) * 4

    def cpu_s(self) -> float:
        """CPU time of the process so far."""
        fields = (Path("/proc") / str(self.pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    async def loop_figures(self) -> dict[str, Any]:
        """What the meter has found since it was asked last."""
        return await ask_meter(self.process)


async def ask_meter(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """Figures of a process that has a LoopMeter."""
    assert process.stdout is not None
    process.send_signal(signal.SIGUSR1)
    figures: dict[str, Any] = json.loads(await process.stdout.readline())
    return figures


@asynccontextmanager
async def served(*prefix: str, **wanted: Any) -> AsyncGenerator[Served]:
    """A door in another process; `prefix` is a command to run it with, such as taskset."""
    process = await asyncio.create_subprocess_exec(
        *(*prefix, sys.executable, "-m", "tests.support.served", json.dumps(wanted)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port, wyoming_port = map(int, (await process.stdout.readline()).split())
        if wanted.get("metered"):
            await process.stdout.readline()
        yield Served(process.pid, port, wyoming_port, process)
    finally:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
