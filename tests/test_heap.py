import subprocess
import sys

import pytest

HEAPS = """
import ctypes, sys, tempfile, threading
from tts_server.heap import keep_small
if sys.argv[1] == "small":
    keep_small()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
barrier = threading.Barrier(6)
def work():
    libc.malloc(20_000)
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.TemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fdopen(file.fileno(), b"w"))
    libc.malloc_info(0, stream)
    libc.fflush(stream)
    file.seek(0)
    print(file.read().count(b"<heap "))
"""


def heaps(kind: str) -> int:
    """How many heaps six threads make the C library keep."""
    done = subprocess.run([sys.executable, "-c", HEAPS, kind], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(heaps("usual") == 1, reason="the C library has one heap whatever one asks for")
def test_all_threads_share_one_heap() -> None:
    assert heaps("small") == 1
