import asyncio
import ctypes
from contextlib import suppress

import pytest

from tts_server.daemon.free_memory import FreeMemory
from tts_server.heap import give_back

PIECES, BYTES = 400, 60_000
REST_S = 0.01


def resident_mib() -> float:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def has_trim() -> bool:
    with suppress(OSError, AttributeError):
        return ctypes.CDLL(None).malloc_trim is not None
    return False


@pytest.mark.skipif(not has_trim(), reason="only glibc gives back what is free in the midst of the heap")
def test_what_lies_below_a_small_piece_goes_back() -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
    pieces = [libc.malloc(BYTES) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(ctypes.c_void_p(piece), 1, BYTES)
    for piece in pieces[:-1]:
        libc.free(piece)
    before = resident_mib()
    give_back()
    assert resident_mib() < before - PIECES * BYTES / 2**20 / 2
    libc.free(pieces[-1])


class Box:
    """Somebody who speaks or does not, and what was done about it."""

    def __init__(self) -> None:
        self.active = 0
        self.looks: asyncio.Queue[None] = asyncio.Queue()
        self.given_back: asyncio.Queue[None] = asyncio.Queue()
        self.engines: list[None] = []
        self.memory = FreeMemory(
            self._look, REST_S, lambda: self.given_back.put_nowait(None), lambda: self.engines.append(None)
        )

    def _look(self) -> int:
        self.looks.put_nowait(None)
        return self.active


async def test_it_goes_back_once_after_speech_and_never_while_somebody_speaks() -> None:
    box = Box()
    running = asyncio.create_task(box.memory.run())
    await asyncio.sleep(5 * REST_S)
    assert box.looks.empty()  # nobody has spoken: nobody is woken
    box.active = 1
    box.memory.spoke()
    async with asyncio.timeout(15):
        for _ in range(3):
            await box.looks.get()
        assert box.given_back.empty()
        box.active = 0
        await box.given_back.get()
    assert len(box.engines) == 1
    while not box.looks.empty():
        box.looks.get_nowait()
    await asyncio.sleep(5 * REST_S)
    assert box.looks.empty()
    assert box.given_back.empty()
    running.cancel()
