"""Real daemons of ours, and a core of Home Assistant that they are added to. Runs on Home Assistant's Python."""

import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_component  # noqa: F401 - what tts stands on, before sockets are watched
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

COMMAND = os.environ.get("TTS_SERVER", "tts-server")
LISTENING = re.compile(r"HTTP on port (\d+)")


class Daemon:
    """A `tts-server run` on loopback."""

    def __init__(self, state: Path, port: int = 0, **environment: str) -> None:
        command = [COMMAND, "run", "--host", "127.0.0.1", "--http-port", str(port), "--wyoming-port", "0"]
        alone = {
            "TTS_SERVER__DISCOVERY__ENABLED": "false",
            "TTS_SERVER__HTTP__EDIT": "true",
            "TTS_SERVER__CACHE__MODE": "off",
            "XDG_STATE_HOME": str(state),
        }
        self.log: list[str] = []
        self.port = port
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, **alone, **environment}
        )
        self._ready = threading.Event()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def wait_ready(self) -> None:
        """Until it can speak."""
        assert self._ready.wait(100), self.log
        self.port = next(int(found[1]) for line in self.log if (found := LISTENING.search(line)))

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            if "engine host ready" in line:
                self._ready.set()

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()

    def stop(self) -> None:
        """End it, unless it has."""
        self._process.terminate()
        self._process.wait(30)
        self._reading.join()
        if self._process.stderr is not None:
            self._process.stderr.close()


Start = Callable[..., Daemon]


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all checks that leave it as it was."""
    started = Daemon(tmp_path_factory.mktemp("state"))
    try:
        started.wait_ready()
        yield started
    finally:
        started.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Daemons of a check's own."""
    started: list[Daemon] = []

    def begin(port: int = 0, **environment: str) -> Daemon:
        started.append(Daemon(tmp_path, port, **environment))
        started[-1].wait_ready()
        return started[-1]

    yield begin
    for one in started:
        one.stop()


@pytest.fixture(autouse=True)
async def house(
    hass: HomeAssistant, enable_custom_integrations: None, socket_enabled: None, tmp_path: Path
) -> HomeAssistant:
    """A core with what a voice stands on."""
    hass.config.media_dirs = {"local": str(tmp_path)}
    for needed in ("homeassistant", "http", "media_source", "ffmpeg", "tts"):
        assert await async_setup_component(hass, needed, {})
    return hass


@pytest.fixture
def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def add(hass: HomeAssistant, port: int, **more: object) -> MockConfigEntry:
    """A config entry for the daemon on a port, set up."""
    options = more.pop("options", {})
    entry = MockConfigEntry(
        domain="tts_server",
        title="tts-server",
        unique_id="tts-server-0123abcd",
        data={CONF_HOST: "127.0.0.1", CONF_PORT: port, **more},
        options=options,
    )
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def added(hass: HomeAssistant, port: int, **more: object) -> MockConfigEntry:
    """As `add`; it must have gone well."""
    entry = await add(hass, port, **more)
    assert entry.state is ConfigEntryState.LOADED, entry.reason
    return entry
