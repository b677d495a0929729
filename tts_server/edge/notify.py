"""What we tell systemd: ready, reloading, stopping, one line of state, and that we are alive (sd_notify(3)).

Own lines instead of a library: those at hand hide every error, encode in Latin-1, or need a compiler.
"""

import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

log = logging.getLogger(__name__)

_ADDRESS: Final = "NOTIFY_SOCKET"
_WATCHDOG: Final = ("WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """Tells the service manager. Without one, every call does nothing."""

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self._address = "\0" + address[1:] if address and address.startswith("@") else address
        self.watchdog_s = watchdog_s  # we are killed when no `alive` came for so long; None: nobody watches
        self._status = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Notifier":
        """The service manager that started this process, if it was one."""
        found = os.environ if environment is None else environment
        address = found.get(_ADDRESS)
        return cls(address, _watchdog_s(found) if address else None)

    @property
    def is_managed(self) -> bool:
        """Whether a service manager started us."""
        return self._address is not None

    def ready(self) -> None:
        """Started, or reloaded: requests are answered."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; sent when it is another one than before."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` follows."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def extend_timeout(self, seconds: float) -> None:
        """Starting, or stopping, may take so long from now on."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def alive(self) -> None:
        """Puts off the watchdog for another `watchdog_s`."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            ) as sender:
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            log.warning("systemd was not told %s: %s", message.partition("=")[0], error)


def forget_environment() -> None:
    """Take systemd's variables out of the environment, so that no child process takes itself for the service."""
    for name in (_ADDRESS, *_WATCHDOG):
        os.environ.pop(name, None)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    pid = environment.get("WATCHDOG_PID")
    try:
        microseconds = int(environment.get("WATCHDOG_USEC", "0"))
        is_ours = pid is None or int(pid) == os.getpid()
    except ValueError:
        return None
    return microseconds / 1e6 if is_ours and microseconds > 0 else None
