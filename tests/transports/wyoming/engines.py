"""A test engine that tells over a named pipe what it does, from inside the engine host."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.engines import ToneEngine
from tts_server.engine import AudioChunk, Utterance

DIARY_ENGINES = {"diary": "tests.transports.wyoming.engines:DiaryEngine"}


class DiaryEngine(ToneEngine):
    """Writes a line per chunk, "stopped" when it is closed early and "finished" at the end of an utterance."""

    name = "diary"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._diary = os.open(settings["diary"], os.O_WRONLY)

    def synthesize(self, utterance: Utterance, wanted: Callable[[], float]) -> Generator[AudioChunk]:
        try:
            for chunk in super().synthesize(utterance, wanted):
                self._note("chunk")
                yield chunk
        except GeneratorExit:
            self._note("stopped")
            raise
        self._note("finished")

    def _note(self, line: str) -> None:
        os.write(self._diary, line.encode() + b"\n")


@asynccontextmanager
async def reading_diary(path: Path) -> AsyncGenerator[asyncio.StreamReader]:
    """Make the named pipe and read its lines."""
    os.mkfifo(path)
    reader = asyncio.StreamReader()
    # For reading and writing, so that it neither waits for a writer nor ends with one.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0) as pipe:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            yield reader
        finally:
            transport.close()


async def read_diary_until(diary: asyncio.StreamReader, last: str) -> list[str]:
    """Lines up to and with `last`."""
    lines: list[str] = []
    async with asyncio.timeout(10):
        while not lines or lines[-1] != last:
            lines.append((await diary.readline()).decode().strip())
    return lines
