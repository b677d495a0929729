"""The real nginx and HAProxy, set up word for word as docs/OPERATIONS.md says, in front of a real daemon."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from tests.support.daemon import Daemon, log_read, running_daemon
from tests.test_readme import ROOT

PAPERS = ("docs/OPERATIONS.md", "docs/OPERATIONS.zh-CN.md")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # where Debian has them
PROXIES = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name, path=PATH) is None, reason=f"{name} is missing"))
    for name in ("nginx", "haproxy")
]
CLIENT = "127.0.0.5"  # whom the daemon must know behind the proxy
SENTENCE = "今天天气很好，我们出去走走吧。"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Proxied:
    """A daemon, and the proxy's ports before it."""

    daemon: Daemon
    port: int
    wyoming_port: int
    status: Path | None  # HAProxy's own socket

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[httpx.AsyncClient]:
        """One that comes from CLIENT."""
        transport = httpx.AsyncHTTPTransport(local_address=CLIENT)
        url = f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(base_url=url, transport=transport, timeout=15) as opened:
            yield opened

    async def logged(self, pattern: str) -> None:
        """Wait for a line of the daemon's."""
        async with asyncio.timeout(10):
            while not any(re.search(pattern, line) for line in self.daemon.log):  # noqa: ASYNC110 - the log is no event
                await asyncio.sleep(0.05)


def documented(language: str, paper: str = PAPERS[0]) -> str:
    """The block of the papers."""
    [block] = re.findall(rf"```{language}\n(.*?)```", (ROOT / paper).read_text(encoding="utf-8"), re.DOTALL)
    return str(block)


def documented_map() -> str:
    """What stands beside `server`."""
    [found] = re.findall(r"`(map \$http_upgrade .*?\})`", (ROOT / PAPERS[0]).read_text(encoding="utf-8"))
    return str(found)


def nginx(folder: Path, daemon: Daemon, port: int) -> tuple[str, list[str]]:
    """Its configuration, and its command."""
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if os.geteuid() == 0 else ""
    snippet = documented("nginx").replace("127.0.0.1:8080", f"127.0.0.1:{daemon.http_port}")
    text = f"""
        daemon off; {user} worker_processes 1; pid {folder}/pid; error_log stderr;
        events {{ worker_connections 64; }}
        http {{
            access_log off; client_body_temp_path {folder}/body; {places}
            {documented_map()}
            server {{ listen 127.0.0.1:{port}; {snippet} }}
        }}
    """
    return text, ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "conf")]


def haproxy(folder: Path, daemon: Daemon, port: int, wyoming_port: int) -> tuple[str, list[str]]:
    """Its configuration, and its command."""
    snippet = documented("haproxy").replace("127.0.0.1:8080", f"127.0.0.1:{daemon.http_port}")
    text = f"""
global
    stats socket {folder}/status mode 600
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
frontend door
    bind 127.0.0.1:{port}
    default_backend voice
{snippet}
listen wyoming
    mode tcp
    bind 127.0.0.1:{wyoming_port}
    server box 127.0.0.1:{daemon.wyoming_port} send-proxy-v2
"""
    return text, ["haproxy", "-db", "-f", str(folder / "conf")]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def daemon() -> AsyncIterator[Daemon]:
    """A daemon that trusts what is on its own address, as the papers say."""
    trusting = {"TTS_SERVER__SERVER__TRUSTED_PROXIES": '["127.0.0.1/32", "::1/128"]'}
    async with running_daemon(environment=trusting) as running, log_read(running):
        yield running


