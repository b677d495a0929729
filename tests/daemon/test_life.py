"""The daemon's life under systemd and on the LAN: made ready, reloaded, stopped, killed, and started again."""

import asyncio
import json
import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from wyoming.client import AsyncClient, AsyncTcpClient, AsyncUnixClient
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop
from zeroconf import ServiceStateChange

from tests.support.daemon import ALONE, Daemon, running_daemon
from tests.transports.discovery.test_announcement import browsing
from tests.transports.wyoming.peers import audio_s, kinds

pytestmark = pytest.mark.timeout(60)  # each starts a daemon or two

SENTENCE = "今天天气很好，我们去公园走走吧。"
PROGRAM = (sys.executable, "-m", "tts_server", "run")
ANNOUNCED = {
    "TTS_SERVER__DISCOVERY__ENABLED": "true",
    "TTS_SERVER__DISCOVERY__ADDRESSES": '["127.0.0.1"]',
}


class Manager:
    """A service manager's end of NOTIFY_SOCKET."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.environment = {"NOTIFY_SOCKET": listening.getsockname(), "WATCHDOG_USEC": "2000000"}
        self.told: list[str] = []

    async def until(self, wanted: str) -> str:
        """Read what we are told up to the first that the pattern is found in."""
        try:
            async with asyncio.timeout(15):
                while True:
                    message = (await asyncio.get_running_loop().sock_recv(self._listening, 4096)).decode()
                    self.told.append(message)
                    if re.search(wanted, message):
                        return message
        except TimeoutError:
            raise AssertionError(f"{wanted} did not come, but {self.told}") from None


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield Manager(listening)


async def ask(client: AsyncTcpClient, *texts: str) -> None:
    """Ask for a stream of texts."""
    await client.write_event(SynthesizeStart().event())
    for text in texts:
        await client.write_event(SynthesizeChunk(text=text).event())
    await client.write_event(SynthesizeStop().event())


async def read_until(client: AsyncClient, kind: str) -> list[Event]:
    events: list[Event] = []
    while not events or events[-1].type != kind:
        event = await client.read_event()
        assert event is not None, f"closed before {kind}, after {kinds(events)}"
        events.append(event)
    return events


async def speaks(port: int) -> float:
    """Seconds of speech for one sentence."""
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Synthesize(SENTENCE).event())
        return audio_s(await read_until(client, "audio-stop"))


async def test_systemd_is_told_of_loading_ready_alive_speaking_reloading_and_stopping(manager: Manager) -> None:
    async with running_daemon(environment=manager.environment) as daemon:
        await manager.until("^READY=1")
        assert manager.told[0] == "STATUS=Loading the voices"
        assert "EXTEND_TIMEOUT_USEC=140000000" in manager.told
        await manager.until(r"^STATUS=Ready, \d voices?")
        await manager.until("^WATCHDOG=1")
        async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
            await client.write_event(SynthesizeStart().event())  # its text has not ended
            await manager.until("^STATUS=Speaking 1 text,")
        daemon.process.send_signal(signal.SIGHUP)
        reloading = await manager.until("^RELOADING=1")
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", reloading)
        await manager.until("^READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        await manager.until("^STOPPING=1")
        await manager.until("^STATUS=Stopping")
        assert await daemon.stop() == 0


async def test_the_state_is_told_in_chinese_and_the_log_is_json_when_asked_for(manager: Manager) -> None:
    asked = {"TTS_SERVER__LOG__STATUS_LANGUAGE": "zh", "TTS_SERVER__LOG__FORMAT": "json"}
    async with running_daemon(environment={**manager.environment, **asked}) as daemon:
        await manager.until("^STATUS=就绪，")
        assert manager.told[0] == "STATUS=正在加载音色"
        await speaks(daemon.wyoming_port)
        line = json.loads(await daemon.wait_for_line('"spoke '))
    assert {"time", "level", "logger", "request", "message"} <= line.keys()
    assert line["level"] == "info"
    assert SENTENCE not in line["message"]


async def test_speech_goes_on_while_the_configuration_is_read_again_and_a_mistake_in_it_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[log]\nlevel = "info"\n', encoding="utf-8")
    async with running_daemon("--config", str(path)) as daemon:
        undisturbed = 2 * await speaks(daemon.wyoming_port)
        async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk(text=SENTENCE).event())
            events = await read_until(client, "audio-chunk")
            path.write_text("[limits]\nmax_context_chars = 20\n[voices]\npreload = []\n", encoding="utf-8")
            daemon.process.send_signal(signal.SIGHUP)
            await daemon.wait_for_line(r"changed: .*limits\.max_context_chars")
            await client.write_event(SynthesizeChunk(text=SENTENCE).event())
            await client.write_event(SynthesizeStop().event())
            events += await read_until(client, "synthesize-stopped")
        assert kinds(events) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
        assert audio_s(events) == pytest.approx(undisturbed, abs=0.5)
        await daemon.wait_for_line("take effect at the next start: voices.preload")
        async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
            await client.write_event(Synthesize(SENTENCE * 2).event())
            event = await client.read_event()
        assert event is not None
        assert event.data.get("code") == "text_too_long"
        path.write_text("[limits]\nmax_txt_chars = 5\n", encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.wait_for_line("stays as it is: there is no key limits.max_txt_chars")
        assert await speaks(daemon.wyoming_port) > 1
        assert await daemon.stop() == 0


async def test_at_sigterm_the_lan_hears_of_it_first_and_all_who_are_spoken_to_hear_their_end() -> None:
    name = f"tts-server-term-{os.getpid()}"
    environment = {**ANNOUNCED, "TTS_SERVER__DISCOVERY__NAME": name}
    async with browsing(name) as browser, running_daemon(environment=environment) as daemon:
        await browser.until(ServiceStateChange.Added)
        is_gone = asyncio.Event()
        hearing = asyncio.Barrier(5)
        async with asyncio.TaskGroup() as tasks:
            clients = [tasks.create_task(hear_slowly(daemon, hearing, is_gone)) for _ in range(4)]
            await hearing.wait()
            daemon.process.send_signal(signal.SIGTERM)
            await browser.until(ServiceStateChange.Removed)
            assert not any(client.done() for client in clients)
            is_gone.set()
        for client in clients:
            ends = [kind for kind in client.result() if kind != "error"]  # in time, or told that it was not
            assert ends == ["audio-chunk", "audio-stop", "synthesize-stopped"]
        assert await daemon.stop() == 0


async def hear_slowly(daemon: Daemon, hearing: asyncio.Barrier, go_on: asyncio.Event) -> list[str]:
    """Listen to more than all buffers hold, but stop reading after the first audio until told to go on."""
    async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
        assert client._writer is not None
        client._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        await ask(client, SENTENCE * 6)
        await read_until(client, "audio-chunk")
        client._writer.transport.pause_reading()  # type: ignore[attr-defined]
        await hearing.wait()
        await go_on.wait()
        client._writer.transport.resume_reading()  # type: ignore[attr-defined]
        return kinds(await read_until(client, "synthesize-stopped"))


async def has_ended(process: int) -> None:
    """Wait for the end of a process, however late it is reaped. process: a pidfd, closed then."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(process, ended.set)
    try:
        async with asyncio.timeout(15):
            await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(process)
        os.close(process)


