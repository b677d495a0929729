"""What more boxes bring: Debian's HAProxy before 1 to 16 boxes whose engine costs time and no processor.

    python -m tests.load.scale --boxes 1 2 4 16 --seconds 15

Each box has room for a few texts. So many listeners that three quarters of all room are taken ask over HTTP, one text
after the other, as fast as they get it. Told are texts a second, the first audio, stalls that a player would hear,
errors, and what a box takes of a processor. With --faults: a box is killed, one is frozen, under the same load.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.deploy.balancer import Balancer, Box, balancer

RATE = 16_000
TEXT_CHARS = 40  # 4 s of audio
RTF, THREADS, ROOM = 0.4, 4, 4  # of a box: a text has a thread for itself, and twice the time it needs
ASKING = 0.75  # of all room
WARM_S = 3.0
RAW = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"


@dataclass
class Seen:
    """What listeners met."""

    texts: int = 0
    first_s: list[float] = field(default_factory=list)
    stalls: int = 0
    errors: dict[str, int] = field(default_factory=dict)

    def fail(self, what: str) -> None:
        """Count an error."""
        self.errors[what] = self.errors.get(what, 0) + 1


@dataclass
class RunningBox:
    """A box, and its engine host."""

    process: asyncio.subprocess.Process
    ports: Box

    def cpu_s(self) -> float:
        """Processor time of both so far."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_cpu_s(int(each)) for each in (pid, *children))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def box(shared: str = "") -> AsyncGenerator[RunningBox]:
    """One box, ready to speak."""
    told = json.dumps({"rtf": RTF, "threads": THREADS, "shared": shared})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load.scale_box", told),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        ports = (await process.stdout.readline()).split()
        yield RunningBox(process, Box(*map(int, ports)))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


@asynccontextmanager
async def boxes(count: int, folder: Path, shared: str = "") -> AsyncGenerator[tuple[Balancer, list[RunningBox]]]:
    """So many of them behind HAProxy."""
    async with AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as tasks:
            starting = [tasks.create_task(stack.enter_async_context(box(shared))) for _ in range(count)]
        running = [task.result() for task in starting]
        named = {f"box{number}": each.ports for number, each in enumerate(running, 1)}
        before = await stack.enter_async_context(balancer(folder, named))
        await before.wait_for("UP", *named)
        yield before, running


async def listen(port: int, number: int, seen: Seen, until: float) -> None:
    """One text after the other until the time has come. Each text is another one."""
    count = 0
    while time.monotonic() < until:
        count += 1
        text = f"{number:04d}{count:06d}".translate(_DIGITS)[:10].ljust(TEXT_CHARS, "啊")
        try:
            async with asyncio.timeout(20):
                await _one(port, text, seen)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            seen.fail(type(error).__name__)


_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")


async def _one(port: int, text: str, seen: Seen) -> None:
    body = json.dumps({"text": text, "format": "pcm"}).encode()
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(RAW + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            seen.fail(head[9:12].decode())
            await asyncio.sleep(0.05)
            return
        await _play(reader, began, seen)
    finally:
        writer.close()


async def _play(reader: asyncio.StreamReader, began: float, seen: Seen) -> None:
    """Read a chunked body as a player does that begins with the first sound."""
    dry_at = first = None
    heard = 0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(size + 2)
        now = time.monotonic()
        if first is None:
            first = dry_at = now
            seen.first_s.append(now - began)
        assert dry_at is not None
        seen.stalls += now > dry_at + 0.01 and heard > 0
        dry_at = max(dry_at, now) + size / 2 / RATE
        heard += size
    await reader.readuntil(b"\r\n")
    seen.texts += 1


async def measure(count: int, seconds: float) -> dict[str, Any]:
    """So many boxes for so long."""
    with tempfile.TemporaryDirectory() as folder:
        async with boxes(count, Path(folder)) as (before, running):
            users = round(ASKING * ROOM * count)
            await _load(before.http_port, users, Seen(), WARM_S)
            cpu_s, began, seen = sum(each.cpu_s() for each in running), time.monotonic(), Seen()
            balancer_s, own_s = _cpu_s(before.process.pid), time.process_time()
            await _load(before.http_port, users, seen, seconds)
            wall_s = time.monotonic() - began
            return {
                "boxes": count,
                "listeners": users,
                "texts_per_s": seen.texts / wall_s,
                "first_p50_ms": 1000 * float(np.percentile(seen.first_s, 50)),
                "first_p99_ms": 1000 * float(np.percentile(seen.first_s, 99)),
                "stalls": seen.stalls,
                "errors": ", ".join(f"{count} x {what}" for what, count in seen.errors.items()) or "none",
                "box_cores": (sum(each.cpu_s() for each in running) - cpu_s) / wall_s / count,
                "haproxy_cores": (_cpu_s(before.process.pid) - balancer_s) / wall_s,
                "load_cores": (time.process_time() - own_s) / wall_s,
            }


async def _load(port: int, users: int, seen: Seen, seconds: float) -> None:
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        for number in range(users):
            tasks.create_task(listen(port, number, seen, until))


async def faults(seconds: float) -> None:
    """Four boxes under load; one is killed, another is frozen."""
    with tempfile.TemporaryDirectory() as folder:
        async with boxes(4, Path(folder)) as (before, running):
            users = round(0.5 * ROOM * 4)
            for what, number in (("killed", signal.SIGKILL), ("frozen", signal.SIGSTOP)):
                seen = Seen()
                victim = running.pop()
                async with asyncio.TaskGroup() as tasks:
                    loading = tasks.create_task(_load(before.http_port, users, seen, seconds))
                    await asyncio.sleep(seconds / 3)
                    victim.process.send_signal(number)
                    began = time.monotonic()
                    name = f"box{len(running) + 1}"
                    await before.wait_for("DOWN", name, backends=("http",))
                    noticed_s = time.monotonic() - began
                    await loading
                told = f"noticed after {noticed_s:.1f} s, {seen.texts} texts heard, errors: {seen.errors or 'none'}"
                print(f"one of {len(running) + 1} boxes {what}: {told}")


def table(rows: list[dict[str, Any]]) -> str:
    """For docs/SCALE.md."""
    lines = [
        "| boxes | listeners | texts/s | against one | first audio 50 / 99 % | stalls | errors "
        "| cores: a box, HAProxy, listeners |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        ratio = row["texts_per_s"] / rows[0]["texts_per_s"]
        lines.append(
            f"| {row['boxes']} | {row['listeners']} | {row['texts_per_s']:.2f} | {ratio:.2f} | "
            f"{row['first_p50_ms']:.0f} / {row['first_p99_ms']:.0f} ms | {row['stalls']} | {row['errors']} | "
            f"{row['box_cores']:.3f}, {row['haproxy_cores']:.3f}, {row['load_cores']:.3f} |"
        )
    return "\n".join(lines)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boxes", type=int, nargs="*", default=[1, 2, 4, 16])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--faults", action="store_true")
    wanted = parser.parse_args()
    rows = [await measure(count, wanted.seconds) for count in wanted.boxes]
    if rows:
        print(table(rows))
    if wanted.faults:
        await faults(wanted.seconds)


if __name__ == "__main__":
    asyncio.run(main())
