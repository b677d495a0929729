"""One daemon and one browser with a loudspeaker for all tests of the page."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.browser import chromium
from tests.support.daemon import Daemon, running_daemon
from tests.support.sound_sink import SoundSink, sound_sink


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Daemon]:
    """Of a house without phrases: those of this machine are no part of any test."""
    async with running_daemon(environment={"STATE_DIRECTORY": str(tmp_path_factory.mktemp("state"))}) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def sink() -> AsyncGenerator[SoundSink]:
    async with sound_sink() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def browser(sink: SoundSink) -> AsyncGenerator[Browser]:
    async with chromium(sink.environment, is_loud=True) as running:
        yield running
