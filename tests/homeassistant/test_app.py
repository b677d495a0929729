"""The app (add-on): its papers as the Supervisor reads them, and its start script against a stand-in of the Supervisor.

Written from the developer documents; a real Supervisor has not taken it yet.
"""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.lockfile import ROOT
from tests.support.core import Core
from tests.support.http_door import open_door, send_raw
from tests.transports.http.test_places import get
from tests.transports.test_proxies import HERE
from tts_server.config.settings import load
from tts_server.transports.http.settings import HttpSettings

APP = ROOT / "home-assistant/app"
CONFIG: dict[str, Any] = yaml.safe_load((APP / "config.yaml").read_text(encoding="utf-8"))
KNOWN_KEYS = {  # of the developer documents, as far as they are used
    *("name", "version", "slug", "description", "arch", "startup", "boot", "discovery", "host_network"),
    *("ports", "ports_description", "ingress", "ingress_port", "panel_icon", "watchdog", "hassio_api", "map"),
    *("backup_exclude", "options", "schema"),
}
TYPES = re.compile(r"^(str|bool|int(\(\d*,\d*\))?|float|port|match\(.+\)|list\([^)]+\))\??$")


def test_the_papers_hold_what_the_supervisor_wants_and_nothing_unknown() -> None:
    assert set(CONFIG) <= KNOWN_KEYS
    assert {"name", "version", "slug", "description", "arch"} <= set(CONFIG)
    assert re.fullmatch(r"[a-z0-9_]+", CONFIG["slug"])
    assert set(CONFIG["arch"]) <= {"amd64", "aarch64"}
    assert CONFIG["startup"] in ("initialize", "system", "services", "application", "once")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert CONFIG["version"] == project["version"]
    repository = yaml.safe_load((ROOT / "home-assistant/repository.yaml").read_text(encoding="utf-8"))
    assert "name" in repository


def test_every_option_has_a_type_a_default_and_a_name_in_both_languages() -> None:
    assert set(CONFIG["options"]) == set(CONFIG["schema"])
    assert all(TYPES.match(kind) for kind in CONFIG["schema"].values())
    for language in ("en", "zh-Hans"):
        told = yaml.safe_load((APP / f"translations/{language}.yaml").read_text(encoding="utf-8"))
        assert set(told["configuration"]) == set(CONFIG["options"])
        assert all({"name", "description"} <= set(text) for text in told["configuration"].values())
        assert set(told["network"]) == set(CONFIG["ports"])


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_the_pictures_have_the_size_that_is_asked_for(name: str, size: tuple[int, int]) -> None:
    assert struct.unpack_from("!II", (APP / name).read_bytes(), 16) == size


def test_an_app_is_put_together_with_all_that_its_build_copies(tmp_path: Path) -> None:
    subprocess.run(["bash", str(ROOT / "home-assistant/assemble.sh"), str(tmp_path)], check=True, capture_output=True)
    app = tmp_path / "tts_server"
    assert (tmp_path / "repository.yaml").is_file()
    for name in (
        "config.yaml",
        "Dockerfile",
        "run.py",
        "DOCS.md",
        "CHANGELOG.md",
        "icon.png",
        "source/systemd/slim.sh",
    ):
        assert (app / name).is_file(), name
    for copied in re.findall(r"^COPY ([a-z]\S*)", (APP / "Dockerfile").read_text(encoding="utf-8"), re.M):
        assert (app / copied).exists(), copied


