"""Debian's HAProxy with the configuration of `deploy`, before daemons of this machine."""

import asyncio
import csv
import io
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.shared.valkey import free_port, wait_for_port

CONFIG = Path(__file__).parents[2] / "deploy/haproxy/haproxy.cfg"


@dataclass(frozen=True)
class Box:
    """Where a daemon listens."""

    wyoming_port: int
    http_port: int
    agent_port: int


@dataclass
class Balancer:
    """A running HAProxy."""

    process: asyncio.subprocess.Process
    wyoming_port: int
    http_port: int
    socket: Path

    @property
    def log(self) -> Path:
        """What it tells: above all which box it takes for gone, and why."""
        return self.socket.with_name("haproxy.log")

    async def ask(self, command: str) -> str:
        """The answer of its stats socket."""
        reader, writer = await asyncio.open_unix_connection(self.socket)
        writer.write(command.encode() + b"\n")
        answer = await reader.read()
        writer.close()
        return answer.decode()

    async def servers(self) -> dict[tuple[str, str], dict[str, str]]:
        """What it knows of each box, by backend and name."""
        rows = csv.DictReader(io.StringIO((await self.ask("show stat")).removeprefix("# ")))
        return {(row["pxname"], row["svname"]): row for row in rows}

    async def wait_for(
        self, status: str, *boxes: str, backends: tuple[str, ...] = ("http", "wyoming"), column: str = "status"
    ) -> None:
        """Wait until boxes are UP, DRAIN or DOWN for it; agent_status: until their agents answered so."""
        async with asyncio.timeout(90):
            while True:
                known = await self.servers()
                if all(known[backend, box][column].startswith(status) for backend in backends for box in boxes):
                    return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def balancer(folder: Path, boxes: dict[str, Box]) -> AsyncGenerator[Balancer]:
    """HAProxy on ports of its own. Without one installed the test fails: `apt install haproxy`."""
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    assert program is not None, "these tests need HAProxy: apt install haproxy"
    found = Balancer(None, free_port(), free_port(), folder / "admin.sock")  # type: ignore[arg-type]
    written = folder / "haproxy.cfg"
    written.write_text(_moved(CONFIG.read_text(encoding="utf-8"), boxes, found), encoding="utf-8")
    with found.log.open("wb") as log:
        found.process = await asyncio.create_subprocess_exec(program, "-f", str(written), stdout=log, stderr=log)
    try:
        await wait_for_port(found.http_port)
        async with asyncio.timeout(10):
            while not found.socket.exists():  # noqa: ASYNC110  # it comes a moment after the ports
                await asyncio.sleep(0.01)
        yield found
    finally:
        found.process.terminate()
        await found.process.wait()


def _moved(config: str, boxes: dict[str, Box], found: Balancer) -> str:
    """The same configuration for other addresses, with as many boxes as there are."""
    config = config.replace("/run/haproxy/admin.sock", str(found.socket))
    config = config.replace("bind :10200", f"bind 127.0.0.1:{found.wyoming_port}")
    config = config.replace("bind :8080", f"bind 127.0.0.1:{found.http_port}")
    pairs = list(re.finditer(r"^    (server box1\S* box1:(\d+).*\n)    server box2.*\n", config, re.M))
    assert len(pairs) == 4  # of two backends, with a check and without one
    for pair in pairs:
        lines = "".join(f"    {_server(pair[1], name, box, int(pair[2]))}" for name, box in boxes.items())
        config = config.replace(pair[0], lines)
    ways_back = re.findall(r"^    use-server (\S+) .*\n", config, re.M)
    for name in set(ways_back) - boxes.keys():  # HAProxy does not start with one that leads nowhere
        config = re.sub(rf"^    use-server {name} .*\n", "", config, flags=re.M)
    return config


def _server(template: str, name: str, box: Box, door: int) -> str:
    port = box.wyoming_port if door == 10200 else box.http_port
    moved = template.replace(f"box1:{door}", f"127.0.0.1:{port}").replace("server box1", f"server {name}")
    return moved.replace(" port 8080", f" port {box.http_port}").replace(
        "agent-port 10201", f"agent-port {box.agent_port}"
    )
