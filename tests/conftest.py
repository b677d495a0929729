"""Fixtures that tests of several rooms share."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.support.core import Core, running_core


@pytest_asyncio.fixture
async def core() -> AsyncGenerator[Core]:
    """A real synthesizer over a real engine host process, speaking with the test engines."""
    async with running_core() as running:
        yield running
