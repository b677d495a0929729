"""Two real daemons behind Debian's HAProxy with the configuration of `deploy`, and its clients at every door."""

import asyncio
import shlex
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from wyoming.audio import AudioChunk, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.tts import Synthesize

from protocol.client import Chunk, TtsClient
from tests.deploy.balancer import Balancer, Box, balancer
from tests.shared.valkey import free_port
from tests.support.daemon import ALONE, Daemon, running_daemon

ROOT = Path(__file__).parents[2]
TEXT = "今天天气不错。"
BEHIND = {
    "TTS_SERVER__SERVER__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    "TTS_SERVER__LIMITS__LEAVE_S": "3",
    "TTS_SERVER__VOICES__DISABLED": '["heart"]',
}


@dataclass
class House:
    """Boxes and what stands before them."""

    balancer: Balancer
    daemons: dict[str, Daemon]


@asynccontextmanager
async def box(
    environment: Mapping[str, str], python: str | Path = sys.executable
) -> AsyncGenerator[tuple[Daemon, Box]]:
    """A daemon behind a balancer."""
    wanted = Box(free_port(), free_port(), free_port())
    environment = {**BEHIND, **environment, "TTS_SERVER__SERVER__AGENT_PORT": str(wanted.agent_port)}
    where = ("--wyoming-port", str(wanted.wyoming_port), "--http-port", str(wanted.http_port))
    async with running_daemon(*where, environment=environment, python=python) as daemon, asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read_log(daemon))  # or it would fill the pipe
        yield daemon, wanted
        reading.cancel()


async def read_log(daemon: Daemon) -> None:
    assert daemon.process.stderr is not None
    while line := await daemon.process.stderr.readline():
        daemon.log.append(line.decode().rstrip())


@asynccontextmanager
async def house(folder: Path, **of_the_first: str) -> AsyncGenerator[House]:
    """Two boxes and the balancer. of_the_first: settings of one of them only."""
    async with AsyncExitStack() as stack:
        settings = {
            name: {"TTS_SERVER__SERVER__NODE": name, **own} for name, own in (("box1", of_the_first), ("box2", {}))
        }
        found = {name: await stack.enter_async_context(box(own)) for name, own in settings.items()}
        before = await stack.enter_async_context(balancer(folder, {name: ports for name, (_, ports) in found.items()}))
        await before.wait_for("UP", "box1", "box2")
        yield House(before, {name: daemon for name, (daemon, _) in found.items()})


@dataclass
class RestartedBox:
    """A daemon that a command of the shell can restart, as systemd would."""

    name: str
    folder: Path  # for its state and its process id
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: Box = field(default_factory=lambda: Box(free_port(), free_port(), free_port()))

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    @property
    def start_command(self) -> str:
        """Starts it behind the shell's back."""
        settings = {
            **ALONE,
            **BEHIND,
            "TTS_SERVER__SERVER__NODE": self.name,
            "TTS_SERVER__SERVER__AGENT_PORT": str(self.ports.agent_port),
            "STATE_DIRECTORY": str(self.folder / self.name),
            **self.environment,
        }
        told = " ".join(f"{key}={shlex.quote(value)}" for key, value in settings.items())
        where = f"--wyoming-port {self.ports.wyoming_port} --http-port {self.ports.http_port}"
        run = f"{sys.executable} -m tts_server run --host 127.0.0.1 {where}"
        return f"cd {ROOT}; env {told} {run} >/dev/null 2>{self.folder / self.name}.log & echo $! >{self._pid_file}"

    @property
    def restart_command(self) -> str:
        """Stops it, waits for its end, and starts it."""
        pid = f"$(cat {self._pid_file})"
        return f"kill -TERM {pid}; tail --pid={pid} -f /dev/null; {self.start_command}"

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["RestartedBox"]:
        """It is, whoever restarts it, until the end."""
        await self._shell(self.start_command)
        try:
            yield self
        finally:
            pid = self._pid_file.read_text().strip()
            await self._shell(f"kill -TERM {pid}; tail --pid={pid} -f /dev/null")

    async def _shell(self, command: str) -> None:
        process = await asyncio.create_subprocess_shell(command)
        await process.wait()


async def over_http(house: House, text: str = TEXT) -> bytes:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{house.balancer.http_port}", timeout=30) as client:
        answer = await client.post("/api/tts", json={"text": text})
    assert answer.status_code == 200, answer.text
    return answer.content[44:]


async def over_websocket(house: House, text: str = TEXT) -> bytes:
    async with TtsClient(f"ws://127.0.0.1:{house.balancer.http_port}") as tts, tts.open(flow="none") as speech:
        await speech.say_all(text)
        return b"".join([event.pcm async for event in speech if isinstance(event, Chunk)])


async def over_wyoming(house: House, text: str = TEXT) -> bytes:
    pcm = b""
    async with AsyncTcpClient("127.0.0.1", house.balancer.wyoming_port) as client:
        await client.write_event(Synthesize(text=text).event())
        while (event := await client.read_event()) is not None:
            if AudioStop.is_type(event.type):
                return pcm
            assert event.type != "error", event.data
            if AudioChunk.is_type(event.type):
                pcm += AudioChunk.from_event(event).audio
    raise ConnectionError("the speech has no end")


DOORS = (over_http, over_websocket, over_wyoming)