async def test_after_a_kill_nothing_looks_complete_and_it_starts_again_with_nothing_left_over(tmp_path: Path) -> None:
    unix = str(tmp_path / "wyoming")
    environment = {"TTS_SERVER__SERVER__WYOMING_SOCKET": unix}
    async with running_daemon(environment=environment) as daemon:
        ports = ("--wyoming-port", str(daemon.wyoming_port), "--http-port", str(daemon.http_port))
        host = os.pidfd_open(daemon.engine_host_pid())
        client = AsyncTcpClient("127.0.0.1", daemon.wyoming_port)
        await client.connect()
        await client.write_event(SynthesizeStart().event())  # its text has not ended, so its speech has not either
        await client.write_event(SynthesizeChunk(text=SENTENCE).event())
        await read_until(client, "audio-chunk")
        daemon.process.kill()
        with pytest.raises(ConnectionResetError):
            await read_until(client, "synthesize-stopped")
        with pytest.raises(ConnectionResetError):
            await client.disconnect()
        await daemon.process.wait()
    async with running_daemon(*ports, environment=environment) as again:
        assert await speaks(again.wyoming_port) > 1
        async with AsyncUnixClient(unix) as client_of_the_socket:
            await client_of_the_socket.write_event(Synthesize(SENTENCE).event())
            assert audio_s(await read_until(client_of_the_socket, "audio-stop")) > 1
        await has_ended(host)
        with pytest.raises(AssertionError, match="another program listens on it"):
            async with running_daemon(environment=environment, wait_ready=False):
                pass
        assert await again.stop() == 0


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        return first.getsockname()[1], second.getsockname()[1]


async def test_it_starts_on_two_sockets_of_systemd_at_the_first_connection() -> None:
    wyoming, http = free_ports()
    process = await asyncio.create_subprocess_exec(
        *("systemd-socket-activate", "-l", f"127.0.0.1:{wyoming}", "-l", f"127.0.0.1:{http}"),
        *("--fdname=wyoming:http", *(f"--setenv={key}={value}" for key, value in ALONE.items()), *PROGRAM),
        stderr=asyncio.subprocess.PIPE,
    )
    daemon = Daemon(process, wyoming, http)
    try:
        await daemon.wait_for_line("Listening on 127.0.0.1")
        await daemon.wait_for_line(f"Listening on 127.0.0.1:{http}")
        assert await speaks(wyoming) > 1
        await daemon.wait_for_line(f"listening: Wyoming on port {wyoming}, HTTP on port {http}")
        reader, writer = await asyncio.open_connection("127.0.0.1", http)
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
    finally:
        assert await daemon.stop() == 0


async def test_no_client_is_refused_while_it_restarts_on_sockets_that_systemd_holds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as wyoming, socket.create_server(("127.0.0.1", 0)) as http:
        port = wyoming.getsockname()[1]
        first = await activated(wyoming, http)
        assert await speaks(port) > 1
        asyncio.get_running_loop().call_soon(first.process.send_signal, signal.SIGTERM)
        waiting = []
        while first.process.returncode is None:  # one after the other comes while nobody is there
            waiting.append(await asyncio.open_connection("127.0.0.1", port))
            await asyncio.wait([asyncio.create_task(first.process.wait())], timeout=0.05)
        assert await first.stop() == 0
        second = await activated(wyoming, http)
        try:
            for _, writer in waiting:
                writer.close()
            assert waiting
            assert await speaks(port) > 1
        finally:
            assert await second.stop() == 0


async def activated(*sockets: socket.socket, names: str = "wyoming:http", config: Path | None = None) -> Daemon:
    """A daemon started as systemd starts it with sockets."""
    fds = [opened.fileno() for opened in sockets]
    moves = " ".join(f"{3 + number}<&{fd}" for number, fd in enumerate(fds))
    program = shlex.join([*PROGRAM, *(["--config", str(config)] if config else [])])
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", f"LISTEN_PID=$$ LISTEN_FDS={len(fds)} LISTEN_FDNAMES={names} exec {program} {moves}"),
        env={**os.environ, **ALONE},
        pass_fds=fds,
        stderr=asyncio.subprocess.PIPE,
    )
    return Daemon(process)
