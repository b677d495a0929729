#!/usr/bin/env bash
# Seen: on Python 3.11 a question that is given up (asyncio.timeout, Task.cancel) at the moment in which it has just been sent
#       goes on all the same: the answer is waited for until the client's own socket_timeout, 5 s by default.
# Whom: whoever keeps a Valkey or Redis server off the way of requests by a short asyncio.timeout: now and then one takes 5 s.
# Why:  the client sends by asyncio.wait_for, which before Python 3.12 swallows a cancellation when its work is done just then.
# Way out: set socket_timeout to what may be waited; or Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || { echo "this needs Python 3.11"; exit 2; }
"${PYTHON:-python3}" -m venv "$folder" && "$folder/bin/pip" install --quiet valkey==6.2.0 || exit 2

"$folder/bin/python" - <<'PYTHON'
import asyncio
import sys
from importlib.metadata import version

from valkey.asyncio import Valkey
from valkey.exceptions import TimeoutError as NoAnswer

print("Python", sys.version.split()[0], "valkey", version("valkey"))


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers PING, and nothing else."""
    while said := await reader.read(1000):
        if b"PING" in said:
            writer.write(b"+PONG\r\n")


async def given_up_after(port: int, steps: int) -> str:
    """How a question ends that is cancelled after so many steps of the loop."""
    client = Valkey(port=port, lib_name=None, lib_version=None, socket_timeout=0.5)
    await client.ping()
    asking = asyncio.create_task(client.get("x"))
    for _ in range(steps):
        await asyncio.sleep(0)
    asking.cancel()
    try:
        await asking
    except (asyncio.CancelledError, NoAnswer) as end:
        return type(end).__name__
    finally:
        await client.aclose()
    return "an answer"


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ends = [await given_up_after(port, steps) for steps in range(12)]
    for steps, end in enumerate(ends):
        print(f"cancelled after {steps:2} steps: {end}")
    if "TimeoutError" not in ends:
        sys.exit("changed: every cancellation was heard")


asyncio.run(main())
PYTHON
