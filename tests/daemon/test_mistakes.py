"""A mistake in the configuration: by hand it ends the program; a service tells it, and goes on when it is corrected."""

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from wyoming.client import AsyncTcpClient
from wyoming.info import Describe
from wyoming.tts import Synthesize

from tests.daemon.test_life import Manager, activated, manager, speaks
from tests.support.daemon import ALONE, Daemon

pytestmark = pytest.mark.timeout(60)  # each starts a daemon
__all__ = ["manager"]

PROGRAM = (sys.executable, "-m", "tts_server", "run", "--host", "127.0.0.1")
MISTAKES = {
    "settings": ('[limits]\ngrace = "long"\n', "no key limits.grace"),
    "syntax": ("[limits\n", "is not valid TOML"),
    "tokens": ('[access]\nmode = "token"\ntokens_file = "/no/such/file"\n', "cannot read /no/such/file"),
    "certificate": ('[http]\ntls_cert_file = "/no/cert"\ntls_key_file = "/no/key"\n', "cannot use /no/cert"),
    "engines": ('[engine_host]\nengines = ["harp"]\n', "no engine 'harp' is installed"),
}


async def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    """Status and JSON of a GET."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(body)


@asynccontextmanager
async def service(manager: Manager, config: Path, wyoming: int, http: int) -> AsyncGenerator[Daemon]:
    """A daemon under a service manager, with a configuration file of ours."""
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "--wyoming-port", str(wyoming), "--http-port", str(http), "--config", str(config)),
        env={**os.environ, **ALONE, **manager.environment},
        stderr=asyncio.subprocess.PIPE,
    )
    daemon = Daemon(process, wyoming, http)
    try:
        yield daemon
    finally:
        assert await daemon.stop() == 0


@pytest.fixture
def ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        return first.getsockname()[1], second.getsockname()[1]


@pytest.mark.parametrize("mistake", ["settings", "tokens"])
async def test_by_hand_it_is_one_line_and_exit_code_2(mistake: str, tmp_path: Path) -> None:
    written, told = MISTAKES[mistake]
    config = tmp_path / "config.toml"
    config.write_text(written, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, "--config", str(config), env={**os.environ, **ALONE}, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    assert process.returncode == 2
    assert told in err.decode()
    assert err.count(b"\n") == 1


async def test_a_service_tells_it_at_every_door_and_speaks_when_it_is_corrected(
    manager: Manager, tmp_path: Path, ports: tuple[int, int]
) -> None:
    config = tmp_path / "config.toml"
    written, told = MISTAKES["settings"]
    config.write_text(written, encoding="utf-8")
    async with service(manager, config, *ports) as daemon:
        assert told in await manager.until("^STATUS=The configuration has a mistake")
        await manager.until("^READY=1")
        await manager.until("^WATCHDOG=1")
        status, body = await get(daemon.http_port, "/readyz")
        assert (status, body["error"]["code"]) == (503, "config_invalid")  # type: ignore[index]
        assert told in body["error"]["message"]  # type: ignore[index]
        assert (await get(daemon.http_port, "/healthz"))[0] == 200
        for asked in (Describe().event(), Synthesize("你好。").event()):
            async with AsyncTcpClient("127.0.0.1", daemon.wyoming_port) as client:
                await client.write_event(asked)
                event = await client.read_event()
                assert event is not None
                assert (event.type, event.data["code"]) == ("error", "config_invalid")
                assert await client.read_event() is None  # and it does not wait for more
        for other in ("syntax", "tokens", "certificate", "engines"):
            written, told = MISTAKES[other]
            config.write_text(written, encoding="utf-8")
            assert told in await manager.until("^STATUS=The configuration has a mistake")
        config.write_text("", encoding="utf-8")
        corrected_at = time.monotonic()
        await manager.until(r"^STATUS=Ready, \d voices?")
        assert await speaks(daemon.wyoming_port) > 1
        print(f"speech {time.monotonic() - corrected_at:.1f} s after the file was corrected")  # noqa: T201
        assert (await get(daemon.http_port, "/readyz"))[0] == 200


async def test_ports_that_are_not_those_that_systemd_holds_are_such_a_mistake(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with socket.create_server(("127.0.0.1", 0)) as wyoming, socket.create_server(("127.0.0.1", 0)) as http:
        numbers = [opened.getsockname()[1] for opened in (wyoming, http)]
        config.write_text(f"[server]\nwyoming_port = {numbers[0]}\nhttp_port = 1\n", encoding="utf-8")
        daemon = await activated(wyoming, http, names="tts-server.socket:tts-server.socket", config=config)
        try:
            await daemon.wait_for_line("waits to be corrected: systemd listens on port")
            while (await get(numbers[1], "/readyz"))[0] != 503:
                pass
            config.write_text(f"[server]\nwyoming_port = {numbers[0]}\nhttp_port = {numbers[1]}\n", encoding="utf-8")
            daemon.process.send_signal(signal.SIGHUP)
            await daemon.wait_for_line("the configuration was corrected")
            assert await speaks(numbers[0]) > 1
        finally:
            assert await daemon.stop() == 0


async def test_a_port_that_is_taken_ends_a_service_with_exit_code_2(manager: Manager, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(MISTAKES["settings"][0], encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "--http-port", str(taken.getsockname()[1]), "--wyoming-port", "0", "--config", str(config)),
            env={**os.environ, **ALONE, **manager.environment},
            stderr=asyncio.subprocess.PIPE,
        )
        _, err = await process.communicate()
    assert process.returncode == 2, shlex.join(PROGRAM)
    assert "another program uses the port" in err.decode()


async def test_a_reload_tells_that_tokens_have_changed(
    manager: Manager, tmp_path: Path, ports: tuple[int, int]
) -> None:
    tokens, config = tmp_path / "tokens", tmp_path / "config.toml"
    tokens.write_text("kitchen 0123456789abcdef\n", encoding="utf-8")
    tokens.chmod(0o600)
    config.write_text(f'[access]\nmode = "token"\ntokens_file = "{tokens}"\n', encoding="utf-8")
    async with service(manager, config, *ports) as daemon:
        await manager.until("^READY=1")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.wait_for_line("was read again; changed: nothing")
        tokens.write_text("kitchen fedcba9876543210\n", encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.wait_for_line("was read again; changed: access: the tokens$")


async def test_a_reload_tells_that_a_credential_waits_for_a_restart(
    manager: Manager, tmp_path: Path, ports: tuple[int, int]
) -> None:
    (tmp_path / "tokens").write_text("kitchen 0123456789abcdef\n", encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text('[access]\nmode = "token"\n', encoding="utf-8")
    manager.environment["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    async with service(manager, config, *ports) as daemon:
        await manager.until("^READY=1")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.wait_for_line("systemd's credentials are those of the start; others need a restart")
