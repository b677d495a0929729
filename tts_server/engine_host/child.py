"""The engine host's process. Imports nothing heavy: it may be started before the rest of the daemon is loaded."""

import contextlib
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from tts_server.engine_host.framing import encode

if TYPE_CHECKING:
    from tts_server.engine_host.settings import HostSettings

# One synthesis thread is one core's worth: no library may start a pool of its own. One heap for all threads, and large
# arrays of the nets outside it: what was spoken leaves 28 MB less behind, and costs no time that can be measured.
_ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**22),
}
_SYSTEMD: Final = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_EARLY_BYTES: Final = 1 << 16  # what the link surely takes before anybody reads it


class HostProcess:
    """A running engine host, and our end of its link."""

    def __init__(self) -> None:
        """Start it. Raises OSError."""
        self.link, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if name not in _SYSTEMD}
        command = (sys.executable, "-m", "tts_server.engine_host.host", str(theirs.fileno()))
        try:
            with theirs:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env={**environment, **_ENVIRONMENT},
                )
        except BaseException:
            self.link.close()
            raise
        self.settings: HostSettings | None = None  # what it was told already

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or minus a signal's number; None while it runs."""
        return self._process.returncode

    def configure(self, settings: "HostSettings") -> None:
        """Tell it what to load, before there is an event loop. Nothing happens if that is too long for now."""
        message = encode(settings.message())
        if len(message) <= _EARLY_BYTES:
            with contextlib.suppress(OSError):  # it has ended: whoever reads the link will notice
                self.link.sendall(message)
                self.settings = settings

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    async def wait(self) -> None:
        """Wait until it has ended."""
        if self._process.poll() is not None:
            return
        import asyncio  # later than the process is started, as it takes longer

        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        descriptor = os.pidfd_open(self.pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._process.poll()

    async def discard(self) -> None:
        """Nobody needs it: it ends when its link does."""
        self.link.close()
        await self.wait()
