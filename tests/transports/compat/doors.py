"""The doors of other programs in front of a test core, and what the core itself says."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pytest_asyncio

from tests.support.core import Core
from tests.support.http_door import Door
from tts_server.access.access import Access
from tts_server.audio.pcm import to_s16le
from tts_server.events import Audio, SpeechOptions
from tts_server.transports.compat.door import CompatDoors
from tts_server.transports.compat.settings import CompatSettings
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.listening import listen


@asynccontextmanager
async def open_compat(
    core: Core,
    settings: CompatSettings | None = None,
    access: Access | None = None,
    guest: CompatDoors | None = None,
) -> AsyncGenerator[Door]:
    """An HTTP door with its guest, closed at the end."""
    access = access or Access()
    guest = guest or CompatDoors(core.synthesizer, access, settings or CompatSettings())
    door = HttpDoor(core.synthesizer, HttpSettings(), access, guest=guest)
    await door.start(listen("127.0.0.1", 0))
    (port,) = door.ports
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            yield Door(door, port, client)
    finally:
        await door.close()


@pytest_asyncio.fixture(loop_scope="module")
async def door(core: Core) -> AsyncGenerator[Door]:
    """A door of its own for each test."""
    async with open_compat(core) as opened:
        yield opened


async def said_by_core(core: Core, text: str, sample_rate: int) -> bytes:
    """16-bit PCM of the text as the core says it."""
    context = core.synthesizer.open(SpeechOptions(sample_rate=sample_rate))
    context.text(text)
    context.end()
    samples = [event.samples async for event in context.events() if isinstance(event, Audio)]
    return to_s16le(np.concatenate(samples)) if samples else b""