@pytest_asyncio.fixture(loop_scope="module", params=PROXIES)
async def proxied(request: pytest.FixtureRequest, daemon: Daemon, tmp_path: Path) -> AsyncIterator[Proxied]:
    """The daemon behind a proxy."""
    name = str(request.param)
    port, wyoming_port = free_port(), free_port()
    if name == "nginx":
        text, command = nginx(tmp_path, daemon, port)
    else:
        text, command = haproxy(tmp_path, daemon, port, wyoming_port)
    (tmp_path / "conf").write_text(text, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, "PATH": PATH})
    try:
        await listening(port)
        yield Proxied(daemon, port, wyoming_port, tmp_path / "status" if name == "haproxy" else None)
    finally:
        process.terminate()
        await process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def listening(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the proxy does not listen")


async def test_both_languages_say_the_same(daemon: Daemon) -> None:
    for language in ("nginx", "haproxy"):
        lines = [re.sub(r"\s+#.*", "", documented(language, paper)) for paper in PAPERS]
        assert lines[0] == lines[1]


async def test_speech_is_streamed_whole_and_the_client_is_known(proxied: Proxied) -> None:
    body = {"text": SENTENCE, "format": "pcm"}
    async with proxied.client() as client:
        answer = await client.post("/api/tts", json=body)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["cache-control"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{proxied.daemon.http_port}") as direct:
        assert (await direct.post("/api/tts", json=body)).content == answer.content
    await proxied.logged(rf"POST /api/tts 200 .* for {re.escape(CLIENT)} ")


async def test_a_client_that_leaves_is_noticed_behind_it(proxied: Proxied) -> None:
    before = len(proxied.daemon.log)
    body = {"text": SENTENCE * 100, "format": "pcm"}
    async with proxied.client() as client, client.stream("POST", "/api/tts", json=body) as answer:
        # Less than what is made: nothing is held back until the whole is there.
        await anext(answer.aiter_bytes(4096))
        assert not any("chars=1500" in line for line in proxied.daemon.log[before:])
    await proxied.logged(r"spoke .*chars=1500 .*end=cancelled")


async def test_a_speech_that_breaks_off_does_not_look_like_a_whole_one(proxied: Proxied) -> None:
    async def listen(client: httpx.AsyncClient) -> None:
        async with client.stream("POST", "/api/tts", json={"text": SENTENCE * 100, "format": "pcm"}) as answer:
            assert answer.status_code == 200
            killed: set[int] = set()
            async for _ in answer.aiter_bytes(4096):
                with contextlib.suppress(IndexError):  # the next host is not there yet
                    if (pid := proxied.daemon.engine_host_pid()) not in killed:
                        os.kill(pid, 9)  # between two sentences nothing breaks off: the next host says the rest
                        killed.add(pid)

    ready = sum("engine host ready" in line for line in proxied.daemon.log)
    async with proxied.client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await listen(client)
    async with asyncio.timeout(15):
        while sum("engine host ready" in line for line in proxied.daemon.log) == ready:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_the_websocket_and_its_barge_in_pass(proxied: Proxied) -> None:
    url = f"ws://127.0.0.1:{proxied.port}/ws/v1"
    async with connect(url, subprotocols=["tts-stream.v1"], proxy=None) as client:  # type: ignore[list-item]
        await client.send(json.dumps({"type": "text", "text": SENTENCE * 20, "end": True}))
        async with asyncio.timeout(10):
            while not isinstance(await client.recv(), bytes):
                pass
            await client.send(json.dumps({"type": "cancel"}))
            while isinstance(message := await client.recv(), bytes) or json.loads(message)["type"] != "done":
                pass
        assert json.loads(message)["reason"] == "cancelled"


@pytest.mark.parametrize("proxied", PROXIES[1:], indirect=True)
async def test_haproxy_finds_the_box_well_and_hands_wyoming_on(proxied: Proxied) -> None:
    assert proxied.status is not None
    async with asyncio.timeout(10):
        while "L7OK" not in await state_of(proxied.status):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxied.wyoming_port, local_addr=(CLIENT, 0))
    writer.write(b'{"type": "describe"}\n')
    async with asyncio.timeout(10):
        assert json.loads(await reader.readline())["type"] == "info"
    writer.close()


async def state_of(status: Path) -> str:
    """What HAProxy tells of its servers."""
    reader, writer = await asyncio.open_unix_connection(status)
    writer.write(b"show stat\n")
    told = (await reader.read()).decode()
    writer.close()
    return told
