"""Fixtures that tests of several rooms share."""

import os
from collections.abc import AsyncGenerator

import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.support.core import Core, running_core

# Voice packs that somebody installed on this machine are no part of any test.
os.environ["TTS_SERVER__VOICES__FOLDER"] = "/nowhere/voices"

# How long an example takes says how busy the box is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest_asyncio.fixture
async def core() -> AsyncGenerator[Core]:
    """A real synthesizer over a real engine host process, speaking with the test engines."""
    async with running_core() as running:
        yield running
