"""The sockets of the doors: those that systemd holds for us, else our own."""

from collections.abc import Sequence
from dataclasses import dataclass
from socket import socket
from typing import Final

from tts_server.config.settings import Config
from tts_server.edge.activation import HTTP, WYOMING, Named, by_door, take_sockets
from tts_server.errors import ConfigInvalid
from tts_server.transports.listening import listen, listen_unix

_BY_DEFAULT: Final = {10200: WYOMING, 8080: HTTP}  # as the socket unit has them


@dataclass(frozen=True, slots=True)
class Sockets:
    """Listening, for each door."""

    wyoming: Sequence[socket]
    http: Sequence[socket]
    agent: Sequence[socket] = ()


class Ports:
    """What is listened on, whatever the configuration becomes."""

    def __init__(self) -> None:
        """Raises PortUnavailable for a socket that no door can use."""
        self._given = take_sockets()

    @property
    def are_given(self) -> bool:
        """Whether systemd holds them: then a client waits while nobody answers."""
        return bool(self._given)

    def check(self, config: Config) -> None:
        """Raise ConfigInvalid when a socket that we were given is for no door of the configuration."""
        by_door(self._given, _doors(config))

    def open(self, config: Config) -> Sockets:
        """Where the configuration says. Raises ConfigInvalid, PortUnavailable."""
        return _opened(by_door(self._given, _doors(config)), config)

    def open_anyhow(self, config: Config) -> Sockets:
        """For a while, with a configuration that may not fit: copies, so that closing them closes nothing for good.

        Raises PortUnavailable.
        """
        copies = [(name, opened.dup()) for name, opened in self._given]
        for _, copy in copies:
            copy.setblocking(False)
        return _opened(_doors_of(copies, config), config)


def _doors(config: Config) -> dict[int, str]:
    return {config.server.wyoming_port: WYOMING, config.server.http_port: HTTP}


def _doors_of(given: Sequence[Named], config: Config) -> dict[str, list[socket]]:
    for ports in (_doors(config), _BY_DEFAULT):
        try:
            return by_door(given, ports)
        except ConfigInvalid:
            continue
    seen = dict.fromkeys(_port(opened) for _, opened in given)  # in the order of the socket unit
    order = dict(zip(seen, (WYOMING, HTTP), strict=False))
    return by_door([(order.get(_port(opened), HTTP), opened) for _, opened in given], {})


def _port(opened: socket) -> int:
    name = opened.getsockname()
    return int(name[1]) if isinstance(name, tuple) else 0


def _opened(given: dict[str, list[socket]], config: Config) -> Sockets:
    server = config.server
    wyoming = given.get(WYOMING) or listen(server.host, server.wyoming_port)
    http = given.get(HTTP) or listen(server.host, server.http_port)
    if server.wyoming_socket:
        wyoming = [*wyoming, listen_unix(server.wyoming_socket)]
    agent = () if server.agent_port is None else listen(server.host, server.agent_port)
    return Sockets(wyoming, http, agent)
