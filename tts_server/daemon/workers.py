"""Threads for work that would keep the loop waiting, all made at the start: later there may be none to have.

asyncio makes one when it is first needed, and where the system refuses it, whoever asked fails: a text, or a watch over
files, and with it the daemon.
"""

import asyncio
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

log = logging.getLogger(__name__)


def make_workers(count: int = min(32, (os.cpu_count() or 1) + 4)) -> None:
    """As many threads for the running loop as asyncio would come to; fewer where the system gives fewer."""
    workers = ThreadPoolExecutor(count, thread_name_prefix="work")
    met = threading.Barrier(count)
    try:
        for _ in range(count):
            workers.submit(_meet, met)
    except RuntimeError as error:
        log.warning("the system gives fewer than %d threads (%s)", count, error)
        met.abort()
    asyncio.get_running_loop().set_default_executor(workers)


def _meet(others: threading.Barrier) -> None:
    """Keep a thread until there are all: one that is free would be given the next work, and no other be made."""
    try:
        others.wait()
    except threading.BrokenBarrierError:
        return
