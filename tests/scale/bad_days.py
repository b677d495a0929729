"""What can happen to the Valkey that boxes share, and how it becomes well again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tests.shared.valkey import ValkeyServer, valkey_server
from tests.support.bad_line import BadLine, bad_line

LOOK_S = 0.02


@dataclass
class BadDays:
    """The server, and a line to it that can be slow or split."""

    server: ValkeyServer
    line: BadLine
    _stack: AsyncExitStack

    @property
    def line_url(self) -> str:
        """Where boxes find it behind the line."""
        return f"valkey://127.0.0.1:{self.line.port}"

    async def well(self) -> None:
        """As it should be."""
        self.line.delay_s, self.line.is_split = 0.0, False
        self.line.cut()
        if self.server.process.returncode is not None:
            self.server = await self._stack.enter_async_context(valkey_server(port=self.server.port))
        self.server.thaw()
        await self.server.client.config_set("maxmemory-policy", "allkeys-lru")
        await self.server.client.config_set("maxmemory", "64mb")

    async def full(self) -> None:
        """And refusing."""
        await self.server.client.config_set("maxmemory-policy", "noeviction")
        await self.server.client.config_set("maxmemory", "1mb")

    async def far(self) -> None:
        """50 ms away, each way."""
        self.line.delay_s = 0.05

    async def split(self) -> None:
        """The line passes nothing, and does not end."""
        self.line.is_split = True

    async def frozen(self) -> None:
        """It takes connections without an answer."""
        self.server.freeze()

    async def killed(self) -> None:
        """It is gone."""
        await self.server.kill()

    async def is_used(self, say: Callable[[], Awaitable[object]]) -> None:
        """Make it well, and let a box say something until it tells it there."""
        await self.well()
        await self.server.client.flushall()
        async with asyncio.timeout(30):
            while not await self.server.values("segment"):
                await say()
                await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def bad_days() -> AsyncGenerator[BadDays]:
    """A server of which nothing bad is known yet."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(valkey_server())
        line = await stack.enter_async_context(bad_line(server.port))
        yield BadDays(server, line, stack)
