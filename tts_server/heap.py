"""How the C library keeps a process's memory. Only glibc has these calls; elsewhere they do nothing."""

import contextlib
import ctypes
from typing import Final

# From malloc.h, with what they are set to: one heap for all threads, large pieces outside it, what is free on top given
# back. Encoders on a dozen threads would each leave a heap of their own behind.
_OPTIONS: Final = {-8: 1, -3: 2**17, -1: 2**19}  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD


def keep_small() -> None:
    """Set the options, before threads begin."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for option, value in _OPTIONS.items():
            mallopt(option, value)


def give_back() -> None:
    """What is free in the midst of the heap goes back to the system. Takes some milliseconds."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
