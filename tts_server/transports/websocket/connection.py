"""One WebSocket connection on the wire: uvicorn's protocol with small buffers, and an end even with a stuck peer."""

import asyncio
import socket
from typing import Any, Final

from uvicorn import Config
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

# What the kernel holds unsent and what asyncio holds before `send` waits: audio in there cannot be taken back.
NOTSENT_LOWAT_BYTES: Final = 8192
WRITE_HIGH_BYTES: Final = 16 * 1024
MAX_UNREAD_BYTES: Final = 64 * 1024  # of pongs, which are written without waiting
MAX_EARLY_BYTES: Final = 128 * 1024  # before the handshake is over
CLOSE_S: Final = 2.0  # for the peer to answer our close


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Carries one connection's messages."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self.close_timeout = CLOSE_S
        self._last_timer: asyncio.TimerHandle | None = None
        self._early = bytearray()  # from a client that does not wait for the end of the handshake

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        connected: socket.socket = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, NOTSENT_LOWAT_BYTES)

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated or self.handshake_complete:
            super().data_received(data)
        elif len(self._early) + len(data) > MAX_EARLY_BYTES:
            self.transport.abort()
        else:
            self._early += data

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if self._early and self.handshake_complete:
            early, self._early = bytes(self._early), bytearray()
            if not self.close_sent:
                super().data_received(early)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._last_timer is not None:
            self._last_timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops. A session says goodbye by itself when its contexts are done."""
        if not self.handshake_complete:
            super().shutdown()

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        if event.data or event.fin:  # empty ones would pile up below any limit of bytes
            super().handle_cont(event)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        if not self.disconnected:  # a peer that reads nothing keeps a closing transport open
            self._last_timer = self.loop.call_later(CLOSE_S, self.transport.abort)
