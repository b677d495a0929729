"""The Wyoming door: who may come in, and the connections there are."""

import asyncio
import logging
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from wyoming.error import Error

from protocol.errors import ErrorCode
from protocol.proxy_protocol import ProxyHeaderInvalid
from protocol.wyoming import MAX_DATA_BYTES, MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES, EventDecoder
from tts_server.access.networks import PRIVATE_NETWORKS, Network, is_allowed
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.error_codes import code_of
from tts_server.transports.refusals import Refusals
from tts_server.transports.wyoming.connection import Connection
from tts_server.transports.wyoming.info import InfoCache
from tts_server.transports.wyoming.wire import Wire
from tts_server.user_data.phrases import Phrases

log = logging.getLogger(__name__)

_GRACE_S: Final = 1.0  # at the end, for last words to be written
_SILENT_S: Final = 5.0  # a connection without a word for so long makes room for a newcomer
_INTRODUCTION_S: Final = 10.0  # for a trusted proxy to say whom it speaks for
_MAX_REFUSALS: Final = 16  # clients that are being told at the same time why they cannot come in
LOCAL: Final = "this machine"  # the address of clients without one: of a Unix socket, or of standard input


@dataclass(frozen=True, slots=True)
class WyomingLimits:
    """What one client, and all of them, may take."""

    max_connections: int = 64
    max_connections_per_address: int = 16  # all of Home Assistant is one address
    idle_s: float = 60.0  # without a whole event, while nothing is being said
    write_stall_s: float = 30.0  # without taking any of the audio
    max_header_bytes: int = MAX_HEADER_BYTES
    max_data_bytes: int = MAX_DATA_BYTES
    max_payload_bytes: int = MAX_PAYLOAD_BYTES
    networks: tuple[Network, ...] = PRIVATE_NETWORKS  # that may connect
    trusted_proxies: tuple[Network, ...] = ()  # that are believed whom they speak for


class WyomingDoor:
    """Serves Wyoming clients on sockets that are listening already."""

    def __init__(self, synthesizer: Synthesizer, limits: WyomingLimits, phrases: Phrases | None = None) -> None:
        """phrases: what a text phrase:NAME says; None takes such a text for one like others."""
        self._phrases = phrases
        self._synthesizer = synthesizer
        self._limits = limits
        self._info = InfoCache()
        self._servers: list[asyncio.Server] = []
        self._connections: dict[Connection, str] = {}  # from which address, oldest first
        self._leaving: set[Connection] = set()  # that made room and are not quite gone
        self._refusals = 0
        self._refusal_log = Refusals("Wyoming")
        self._changed = asyncio.Event()  # a connection ended

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Accept clients from now on. The sockets are the door's, and are closed by it."""
        for listening in sockets:
            self._servers.append(await asyncio.start_server(self._accept, sock=listening))

    def reconfigure(self, limits: WyomingLimits) -> None:
        """Other limits, for clients that come from now on."""
        self._limits = limits

    def stop_accepting(self) -> None:
        """Let nobody in any more; who is in stays."""
        for server in self._servers:
            server.close()

    async def close(self) -> None:
        """End all conversations; returns when the last connection is closed."""
        self.stop_accepting()
        for connection in self._connections:
            connection.stop(_GRACE_S)
        while self._connections or self._leaving or self._refusals:
            self._changed.clear()
            await self._changed.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client that came in some other way, until it has had all it asked for."""
        await self._accept(reader, writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client from its first byte to its last. What goes wrong here ends this connection only."""
        address = _address(writer)
        wire = Wire(reader, writer, self._limits.write_stall_s)
        try:
            if address != LOCAL and is_allowed(address, self._limits.trusted_proxies):
                deadline = asyncio.get_running_loop().time() + _INTRODUCTION_S
                address = await wire.introduction(deadline) or address
            refusal = self._refusal(address)
            await (self._serve(wire, address) if refusal is None else self._refuse(wire, address, refusal))
        except* (OSError, TimeoutError, ProxyHeaderInvalid) as gone:
            log.debug("client %s went away: %s", address, _innermost(gone))
        except* Exception:
            log.exception("the connection of client %s failed", address)
        finally:
            wire.abort()
            self._changed.set()

    async def _serve(self, wire: Wire, address: str) -> None:
        limits = self._limits
        decoder = EventDecoder(limits.max_header_bytes, limits.max_data_bytes, limits.max_payload_bytes)
        connection = Connection(wire, decoder, self._synthesizer, self._info, limits.idle_s, address, self._phrases)
        self._connections[connection] = address
        try:
            await connection.serve()
        finally:
            self._connections.pop(connection, None)
            self._leaving.discard(connection)

    def _refusal(self, address: str) -> Error | None:
        limits = self._limits
        if address != LOCAL and not is_allowed(address, limits.networks):
            return Error(f"address {address} is not in a network that may connect", ErrorCode.FORBIDDEN)
        if address != LOCAL and not is_allowed(address, PRIVATE_NETWORKS):
            return Error(f"address {address} is not private, and Wyoming knows no tokens", ErrorCode.FORBIDDEN)
        if (trouble := self._synthesizer.trouble) is not None:
            return Error(str(trouble), code_of(trouble))
        own = [connection for connection, known in self._connections.items() if known == address]
        if len(own) >= limits.max_connections_per_address and not self._make_room(own):
            told = f"there are {limits.max_connections_per_address} connections from {address}, which is the limit"
            return Error(told, ErrorCode.TOO_MANY_CONNECTIONS)
        if len(self._connections) >= limits.max_connections and not self._make_room(own or self._connections):
            told = f"there are {limits.max_connections} connections, which is the limit"
            return Error(told, ErrorCode.TOO_MANY_CONNECTIONS)
        return None

    def _make_room(self, connections: Collection[Connection]) -> bool:
        """End the one that has been silent for longest, one that never asked for anything before all others."""
        silent = max(connections, key=lambda connection: connection.silent_s)
        if silent.silent_s < _SILENT_S:
            return False
        del self._connections[silent]
        self._leaving.add(silent)
        silent.stop(0.0)
        return True

    async def _refuse(self, wire: Wire, address: str, refusal: Error) -> None:
        self._refusal_log.note(address, refusal.text)
        if self._refusals >= _MAX_REFUSALS:
            return
        self._refusals += 1
        try:
            await wire.send(refusal.event())
            await wire.linger()
        finally:
            self._refusals -= 1


def _address(writer: asyncio.StreamWriter) -> str:
    """Where the client is; empty when it is gone already."""
    connected = writer.get_extra_info("socket")
    if connected is not None and connected.family == socket.AF_UNIX:
        return LOCAL  # whoever may open the socket's file may speak
    peer = writer.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _innermost(error: BaseException) -> BaseException:
    """What a task group, or one within another, wraps first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
