"""Fixtures that tests of several rooms share."""

import os
from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.support.core import Core, running_core

# Voice packs that somebody installed on this machine are no part of any test.
os.environ["TTS_SERVER__VOICES__FOLDER"] = "/nowhere/voices"


@pytest_asyncio.fixture
async def core() -> AsyncGenerator[Core]:
    """A real synthesizer over a real engine host process, speaking with the test engines."""
    async with running_core() as running:
        yield running
