"""A door in a process of its own, so that its memory and its time are told apart from a test's.

    python -m tests.support.served '{"websocket": {...}, "host": {...}}'      prints the port, then serves until killed

The voices are those of the test core. With {"cache_bytes": N}, what has been spoken once is ready at once.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.core import Core, CoreLimits, running_core
from tts_server.cache.key import KeyMaker
from tts_server.cache.segment_cache import SegmentCache
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.listening import listen
from tts_server.transports.websocket.settings import WebSocketSettings

LIMITS = CoreLimits(max_contexts=1000, max_context_chars=100_000, max_pending_chars=10_000)


async def serve(wanted: dict[str, Any]) -> None:
    """Serve until killed."""
    settings = HttpSettings(
        max_connections=1000,
        max_connections_per_address=1000,
        websocket=WebSocketSettings(**wanted.get("websocket", {})),
    )
    async with running_core(LIMITS, **wanted.get("host", {})) as core:
        door = HttpDoor(_synthesizer(core, wanted.get("cache_bytes", 0)), settings)
        await door.start(listen("127.0.0.1", 0))
        print(door.ports[0], flush=True)  # noqa: T201  # what the parent waits for
        await asyncio.Event().wait()


def _synthesizer(core: Core, cache_bytes: int) -> Synthesizer:
    if not cache_bytes:
        return core.synthesizer
    turns = Turns(Scheduler(1))
    return Synthesizer(core.link, turns, LIMITS, cache=SegmentCache(core.link, turns, KeyMaker({}, {}), cache_bytes))


@dataclass(frozen=True)
class Served:
    """A running process."""

    pid: int
    port: int

    def resident_kib(self) -> int:
        """Memory of the door's process; the engine host is another one."""
        return int((Path("/proc") / str(self.pid) / "statm").read_text().split()[1]) * 4

    def cpu_s(self) -> float:
        """CPU time of the process so far."""
        fields = (Path("/proc") / str(self.pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@asynccontextmanager
async def served(*prefix: str, **wanted: Any) -> AsyncGenerator[Served]:
    """A door in another process; `prefix` is a command to run it with, such as taskset."""
    process = await asyncio.create_subprocess_exec(
        *(*prefix, sys.executable, "-m", "tests.support.served", json.dumps(wanted)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield Served(process.pid, port)
    finally:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.argv[1])))
