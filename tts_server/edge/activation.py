"""Sockets that systemd opened for us before we started (sd_listen_fds(3)): no client is refused while we restart."""

import os
import socket
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Final

from tts_server.errors import ConfigInvalid, PortUnavailable

WYOMING: Final = "wyoming"
HTTP: Final = "http"
NAMES: Final = (WYOMING, HTTP)
_FIRST_FD: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


Named = tuple[str, socket.socket]  # by FileDescriptorName=, which is the unit's name by default


def take_sockets(environment: MutableMapping[str, str] | None = None) -> list[Named]:
    """The listening sockets we were given; clears the variables that tell of them.

    Raises PortUnavailable for one that no door can use.
    """
    found = os.environ if environment is None else environment
    pid, count, names = (found.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    fds = range(_FIRST_FD, _FIRST_FD + int(count))
    return [(name, _listening(fd, name)) for fd, name in zip(fds, [*names.split(":"), *[""] * len(fds)], strict=False)]


def by_door(given: Sequence[Named], ports: Mapping[int, str]) -> dict[str, list[socket.socket]]:
    """Which door each socket is for. ports: the door of a socket whose name is none of ours. Raises ConfigInvalid."""
    doors: dict[str, list[socket.socket]] = {}
    for name, opened in given:
        doors.setdefault(name if name in NAMES else _by_port(opened, ports), []).append(opened)
    return doors


def _by_port(opened: socket.socket, ports: Mapping[int, str]) -> str:
    port = int(opened.getsockname()[1]) if opened.family != socket.AF_UNIX else 0
    if name := ports.get(port):
        return name
    raise ConfigInvalid(
        f"systemd listens on port {port}, which is none of ours ({', '.join(map(str, ports))}); "
        "change the socket unit or the configuration, or name the socket by FileDescriptorName="
    )


def _listening(fd: int, name: str) -> socket.socket:
    try:
        opened = socket.socket(fileno=fd)
    except OSError as error:
        raise PortUnavailable(f"systemd's socket {name!r} cannot be used: {error.strerror}") from error
    if opened.type != socket.SOCK_STREAM or not opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        opened.close()
        raise PortUnavailable(f"systemd's socket {name!r} does not listen; use ListenStream= in the socket unit")
    opened.set_inheritable(False)
    opened.setblocking(False)
    return opened
