"""A real `tts-server run` as a child process on loopback, on ports of its own choosing."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

_LISTENING = re.compile(r"listening: Wyoming on port (\d+), HTTP on port (\d+)")
_HOST_READY = "engine host ready"
ALONE = {"TTS_SERVER__DISCOVERY__ENABLED": "false", "TTS_SERVER__CACHE__MODE": "off"}  # nobody is told, nothing is kept


@dataclass
class Daemon:
    """A running daemon; `log` grows while somebody waits for a line."""

    process: asyncio.subprocess.Process
    wyoming_port: int = 0
    http_port: int = 0
    log: list[str] = field(default_factory=list)

    def engine_host_pid(self) -> int:
        """The process id of the daemon's only child."""
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    async def wait_for_line(self, wanted: str) -> str:
        """The first line of the log, from the start, that the pattern is found in."""
        for line in self.log:
            if re.search(wanted, line):
                return line
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            self.log.append(line.rstrip())
            if re.search(wanted, line):
                return line
        raise AssertionError(f"the daemon ended without {wanted!r} in its log:\n" + "\n".join(self.log))

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.end()

    async def end(self) -> int:
        """Its exit code when it was told to stop already: a second SIGTERM may meet Python without a handler for it."""
        _, err = await self.process.communicate()
        self.log += err.decode().splitlines()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def log_read(daemon: Daemon, wanted: str = "") -> AsyncGenerator[str]:
    """Waits for a line that the pattern is found in; inside, the log is read on, or it would fill the pipe."""
    line = await daemon.wait_for_line(wanted)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(daemon.wait_for_line(r"(?!)"))  # found nowhere
        yield line
        reading.cancel()


@asynccontextmanager
async def running_daemon(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    wait_ready: bool = True,
    python: str | Path = sys.executable,
) -> AsyncGenerator[Daemon]:
    """A daemon that is ready to speak with the embedded voices, without discovery. python: of which environment."""
    own = dict(environment or {})
    with TemporaryDirectory() as state:
        if not {"HOME", "XDG_STATE_HOME"} & own.keys():  # phrases and readings of whoever runs the tests are not ours
            own.setdefault("STATE_DIRECTORY", state)
        async with _started(python, arguments, {**os.environ, **ALONE, **own}, wait_ready) as daemon:
            yield daemon


@asynccontextmanager
async def _started(
    python: str | Path, arguments: tuple[str, ...], environment: Mapping[str, str], wait_ready: bool
) -> AsyncGenerator[Daemon]:
    process = await asyncio.create_subprocess_exec(
        *(python, "-m", "tts_server", "run", "--host", "127.0.0.1", "--http-port", "0", "--wyoming-port", "0"),
        *arguments,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    daemon = Daemon(process)
    try:
        ports = _LISTENING.search(await daemon.wait_for_line(_LISTENING.pattern))
        assert ports is not None
        daemon.wyoming_port, daemon.http_port = int(ports[1]), int(ports[2])
        if wait_ready:
            await daemon.wait_for_line(_HOST_READY)
        yield daemon
    finally:
        if process.returncode is None:
            await daemon.stop()
