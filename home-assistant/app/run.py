#!/usr/bin/env python3
"""Starts the daemon as an app of Home Assistant: options become settings, the Supervisor is told where Wyoming is."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PROGRAM = os.environ.get("TTS_SERVER_PROGRAM", "/opt/tts-server/bin/tts-server")
OPTIONS = Path(os.environ.get("TTS_SERVER_OPTIONS", "/data/options.json"))
SUPERVISOR = os.environ.get("TTS_SERVER_SUPERVISOR", "http://supervisor")
INGRESS = "172.30.32.2/32"  # the only address that the Supervisor's ingress comes from
WYOMING_PORT = 10200
ASK_EVERY_S, GIVE_UP_S = 1.0, 300.0


def settings(options: dict[str, object]) -> dict[str, str]:
    """Options as variables that the daemon reads; a config.toml of the owner's in the app's folder goes below them."""
    cache_bytes = int(str(options.get("cache_mb", 256))) * 2**20
    wanted: dict[str, object] = {
        "DISCOVERY__ENABLED": False,  # its announcements would not leave the bridge
        "SERVER__TRUSTED_PROXIES": [INGRESS],
        "SERVER__WYOMING_PORT": WYOMING_PORT,
        "VOICES__FOLDER": "/share/tts-server/voices",
        "VOICES__DEFAULT": options.get("default_voice") or "",
        "VOICES__EMOTION": options.get("emotion") or "neutral",
        "VOICES__DISABLED": [] if options.get("heart", True) else ["heart"],
        "NIGHT__ENABLED": bool(options.get("night")),
        "NIGHT__BEGIN": options.get("night_begin") or "22:00",
        "NIGHT__END": options.get("night_end") or "07:00",
        "CACHE__MODE": "disk" if cache_bytes else "off",
        "LOG__LEVEL": options.get("log_level") or "info",
        "LIMITS__GRACE_S": 5,  # the Supervisor waits for 10 s
    }
    if cache_bytes:
        wanted["CACHE__DISK_BYTES"] = cache_bytes
    return {
        f"TTS_SERVER__{key}": value if isinstance(value, str) else json.dumps(value) for key, value in wanted.items()
    }


def announce(daemon: "subprocess.Popen[bytes]") -> None:
    """Tell the Supervisor, once the port answers; Home Assistant then offers the device."""
    given_up_at = time.monotonic() + GIVE_UP_S
    while daemon.poll() is None and time.monotonic() < given_up_at:
        try:
            socket.create_connection(("127.0.0.1", WYOMING_PORT), 1).close()
            uri = f"tcp://{socket.gethostname()}:{WYOMING_PORT}"
            ask("/discovery", {"service": "wyoming", "config": {"uri": uri}})
            print(f"Home Assistant was told of {uri}", flush=True)
            return
        except urllib.error.HTTPError as error:
            if error.code >= 500:  # it is starting itself
                time.sleep(ASK_EVERY_S)
                continue
            print(f"the Supervisor did not take our discovery: {error.code} {error.reason}", flush=True)
            return
        except OSError:
            time.sleep(ASK_EVERY_S)


def ask(path: str, body: dict[str, object]) -> None:
    headers = {
        "Authorization": f"Bearer {os.environ.get('SUPERVISOR_TOKEN', '')}",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(SUPERVISOR + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


def main() -> int:
    options = json.loads(OPTIONS.read_text(encoding="utf-8")) if OPTIONS.is_file() else {}
    daemon = subprocess.Popen([PROGRAM, "run"], env={**os.environ, **settings(options)})
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: daemon.send_signal(received))
    announce(daemon)
    return daemon.wait()


if __name__ == "__main__":
    sys.exit(main())
