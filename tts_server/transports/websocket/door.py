"""The WebSocket door, `tts-stream.v1` at /ws/v1: an ASGI application behind the guard of the HTTP port."""

import asyncio
import logging

from starlette.types import Receive, Scope, Send

from protocol.errors import CloseCode, ErrorCode
from protocol.messages import PATH, SUBPROTOCOL, Resume
from tts_server.access.access import Access, Principal
from tts_server.errors import TTSError
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.asgi_socket import Socket, refuse
from tts_server.transports.error_codes import code_of, status_of
from tts_server.transports.websocket.dialogue import Dialogue
from tts_server.transports.websocket.handshake import Handshake, read_handshake, speaks_our_version
from tts_server.transports.websocket.session import Session
from tts_server.transports.websocket.settings import WebSocketSettings

log = logging.getLogger(__name__)


class WebSocketDoor:
    """Serves WebSocket connections until `drain`; `finish` ends those that are left."""

    def __init__(self, synthesizer: Synthesizer, settings: WebSocketSettings, access: Access | None = None) -> None:
        """access: who may come in; None: anybody whom the guard lets pass."""
        self._synthesizer = synthesizer
        self._settings = settings
        self._access = access or Access()
        self._sessions: dict[str, Session] = {}  # by id
        self._no_sessions = asyncio.Event()
        self._no_sessions.set()
        self._is_draining = False

    def reconfigure(self, settings: WebSocketSettings) -> None:
        """Other limits, for connections that come from now on."""
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, from its handshake to its end."""
        if scope["path"] != PATH:
            await refuse(send, 404, ErrorCode.NOT_FOUND, f"the WebSocket is at {PATH}")
        elif not speaks_our_version(scope):
            await refuse(send, 400, ErrorCode.UNSUPPORTED_VERSION, f"the subprotocol here is {SUBPROTOCOL}")
        elif self._is_draining:
            await refuse(send, 503, ErrorCode.SHUTTING_DOWN, "the daemon is stopping")
        else:
            await self._admit(scope, receive, send)

    def drain(self) -> None:
        """Take no new connections and contexts; let those alive speak to their end. Idempotent."""
        self._is_draining = True
        for session in self._sessions.values():
            session.drain()

    async def finish(self, timeout_s: float) -> None:
        """Wait for the goodbyes, then cut speech off and say goodbye all the same."""
        for patience_s in (timeout_s, timeout_s):
            try:
                async with asyncio.timeout(patience_s):
                    await self._no_sessions.wait()
            except TimeoutError:
                for session in self._sessions.values():
                    session.shut()

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            handshake = read_handshake(scope, self._access)
        except TTSError as error:
            await refuse(send, status_of(error), code_of(error), str(error))
            return
        if handshake.principal is None and self._strangers() >= self._settings.max_unauthenticated:
            message = "too many connections wait to show their token"
            await refuse(send, 503, ErrorCode.TOO_MANY_CONNECTIONS, message)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol})
        state = scope["state"]
        socket = Socket(receive, send, state["abort"], state["is_gone"], self._settings.write_stall_s)
        await self._serve(handshake, socket)

    async def _serve(self, handshake: Handshake, socket: Socket) -> None:
        session = self._new_session(handshake)
        self._sessions[session.dialogue.id] = session
        self._no_sessions.clear()
        try:
            await session.run(socket)
        except* Exception:
            log.exception("a WebSocket connection failed")
            await _close_failed(socket)
        finally:
            del self._sessions[session.dialogue.id]
            if not self._sessions:
                self._no_sessions.set()

    def _new_session(self, handshake: Handshake) -> Session:
        def silence_others() -> None:
            for session in self._sessions.values():
                if session.dialogue is not dialogue:
                    session.dialogue.contexts.stop("preempted")

        dialogue = Dialogue(self._synthesizer, self._settings, self._access, handshake, silence_others, self._find)
        return Session(dialogue, self._settings, self._may_detach)

    def _find(self, wanted: Resume, principal: Principal) -> Session | None:
        """The session that a client goes on with, if it is here and theirs."""
        session = self._sessions.get(wanted.session)
        return session if session is not None and session.dialogue.is_resumed_by(wanted, principal) else None

    def _may_detach(self) -> bool:
        return sum(session.is_detached for session in self._sessions.values()) < self._settings.max_detached

    def _strangers(self) -> int:
        return sum(session.dialogue.principal is None for session in self._sessions.values())


async def _close_failed(socket: Socket) -> None:
    try:
        async with asyncio.timeout(1):
            await socket.close(CloseCode.INTERNAL, "internal")
    except TimeoutError:
        pass  # it was closed already, or the peer is gone
