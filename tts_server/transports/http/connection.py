"""One HTTP connection: uvicorn's HTTP/1.1 protocol with caps, deadlines, and JSON where it answers by itself."""

import asyncio
import socket
import struct
import sys
from http import HTTPStatus
from typing import Final

import h11
from h11._connection import DEFAULT_MAX_INCOMPLETE_EVENT_SIZE
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS

from protocol.errors import ErrorCode
from protocol.http_api import error_json
from protocol.proxy_protocol import ProxyHeaderInvalid, may_begin, parse_header
from tts_server.access.networks import is_allowed
from tts_server.transports.http.places import Places, address_of
from tts_server.transports.http.settings import HttpSettings
from tts_server.transports.websocket.connection import WebSocketConnection

_TOO_LARGE: Final = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
_RETRY_LATER: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # struct linger: on, 0 s


class HttpConnection(H11Protocol):
    """Serves the requests of one connection.

    `scope["state"]["refusal"]` tells how to refuse whatever is no probe, when there is no place for it;
    `scope["state"]["break_off"]` ends an answer in its middle, `scope["state"]["abort"]` cuts the connection at once,
    `scope["state"]["is_gone"]` tells at once when nothing written is sent any more.
    """

    transport: asyncio.Transport

    def __init__(self, config: Config, state: ServerState, settings: HttpSettings, places: Places) -> None:
        super().__init__(
            config,
            state,
            {
                "abort": self.abort,
                "break_off": self.break_off,
                "is_gone": self._is_gone,
                "refusal": self._place_refusal,
                "speaks_for": self.speaks_for,
            },
        )
        self._settings = settings
        self._places = places
        self._refusal: HTTPStatus | None = None
        self._answers = 0
        self._upgraded: WebSocketConnection | None = None
        self._introduction: bytes | None = None  # of a proxy, as far as it has come; None: there is none to come
        self._head_timer: asyncio.TimerHandle | None = None
        self.came_at = self.loop.time()
        self.lost: asyncio.Future[None] = self.loop.create_future()

    @property
    def is_half_open(self) -> bool:
        """Whether no whole request has come yet."""
        if self.cycle is None:
            return True
        return self._answers == 0 and not self.cycle.response_started and self.conn.their_state is h11.SEND_BODY

    def leave(self) -> None:
        """Make room for another connection, at once."""
        self._places.gone(self)
        self.connections.discard(self)
        self.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._refusal = self._places.enter(self, self.connections, self._settings)
        if is_allowed(address_of(self), self._settings.trusted_proxies):
            self._introduction = b""
        self._start_head_timer()

    def speaks_for(self, address: str) -> None:
        """The peer is a proxy, and this is its client: limits count the client."""
        self.client = (address, 0)
        if self._upgraded is not None:
            self._upgraded.client = self.client  # it has this one's place
        self._refusal = self._places.enter(self, self.connections, self._settings)

    def data_received(self, data: bytes) -> None:
        if self._introduction is not None and not (data := self._introduced(data)):
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:  # no whole head yet
            self._start_head_timer()
        else:
            self._stop_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        self._places.gone(self)
        super().connection_lost(exc)
        if not self.lost.done():
            self.lost.set_result(None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._answers += 1
        if self._refusal is not None or self._places.is_closing:
            self.transport.close()  # it came for a probe, or to be told that we stop
        if self.transport.is_closing():
            self._abort_if_stalled()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # the peer does not even read its last answer
        else:
            super().timeout_keep_alive_handler()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        super().handle_websocket_upgrade(event)
        upgraded = self.transport.get_protocol()
        assert isinstance(upgraded, WebSocketConnection)
        self._upgraded, upgraded.client = upgraded, self.client
        if not upgraded.handshake_initiated:  # its parser has smaller limits than this one, and only falls silent
            message = f"the head of a WebSocket's request may have {MAX_NUM_HEADERS} fields of {MAX_LINE_LENGTH} bytes"
            self._answer(_TOO_LARGE, ErrorCode.BAD_MESSAGE, message)
            return
        if early := self.conn.trailing_data[0]:  # a client that does not wait for the end of the handshake
            upgraded.data_received(bytes(early))

    def send_400_response(self, msg: str) -> None:
        """Called while the parser's error is handled, which knows one that is too long from one that is no HTTP."""
        error = sys.exception()
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == _TOO_LARGE:
            message = f"the head of a request may have {DEFAULT_MAX_INCOMPLETE_EVENT_SIZE} bytes"
            self._answer(_TOO_LARGE, ErrorCode.BAD_MESSAGE, message)
            return
        self._answer(HTTPStatus.BAD_REQUEST, ErrorCode.BAD_MESSAGE, "this is not a request that can be read as HTTP")

    def break_off(self) -> None:
        """End an answer in its middle. What was written is still sent; its end is missing, and that tells the peer.

        HTTP/1.0 takes the end of a connection for the end of an answer: there it is cut with a reset.
        """
        if self.conn.their_http_version == b"1.0":
            self.abort()
            return
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.close()
        self._abort_if_stalled()

    def abort(self) -> None:
        """Cut the connection with a reset, so that the peer does not take half an answer for the whole."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if (connected := self.transport.get_extra_info("socket")) is not None and not self.transport.is_closing():
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()

    def _abort_if_stalled(self) -> None:
        """`close` would wait for a peer that takes nothing."""
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self._settings.write_stall_s, self.transport.abort)

    def _introduced(self, data: bytes) -> bytes:
        """What is left of the first bytes when a proxy has said by the PROXY protocol whom it speaks for."""
        assert self._introduction is not None
        received, self._introduction = self._introduction + data, None
        if not may_begin(received):
            return received
        try:
            header = parse_header(received)
        except ProxyHeaderInvalid as error:
            self._answer(HTTPStatus.BAD_REQUEST, ErrorCode.BAD_MESSAGE, str(error))
            return b""
        if header is None:
            self._introduction = received
            return b""
        if header.address is not None:
            self.speaks_for(header.address)
        return received[header.size :]

    def _place_refusal(self) -> HTTPStatus | None:
        return self._refusal

    def _is_gone(self) -> bool:
        return self.transport.is_closing()

    def _answer(self, status: HTTPStatus, code: ErrorCode, message: str) -> None:
        """Answer past the application, and close."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.abort()  # an answer is under way; a second one would be read as part of it
            return
        body = error_json(code, message)
        retry = "retry-after: 1\r\n" if status in _RETRY_LATER else ""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{retry}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _start_head_timer(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self._settings.head_timeout_s, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        limit = f"{self._settings.head_timeout_s:g} s"
        self._answer(HTTPStatus.REQUEST_TIMEOUT, ErrorCode.BAD_MESSAGE, f"no whole request came within {limit}")