def test_the_start_script_is_run_by_dockers_init_and_not_by_that_of_the_base() -> None:
    """The base's (s6-overlay 3) keeps the container's variables from a CMD: token and folders would be missing."""
    image = (APP / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert re.findall(r"^(ENTRYPOINT|CMD) (.*)$", image, re.M) == [
        ("ENTRYPOINT", '["python3", "/run.py"]'),
        ("CMD", "[]"),
    ]
    assert CONFIG.get("init", True)


def test_voices_are_compiled_and_the_compiler_stays_behind() -> None:
    build, _, image = (APP / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")
    assert re.search(r"\bgcc\b.*\bCOPY source\b.*install\.sh program", build, re.S)
    assert "gcc" not in image
    assert "COPY --from=build /opt/tts-server " in image


class Supervisor(BaseHTTPRequestHandler):
    """Takes a discovery, as the real one does: a token, a known service, a configuration."""

    asked: list[tuple[str, str, dict[str, Any]]]
    is_awake: bool

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not type(self).is_awake:  # as while it starts itself
            type(self).is_awake = True
            self.send_error(503)
            return
        type(self).asked.append((self.path, self.headers["Authorization"], body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"result": "ok", "data": {"uuid": "1"}}')

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def supervisor() -> Iterator[str]:
    Supervisor.asked, Supervisor.is_awake = [], False
    with HTTPServer(("127.0.0.1", 0), Supervisor) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.timeout(90)
def test_it_starts_with_its_options_tells_the_supervisor_and_stops(supervisor: str, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text(json.dumps({**CONFIG["options"], "heart": False}), encoding="utf-8")
    program = tmp_path / "tts-server"
    program.write_text(
        f'#!/bin/sh\nexport TTS_SERVER__VOICES__FOLDER={tmp_path}/voices\nexec {sys.executable} -m tts_server "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        http_port = free.getsockname()[1]
    environment = {
        "TTS_SERVER_PROGRAM": str(program),
        "TTS_SERVER_OPTIONS": str(tmp_path / "options.json"),
        "TTS_SERVER_SUPERVISOR": supervisor,
        "SUPERVISOR_TOKEN": "s3cret",
        "STATE_DIRECTORY": str(tmp_path),
        "CACHE_DIRECTORY": str(tmp_path / "cache"),
        "TTS_SERVER__SERVER__HTTP_PORT": str(http_port),
        "TTS_SERVER__SERVER__HOST": "127.0.0.1",
    }
    command = [sys.executable, str(APP / "run.py")]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as app:
        assert app.stdout is not None
        log = []
        for line in app.stdout:
            log.append(line)
            if any("engine host ready" in each for each in log) and any("was told" in each for each in log):
                break
        app.send_signal(signal.SIGTERM)
        app.stdout.read()
    assert app.returncode == 0
    assert "voices: baker" in "".join(log)
    assert "heart" not in "".join(log)
    uri = f"tcp://{socket.gethostname()}:10200"
    assert Supervisor.asked == [
        ("/discovery", "Bearer s3cret", {"service": "wyoming", "config": {"uri": uri}}),
    ]


def test_every_option_becomes_a_setting_that_the_daemon_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = f"runpy.run_path({str(APP / 'run.py')!r})['settings']"
    code = f"import json, runpy; print(json.dumps({settings}(json.load(open(0)))))"
    given = {**CONFIG["options"], "night": True, "night_begin": "21:30", "emotion": "auto", "cache_mb": 64}
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    for name, value in json.loads(done.stdout).items():
        monkeypatch.setenv(name, value)
    config = load({})
    assert (config.night.enabled, str(config.night.begin), config.voices.emotion) == (True, "21:30:00", "auto")
    assert config.cache.disk_bytes == 64 * 2**20
    assert not config.discovery.enabled


async def test_the_page_is_reached_by_ingress_under_any_name_and_by_nobody_else(core: Core) -> None:
    asked = get(
        "/api/voices",
        *("Connection: close", "X-Ingress-Path: /api/hassio_ingress/abc", "X-Forwarded-For: 8.8.8.8"),
        "Origin: https://house.example",
    ).replace(b"Host: localhost", b"Host: house.example")
    async with open_door(core, HttpSettings(trusted_proxies=HERE)) as door:
        assert (await send_raw(door.port, asked)).startswith(b"HTTP/1.1 200")
    async with open_door(core) as door:
        assert (await send_raw(door.port, asked)).startswith(b"HTTP/1.1 403")
