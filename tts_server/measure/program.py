"""The daemon measured from outside, as a process of its own: how soon it speaks after its start, and what it takes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from tts_server.errors import TTSError
from tts_server.measure.figures import Figure

WAV_HEADER: Final = 44
READY: Final = re.compile(r"listening: Wyoming on port \d+, HTTP on port (\d+)")
ALONE: Final = {
    "TTS_SERVER__DISCOVERY__ENABLED": "false",
    "TTS_SERVER__CACHE__MODE": "off",
    "TTS_SERVER__LOG__LEVEL": "info",
    "TTS_SERVER__LOG__FORMAT": "text",
}


def measure_program(config: Path | None, texts: Mapping[str, str]) -> list[Figure]:
    """Start the daemon, let each voice (name -> text) speak, and look at both processes. Raises TTSError."""
    figures = []
    started = time.perf_counter()
    with _running(config) as (process, port):
        for number, (voice, text) in enumerate(texts.items()):
            first = _first_audio_at(port, voice, text)
            if not number:
                figures.append(Figure("", "cold start to first audio", first - started, "s"))
            for _ in range(5):
                _first_audio_at(port, voice, text)
        (host,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        figures.append(Figure("", "memory of the daemon", _rss_mib(process.pid), "MiB"))
        figures.append(Figure("", f"memory of the engine host, {len(texts)} voices", _rss_mib(int(host)), "MiB"))
    return figures


@contextmanager
def _running(config: Path | None) -> Iterator[tuple[subprocess.Popen[str], int]]:
    given = ["--config", str(config)] if config else []
    command = [
        sys.executable,
        "-m",
        "tts_server",
        "run",
        "--host",
        "127.0.0.1",
        "--http-port",
        "0",
        "--wyoming-port",
        "0",
    ]
    environment = {**os.environ, **ALONE}
    with subprocess.Popen([*command, *given], env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := READY.search(line):
                    yield process, int(found[1])
                    return
            raise TTSError("the daemon did not start; `tts-server run` tells why")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def _first_audio_at(port: int, voice: str, text: str) -> float:
    """Let it speak to the end; the moment at which the first samples came."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(
        "POST", "/api/tts", json.dumps({"text": text, "voice": voice}), {"Content-Type": "application/json"}
    )
    response = connection.getresponse()
    if response.status != 200:
        raise TTSError(f"the daemon could not speak: {response.read(300)!r}")
    response.read(WAV_HEADER + 2)
    arrived = time.perf_counter()
    response.read()
    connection.close()
    return arrived


def _rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0
