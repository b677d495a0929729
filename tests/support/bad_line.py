"""A bad line between a client and a door: it can be cut with a reset, be slow, or fall silent without an end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.http_door import leave


class BadLine:
    """Passes bytes on both ways. `port` is where clients connect."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._silenced: set[int] = set()  # numbers of connections
        self.server: asyncio.Server
        self.port = 0
        self.connections = 0
        self.passed_bytes = 0  # to clients
        self.delay_s = 0.0  # of each part, on each way
        self.is_split = False  # nothing passes, also of those who connect now
        self.cut_after_bytes: int | None = None  # to a client, once
        self.was_cut = asyncio.Event()

    def cut(self) -> None:
        """Everybody's connection ends with a reset."""
        self.was_cut.set()
        writers, self._writers = self._writers, []
        for writer in writers:
            if not writer.transport.is_closing():
                leave(writer)

    def fall_silent(self) -> None:
        """Connections that are there now pass nothing on any more, and do not end."""
        self._silenced.update(range(self.connections + 1))

    def refuse(self) -> None:
        """Nobody can connect any more."""
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # by `close`; asyncio would log it as an error
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            self._writers += [writer, far_writer]
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, far_writer, is_down=False, number=self.connections))
                both.create_task(self._pass_on(far_reader, writer, is_down=True, number=self.connections))
        except* OSError:
            pass
        finally:
            self._tasks.discard(task)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_down: bool, number: int
    ) -> None:
        while part := await reader.read(1000):  # less than a frame: cuts fall inside
            await asyncio.sleep(self.delay_s)
            if number in self._silenced or self.is_split:
                await asyncio.Event().wait()  # until the line is closed
            if is_down:
                self.passed_bytes += len(part)
                if self.cut_after_bytes is not None and self.passed_bytes > self.cut_after_bytes:
                    self.cut_after_bytes = None
                    self.cut()
                    return
            writer.write(part)
            await writer.drain()
        writer.close()

    async def close(self) -> None:
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def bad_line(server_port: int) -> AsyncGenerator[BadLine]:
    """A line to a door on this machine."""
    line = BadLine(server_port)
    server = line.server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.close()
        await server.wait_closed()
