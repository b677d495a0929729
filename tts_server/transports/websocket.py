"""The WebSocket door, `tts-stream.v1` at /ws/v1: an ASGI application behind the guard of the HTTP port."""

import asyncio
import logging
from typing import Final

from starlette.types import Receive, Scope, Send

from protocol.errors import CloseCode, ErrorCode
from protocol.http_api import error_json
from protocol.messages import PATH, SUBPROTOCOL
from tts_server.synthesis import Synthesizer
from tts_server.transports.websocket_outbox import PeerStalled
from tts_server.transports.websocket_session import Session
from tts_server.transports.websocket_settings import WebSocketSettings

log = logging.getLogger(__name__)

_RETRY_LATER: Final = (429, 503)


class WebSocketDoor:
    """Serves WebSocket connections until `drain`; `finish` ends those that are left."""

    def __init__(self, synthesizer: Synthesizer, settings: WebSocketSettings) -> None:
        self._synthesizer = synthesizer
        self._settings = settings
        self._sessions: set[Session] = set()
        self._no_sessions = asyncio.Event()
        self._no_sessions.set()
        self._is_draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, from its handshake to its end."""
        offered = scope["subprotocols"]
        if scope["path"] != PATH:
            await refuse(send, 404, ErrorCode.NOT_FOUND, f"the WebSocket is at {PATH}")
        elif offered and SUBPROTOCOL not in offered:
            await refuse(send, 400, ErrorCode.UNSUPPORTED_VERSION, f"the subprotocol here is {SUBPROTOCOL}")
        elif self._is_draining:
            await refuse(send, 503, ErrorCode.SHUTTING_DOWN, "the daemon is stopping")
        else:
            await receive()  # websocket.connect
            await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if offered else None})
            await self._serve(scope, receive, send)

    def drain(self) -> None:
        """Take no new connections and contexts; let those alive speak to their end. Idempotent."""
        self._is_draining = True
        for session in self._sessions:
            session.drain()

    async def finish(self, timeout_s: float) -> None:
        """Wait for the goodbyes, then cut speech off and say goodbye all the same."""
        for patience_s in (timeout_s, timeout_s):
            try:
                async with asyncio.timeout(patience_s):
                    await self._no_sessions.wait()
            except TimeoutError:
                for session in self._sessions:
                    session.shut()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = Session(self._synthesizer, self._settings, send, self._sessions)
        self._sessions.add(session)
        self._no_sessions.clear()
        try:
            await session.run(receive)
        except* PeerStalled:
            log.warning("the client took no data and is given up (slow_reader)")
            scope["state"]["abort"]()
        except* Exception:
            log.exception("a WebSocket connection failed")
            await _close_failed(send)
        finally:
            self._sessions.discard(session)
            if not self._sessions:
                self._no_sessions.set()


async def refuse(send: Send, status: int, code: ErrorCode, message: str) -> None:
    """Answer a handshake with an HTTP error."""
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if status in _RETRY_LATER:
        headers.append((b"retry-after", b"1"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": error_json(code, message)})


async def _close_failed(send: Send) -> None:
    try:
        async with asyncio.timeout(1):
            await send({"type": "websocket.close", "code": CloseCode.INTERNAL, "reason": "internal"})
    except (OSError, RuntimeError, TimeoutError):
        pass  # it was closed already, or the peer is gone
