"""The engine host on a link of the test's own: what becomes of it when the daemon goes in mid-speech."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.engine_host.test_link import segment
from tests.transports.wyoming.engines import DIARY_ENGINES
from tts_server.engine_host import framing, wire


def settings(diary: Path) -> framing.Message:
    return {
        "type": "configure",
        "engines": DIARY_ENGINES,
        "engine_settings": {"diary": {"diary": str(diary)}},
        "default_voice": "diary",
        "disabled_voices": [],
        "preload": [],
        "loudness_lufs": None,
        "loudness_file": "",
        "max_memory_mb": 0,
        "threads": 1,
        "dictionary": {},
        "log_level": "info",
        "log_format": "auto",
    }


def test_a_chunk_that_meets_a_broken_pipe_costs_no_thread_and_no_traceback(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    os.mkfifo(tmp_path / "diary")
    command = [sys.executable, "-m", "tts_server.engine_host.host", str(theirs.fileno())]
    with (  # the link closes before the host is waited for
        subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE, text=True) as host,
        os.fdopen(os.open(tmp_path / "diary", os.O_RDWR), "rb", buffering=0) as diary,
        ours,
        ours.makefile("rb") as answers,
    ):
        theirs.close()
        ours.sendall(framing.encode(settings(tmp_path / "diary")))
        while (received := framing.read(answers)) is not None and received[0]["type"] != "ready":
            pass
        ours.shutdown(socket.SHUT_RD)  # from here on whatever the host sends meets a broken pipe
        opened = {"type": "open", "id": 1, "voice": "diary", "segment": wire.segment_to_json(segment())}
        ours.sendall(framing.encode(opened) + framing.encode({"type": "next", "id": 1, "wanted_s": 0.1}))
        assert diary.readline() == b"chunk\n"
        ours.sendall(framing.encode({"type": "close", "id": 1}))
        assert diary.readline() == b"stopped\n"  # the thread lives
        ours.shutdown(socket.SHUT_WR)
        _, said = host.communicate(timeout=15)
    assert host.returncode == 0
    assert "Traceback" not in said
