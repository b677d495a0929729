"""A whole file in the making: coded beside the speech that goes into it, not after it."""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import numpy as np

from tts_server.audio.encode import FormatName, open_file_encoder
from tts_server.engine import Samples

_WAITING: Final = 64  # chunks that have come and are not coded yet: more come when these are


class CodedFile:
    """Takes samples, and is a file in the end."""

    def __init__(self, form: FormatName, tag: str) -> None:
        self._form = form
        self._serial = zlib.crc32(tag.encode()) >> 1
        self._file = io.BytesIO()
        self._waiting: asyncio.Queue[Samples | None] = asyncio.Queue(_WAITING)
        self._sample_rate = 0

    async def take(self, samples: Samples, sample_rate: int) -> None:
        """The next samples; all have one rate."""
        self._sample_rate = sample_rate
        await self._waiting.put(samples)

    async def end(self) -> None:
        """Nothing more comes."""
        await self._waiting.put(None)

    async def work(self) -> None:
        """Code what comes until its end; the codec is loaded with the first samples."""
        block = await self._next_block()
        encoder = await asyncio.to_thread(
            open_file_encoder, self._form, self._sample_rate, self._file, serial=self._serial
        )
        while block:
            await asyncio.to_thread(encoder.encode, np.concatenate(block))
            block = await self._next_block()
        await asyncio.to_thread(encoder.finish)

    @property
    def content(self) -> bytes:
        """The file, when the work is done."""
        return self._file.getvalue()

    async def _next_block(self) -> list[Samples]:
        """All that has come; empty at the end."""
        block: list[Samples] = []
        while not block or not self._waiting.empty():
            samples = await self._waiting.get()
            if samples is None:
                if block:
                    self._waiting.put_nowait(None)  # it is next
                break
            block.append(samples)
        return block


@asynccontextmanager
async def coded_file(form: FormatName, tag: str) -> AsyncIterator[CodedFile]:
    """A file that the body gives samples to; it is whole when the body is left.

    The same tag and samples give the same bytes; Ogg files of different tags may be joined.
    """
    file = CodedFile(form, tag)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(file.work())
            yield file
            await file.end()
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
