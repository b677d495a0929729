"""Where doors listen."""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterable
from typing import Final

from tts_server.errors import PortUnavailable

_EVERYWHERE: Final = ("", "::")
_BACKLOG: Final = 128
_PORT_0_ATTEMPTS: Final = 8  # the port the kernel picks for IPv4 may be in use for IPv6


def listen(host: str, port: int) -> list[socket.socket]:
    """Listening sockets, IPv4 and IPv6 when the host is empty or "::"; all with the same port, also when it is 0.

    Raises PortUnavailable when that is not possible.
    """
    attempts = _PORT_0_ATTEMPTS if port == 0 else 1
    while True:
        attempts -= 1
        try:
            return _listen_on_all(_addresses(host, port))
        except OSError as error:
            if not attempts or error.errno != errno.EADDRINUSE:
                raise PortUnavailable(_explain(host, port, error)) from error


def listen_unix(path: str) -> socket.socket:
    """A listening Unix socket for this user and group. One that a dead process left behind is replaced.

    Raises PortUnavailable.
    """
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        opened.bind(path)
        os.chmod(path, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IWGRP)
        opened.listen(_BACKLOG)
        opened.setblocking(False)
    except OSError as error:
        opened.close()
        raise PortUnavailable(f"cannot listen on the socket {path}: {error.strerror or error}") from error
    return opened


def hosts_of(sockets: Iterable[socket.socket]) -> list[str]:
    """The addresses at which listening sockets answer. An IPv6 one for all may answer IPv4 too, as systemd's do."""
    found: list[str] = []
    for opened in sockets:
        if opened.family == socket.AF_UNIX:
            continue
        host = opened.getsockname()[0]
        found.append(host)
        if host == "::" and not opened.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            found.append("0.0.0.0")
    return found


def _remove_stale(path: str) -> None:
    with contextlib.suppress(FileNotFoundError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file of that name that is no socket")
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        else:
            raise OSError(errno.EADDRINUSE, "another program listens on it")


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str, int]]:
    if host in _EVERYWHERE:
        everywhere = [(socket.AF_INET, "0.0.0.0", port)]
        return [*everywhere, (socket.AF_INET6, "::", port)] if _has_ipv6() else everywhere
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0]), port) for family, _, _, _, address in found))


def _listen_on_all(addresses: Iterable[tuple[socket.AddressFamily, str, int]]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, host, port in addresses:
            same_port = port or (sockets[0].getsockname()[1] if sockets else 0)
            sockets.append(_listen_on(family, host, same_port))
    except BaseException:
        for opened in sockets:
            opened.close()
        raise
    return sockets


def _listen_on(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle's delay off for the connections it accepts.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # start again at once after a stop
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
        opened.setblocking(False)
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


def _has_ipv6() -> bool:
    """Whether this machine can listen on IPv6: compiled in is not switched on."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _explain(host: str, port: int, error: OSError) -> str:
    where = f"cannot listen on host {host or 'any'!r}, port {port}"
    if isinstance(error, socket.gaierror):
        return f"{where}: the host name is not known; use an address of this machine, or none for all"
    match error.errno:
        case errno.EADDRINUSE:
            return f"{where}: another program uses the port; stop it (`ss -ltnp` names it) or choose another port"
        case errno.EADDRNOTAVAIL:
            return f"{where}: this machine has no such address; use one it has, or none for all"
        case errno.EACCES:
            return f"{where}: not allowed; choose a port above 1023"
        case _:
            return f"{where}: {error.strerror}"
