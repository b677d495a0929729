"""A task that was told to stop stops, whatever library it was waiting in."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def cancellation_kept() -> Generator[None]:
    """Raise CancelledError behind the block if the task was cancelled in it and nobody noticed.

    Before Python 3.12, `asyncio.wait_for`, by which Valkey's client sends, swallows a cancellation that comes in the
    moment in which what it waits for is done. A loop around it would then go on, and whoever stopped it wait for ever.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    try:
        yield
    finally:
        if task.cancelling() > before:
            raise asyncio.CancelledError
