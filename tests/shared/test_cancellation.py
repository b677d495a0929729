"""A cancellation that a library swallows is kept; a time limit of one's own is none."""

import asyncio
from contextlib import suppress

import pytest

from tts_server.shared.cancellation import cancellation_kept


async def swallows() -> str:
    """As `asyncio.wait_for` does now and then before Python 3.12."""
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    return "done"


async def raises() -> None:
    await swallows()
    raise OSError("gone")


@pytest.mark.parametrize("library", [swallows, raises])
async def test_who_was_cancelled_in_it_does_not_go_on(library: object) -> None:
    async def run() -> None:
        while True:
            with cancellation_kept():
                async with asyncio.timeout(30):
                    await library()  # type: ignore[operator]

    running = asyncio.create_task(run())
    await asyncio.sleep(0)
    running.cancel()
    async with asyncio.timeout(15):
        await asyncio.wait([running])
    assert running.cancelled()


async def test_a_time_limit_that_was_swallowed_is_no_cancellation() -> None:
    with cancellation_kept():
        async with asyncio.timeout(0):
            answer = await swallows()
    assert answer == "done"


async def test_who_was_cancelled_before_may_still_ask() -> None:
    async def run() -> str:
        await swallows()
        with cancellation_kept():
            return await asyncio.sleep(0, "asked")

    running = asyncio.create_task(run())
    await asyncio.sleep(0)
    running.cancel()
    assert await running == "asked"
