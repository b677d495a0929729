"""The daemon that is mistreated, with an engine of its own, and started again when it ends, as systemd does it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.support.daemon import Daemon

PRELOAD: Final = Path(__file__).with_name("preload.c")
SETTINGS: Final = {
    "TTS_SERVER__DISCOVERY__ENABLED": "false",
    "TTS_SERVER__ENGINE_HOST__ENGINES": '["faulty"]',
    "TTS_SERVER__ENGINE_HOST__CHUNK_TIMEOUT_S": "2",
    "TTS_SERVER__LIMITS__GRACE_S": "4",
    "TTS_SERVER__LIMITS__WRITE_STALL_S": "3",
    "TTS_SERVER__LIMITS__HEAD_TIMEOUT_S": "3",
}


class Box:
    """One daemon after the other, always on the same files."""

    def __init__(self, folder: Path, *, with_preload: bool) -> None:
        self.folder = folder
        self.daemon: Daemon
        self._ports = ("0", "0")
        self.settings = {
            **SETTINGS,
            "TTS_FAULTS": str(folder / "asked"),
            "STATE_DIRECTORY": str(folder / "state"),
            "TTS_SERVER__CACHE__FOLDER": str(folder / "cache"),
            "PYTHONPATH": str(folder / "installed"),
        }
        if with_preload:
            library = folder / "preload.so"
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(PRELOAD), "-ldl"], check=True)
            self.settings |= {"LD_PRELOAD": str(library)}
        for name in ("asked", "state", "cache", "installed/faulty-1.dist-info"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        told = folder / "installed/faulty-1.dist-info"
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1\n")
        (told / "entry_points.txt").write_text("[tts_server.engines]\nfaulty = tests.faults.engine:FaultyEngine\n")

    async def start(self) -> None:
        """A daemon that is ready."""
        ports = ("--wyoming-port", self._ports[0], "--http-port", self._ports[1])
        log = self.folder / "daemon.log"
        with log.open("ab") as stderr:
            begins = stderr.tell()
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tts_server", "run", "--host", "127.0.0.1", *ports),
                env={**os.environ, **self.settings},
                stdout=asyncio.subprocess.DEVNULL,
                stderr=stderr,
            )
        self.daemon = Daemon(process)
        async with asyncio.timeout(60):
            while True:
                told = (await asyncio.to_thread(log.read_bytes))[begins:].decode(errors="replace")
                for line in told.splitlines():
                    if "listening: Wyoming on port " in line:
                        words = line.split("on port ")
                        self._ports = (words[1].split(",")[0], words[2].strip())
                if "engine host ready" in told and "listening: Wyoming" in told:
                    break
                await asyncio.sleep(0.05)  # a file tells nobody that it grew
        self.daemon.wyoming_port, self.daemon.http_port = map(int, self._ports)

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """The daemon ends; its engine host too."""
        with contextlib.suppress(ProcessLookupError):
            self.daemon.process.send_signal(how)
        async with asyncio.timeout(30):
            await self.daemon.process.wait()

    @property
    def pid(self) -> int:
        """The daemon's."""
        return self.daemon.process.pid

    def host(self) -> int | None:
        """The engine host's process id, if there is one."""
        with contextlib.suppress(OSError, IndexError):
            return self.daemon.engine_host_pid()
        return None

    def files(self) -> int:
        """Descriptors of the daemon."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    async def figure(self, name: str) -> float:
        """One of /metrics."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            text = (await client.get(f"http://127.0.0.1:{self.daemon.http_port}/metrics")).text
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(name + " "))


@asynccontextmanager
async def box(folder: Path, *, with_preload: bool = False) -> AsyncGenerator[Box]:
    """A box whose daemon is ready."""
    made = Box(folder, with_preload=with_preload)
    await made.start()
    try:
        yield made
    finally:
        if made.daemon.process.returncode is None:
            await made.end(signal.SIGKILL)
