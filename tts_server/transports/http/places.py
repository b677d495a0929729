"""Who has a place at the HTTP port: limits for all and for each address, and who makes room for a newcomer.

A connection that never asked for anything makes room. Who comes when there is none stays for one request: probes are
answered all the same, the rest is refused then.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final, Protocol, cast

from tts_server.access.networks import is_allowed
from tts_server.transports.http.settings import HttpSettings

_PLACES_FOR_PROBES: Final = 8  # beyond the limits, so that a full house can still be asked how it is


class Guest(Protocol):
    """A connection that may have to make room."""

    came_at: float  # loop time

    @property
    def is_half_open(self) -> bool:
        """Whether no whole request has come yet."""

    def leave(self) -> None:
        """Cut it off at once."""


class Places:
    """The places of one door."""

    def __init__(self) -> None:
        self._surplus: dict[Guest, HTTPStatus] = {}  # oldest first
        self.is_closing = False  # whoever comes stays for one request

    def enter(self, newcomer: Guest, connections: Collection[object], settings: HttpSettings) -> HTTPStatus | None:
        """Find a place among the connections, the newcomer's included. How to refuse its request if there is none."""
        seated = [connection for connection in connections if connection not in self._surplus]
        neighbours = [connection for connection in seated if address_of(connection) == address_of(newcomer)]
        if len(neighbours) > settings.max_connections_per_address and not _speaks_for_many(newcomer, settings):
            refusal, candidates = HTTPStatus.TOO_MANY_REQUESTS, neighbours
        elif len(seated) > settings.max_connections:
            refusal, candidates = HTTPStatus.SERVICE_UNAVAILABLE, seated
        else:
            return None
        if (half_open := _oldest_half_open(candidates, newcomer)) is not None:
            half_open.leave()
            return None
        if len(self._surplus) >= _PLACES_FOR_PROBES:
            next(iter(self._surplus)).leave()
        self._surplus[newcomer] = refusal
        return refusal

    def gone(self, guest: Guest) -> None:
        """A connection has ended. May be repeated."""
        self._surplus.pop(guest, None)


def address_of(connection: object) -> str:
    """The peer's address. uvicorn's protocols (a WebSocket is another class) all keep it in the same place."""
    client: tuple[str, int] | None = getattr(connection, "client", None)
    return client[0] if client else ""


def _speaks_for_many(newcomer: Guest, settings: HttpSettings) -> bool:
    """A proxy has not said yet for whom it is here; its client is counted when it does."""
    return is_allowed(address_of(newcomer), settings.trusted_proxies)


def _oldest_half_open(connections: Collection[object], newcomer: Guest) -> Guest | None:
    guests = (cast(Guest, connection) for connection in connections if hasattr(connection, "is_half_open"))
    waiting = [guest for guest in guests if guest is not newcomer and guest.is_half_open]
    return min(waiting, key=lambda guest: guest.came_at, default=None)
