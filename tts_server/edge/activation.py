"""Sockets that systemd opened for us before we started (sd_listen_fds(3)): no client is refused while we restart."""

import os
import socket
from collections.abc import Mapping, MutableMapping
from typing import Final

from tts_server.errors import PortUnavailable

WYOMING: Final = "wyoming"
HTTP: Final = "http"
NAMES: Final = (WYOMING, HTTP)
_FIRST_FD: Final = 3
_VARIABLES: Final = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def take_sockets(
    ports: Mapping[int, str], environment: MutableMapping[str, str] | None = None
) -> dict[str, list[socket.socket]]:
    """The listening sockets we were given, by name; clears the variables that tell of them.

    ports: the name of a socket whose FileDescriptorName= is none of ours. Raises PortUnavailable for one that no door
    can use.
    """
    found = os.environ if environment is None else environment
    pid, count, names = (found.pop(name, "") for name in _VARIABLES)
    if pid != str(os.getpid()) or not count.isdecimal():
        return {}
    fds = range(_FIRST_FD, _FIRST_FD + int(count))
    given: dict[str, list[socket.socket]] = {}
    for fd, name in zip(fds, [*names.split(":"), *[""] * len(fds)], strict=False):
        opened = _listening(fd, name)
        given.setdefault(name if name in NAMES else _by_port(opened, ports), []).append(opened)
    return given


def _by_port(opened: socket.socket, ports: Mapping[int, str]) -> str:
    port = int(opened.getsockname()[1]) if opened.family != socket.AF_UNIX else 0
    if name := ports.get(port):
        return name
    raise PortUnavailable(
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
