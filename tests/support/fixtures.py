"""Fixtures that several files share; a file takes those it wants by name: `core, door = fixtures.core, fixtures.door`.

Each file has one engine host, and each test a door of its own. The file's tests run on the module's loop.
"""

from collections.abc import AsyncGenerator

import pytest_asyncio

from tests.support.bad_line import BadLine, bad_line
from tests.support.core import Core, running_core
from tests.support.http_door import Door, open_door


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def core() -> AsyncGenerator[Core]:
    """One core for the whole file: tests that change it have their own."""
    async with running_core() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def door(core: Core) -> AsyncGenerator[Door]:
    """A door of the usual settings."""
    async with open_door(core) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def line(door: Door) -> AsyncGenerator[BadLine]:
    """A line to the door that can be cut."""
    async with bad_line(door.port) as opened:
        yield opened
