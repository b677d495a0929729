"""What hostile and broken clients cost a running daemon: memory, open files, and other clients' patience.

    python -m tests.load.abuse --wyoming-port 10200 --http-port 8080 --pid PID

Sends 1 MB of random bytes, a Wyoming header that announces 1 GB, and half a message with the connection left open, to
both ports again and again, while a well-behaved client has a sentence spoken each time.
"""

import argparse
import asyncio
import contextlib
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from wyoming.audio import AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.tts import Synthesize

HOST = "127.0.0.1"
MEGABYTE = 1_000_000
GIGABYTE_HEADER = b'{"type": "synthesize", "data_length": 2, "payload_length": 1000000000}\n{}'
HALF_EVENT = b'{"type": "synthesize", "data_length": 1000}\n{"text": "'
HALF_REQUEST = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n"
PATIENCE_S = 5


def main() -> None:
    """Abuse, and print what it did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wyoming-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--pid", type=int, required=True, help="of the daemon, to read its memory")
    parser.add_argument("--rounds", type=int, default=20)
    asyncio.run(measure(parser.parse_args()))


async def measure(options: argparse.Namespace) -> None:
    """Run the rounds."""
    patience = [await speak(options.wyoming_port)]
    print(f"before: {state(options.pid)}, a sentence takes {patience[0] * 1000:.0f} ms")
    for _ in range(options.rounds):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(send(options.wyoming_port, random.randbytes(MEGABYTE)))
            tasks.create_task(send(options.wyoming_port, GIGABYTE_HEADER + bytes(MEGABYTE)))
            tasks.create_task(send(options.wyoming_port, HALF_EVENT))
            tasks.create_task(send(options.http_port, random.randbytes(MEGABYTE)))
            tasks.create_task(send(options.http_port, HALF_REQUEST))
            patience.append(await speak(options.wyoming_port))
    print(
        f"after {options.rounds} rounds: {state(options.pid)}, a sentence takes at most {max(patience) * 1000:.0f} ms"
    )


async def send(port: int, sent: bytes) -> None:
    """Send, then hold the connection open until the daemon closes it or patience ends."""
    reader, writer = await asyncio.open_connection(HOST, port)
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            writer.write(sent)
            await writer.drain()
            while await reader.read(65536):
                pass
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def speak(port: int) -> float:
    """Seconds that a well-behaved client waits for the end of a sentence."""
    started = time.perf_counter()
    async with AsyncTcpClient(HOST, port) as client:
        await client.write_event(Synthesize(text="今天天气很好。").event())
        while (event := await client.read_event()) is not None and not AudioStop.is_type(event.type):
            assert not Error.is_type(event.type), event.data
    return time.perf_counter() - started


def state(pid: int) -> str:
    """Resident memory and open files of a process."""
    read: Callable[[str], str] = Path(f"/proc/{pid}/status").read_text
    resident = next(int(line.split()[1]) for line in read("ascii").splitlines() if line.startswith("VmRSS"))
    return f"RSS {resident / 1024:.1f} MiB, {len(os.listdir(f'/proc/{pid}/fd'))} files"


if __name__ == "__main__":
    main()
