"""Doors for programs made for other engines, on the HTTP port and behind its guard: each speaks through the core."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import CloseCode, ErrorCode
from tts_server.access.access import Access, Principal
from tts_server.errors import TTSError
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.asgi_socket import Socket, refuse
from tts_server.transports.compat import aliyun, paddlespeech, volcengine, xunfei
from tts_server.transports.compat.account import Account, Services
from tts_server.transports.compat.conversation import Conversation
from tts_server.transports.compat.doubao import add_doubao
from tts_server.transports.compat.gpt_sovits import add_gpt_sovits
from tts_server.transports.compat.index_tts import add_index_tts
from tts_server.transports.compat.ovos import add_kokoro_sign, add_ovos
from tts_server.transports.compat.settings import CompatSettings
from tts_server.transports.error_codes import code_of, status_of
from tts_server.transports.http.requests.application import Application
from tts_server.transports.http.upgrade import add_upgrade

log = logging.getLogger(__name__)

_CLOSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """A door for WebSockets."""

    name: str
    conversation: Callable[[Socket, Account, CompatSettings], Conversation]
    token_header: str  # in which its clients show what they take for their service's token


_VOLCENGINE: Final = _Kind("volcengine", volcengine.VolcengineConversation, volcengine.TOKEN_HEADER)
_ALIYUN: Final = _Kind("aliyun", aliyun.AliyunConversation, aliyun.TOKEN_HEADER)
_XUNFEI: Final = _Kind("xunfei", xunfei.XunfeiConversation, "authorization")
_PADDLESPEECH: Final = _Kind("paddlespeech", paddlespeech.PaddleConversation, "authorization")

_STREAMS: Final = {"volcengine": volcengine.PATH, "xunfei": xunfei.PATH, "paddlespeech": paddlespeech.PATH}


class _Routes:
    """Routes of doors, put in and taken out again as the doors are opened and shut."""

    def __init__(self) -> None:
        self._app: Application | None = None
        self._made: dict[str, list[BaseRoute]] = {}  # by the name of their door

    def add(self, app: Application, door: str, make: Callable[[], None]) -> None:
        """make: adds a door's routes to the application."""
        before = list(app.router.routes)
        make()
        self._made[door] = [route for route in app.router.routes if route not in before]
        self._app = app

    def show(self, settings: CompatSettings) -> None:
        """Let those be found whose doors are open."""
        if (app := self._app) is None:
            return
        ours = [route for routes in self._made.values() for route in routes]
        found = [route for door, routes in self._made.items() if getattr(settings, door) for route in routes]
        app.router.routes[:] = [route for route in app.router.routes if route not in ours] + found


class CompatDoors:
    """The guest of the HTTP door."""

    def __init__(self, synthesizer: Synthesizer, access: Access, settings: CompatSettings) -> None:
        self._services = Services(synthesizer, access)
        self._settings = settings
        self._routes = _Routes()
        self._conversations: set[Conversation] = set()
        self._changed = asyncio.Event()
        self._is_draining = False

    def reconfigure(self, settings: CompatSettings) -> None:
        """Other doors and limits, for requests and connections that come from now on."""
        self._settings = settings
        self._routes.show(settings)

    def add_routes(self, app: Application) -> None:
        """See Guest."""
        services = self._services
        self._routes.add(app, "index_tts", lambda: add_index_tts(app, services))
        self._routes.add(app, "ovos", lambda: add_ovos(app, services))
        self._routes.add(app, "gpt_sovits", lambda: add_gpt_sovits(app, services))
        self._routes.add(app, "doubao", lambda: add_doubao(app, services))
        self._routes.add(app, "wyoming_openai", lambda: add_kokoro_sign(app))
        for name, path in _STREAMS.items():
            self._routes.add(app, name, partial(add_upgrade, app, path, f"for clients of {name}; see docs/CLIENTS.md"))
        self._routes.show(self._settings)

    def websocket_for(self, scope: Scope, host: ASGIApp) -> ASGIApp | None:
        """See Guest."""
        if (kind := self._kind_of(scope)) is not None:

            async def serve(scope: Scope, receive: Receive, send: Send) -> None:
                await self._admit(kind, scope, receive, send)

            return serve
        if self._settings.aliyun and aliyun.may_be_meant(scope):

            async def serve_either(scope: Scope, receive: Receive, send: Send) -> None:
                await self._serve_either(host, scope, receive, send)

            return serve_either
        return None

    def drain(self) -> None:
        """See Guest."""
        self._is_draining = True
        for conversation in self._conversations:
            conversation.drain()

    async def finish(self, timeout_s: float) -> None:
        """See Guest."""
        try:
            async with asyncio.timeout(timeout_s):
                while self._conversations:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            for conversation in self._conversations:
                conversation.socket.abort()

    def _kind_of(self, scope: Scope) -> _Kind | None:
        opened, path = self._settings, scope["path"]
        if opened.volcengine and path == volcengine.PATH:
            return _VOLCENGINE
        if opened.xunfei and path == xunfei.PATH:
            return _XUNFEI
        if opened.paddlespeech and path == paddlespeech.PATH:
            return _PADDLESPEECH
        return _ALIYUN if opened.aliyun and aliyun.is_meant(scope) else None

    async def _admit(self, kind: _Kind, scope: Scope, receive: Receive, send: Send) -> None:
        peer = str((scope["client"] or ("",))[0])
        try:
            principal = self._services.admit(peer, _token(Headers(scope=scope), kind.token_header))
        except TTSError as error:
            await refuse(send, status_of(error), code_of(error), str(error))
            return
        if self._is_draining or len(self._conversations) >= self._settings.max_conversations:
            code = ErrorCode.SHUTTING_DOWN if self._is_draining else ErrorCode.TOO_MANY_CONNECTIONS
            await refuse(send, 503, code, "the daemon is stopping, or too many clients are here; try again soon")
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        await self._converse(kind, principal, scope, receive, send)

    async def _serve_either(self, host: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the host serve, unless the first message is one of Aliyun's: the host is then told that its peer left."""
        first = aliyun.FirstMessage(receive, send)
        await host(scope, first.receive, first.send)
        if not first.is_meant:
            return
        peer = str((scope["client"] or ("",))[0])
        try:
            principal = self._services.admit(peer, _token(Headers(scope=scope), aliyun.TOKEN_HEADER))
        except TTSError as error:
            await send({"type": "websocket.close", "code": CloseCode.UNAUTHORIZED, "reason": str(error)[:100]})
            return
        await self._converse(_ALIYUN, principal, scope, first.again, send)

    async def _converse(self, kind: _Kind, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        peer, state = str((scope["client"] or ("",))[0]), scope["state"]
        log.info("%s: client %s comes in", kind.name, peer)
        socket = Socket(receive, send, state["abort"], state["is_gone"], self._settings.write_stall_s)
        await self._serve(kind.conversation(socket, Account(self._services, principal, peer), self._settings))

    async def _serve(self, conversation: Conversation) -> None:
        self._conversations.add(conversation)
        try:
            await conversation.run()
        except* Exception:
            log.exception("a conversation failed")
            await _close_failed(conversation.socket)
        finally:
            self._conversations.discard(conversation)
            self._changed.set()


def _token(headers: Headers, own_header: str) -> str | None:
    """From the header of the client's own service, or `Authorization: Bearer TOKEN`, also with a semicolon."""
    if own_header != "authorization" and (own := headers.get(own_header, "").strip()):
        return own
    kind, _, token = headers.get("authorization", "").replace(";", " ", 1).partition(" ")
    return token.strip() or None if kind.casefold() == "bearer" else None


async def _close_failed(socket: Socket) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            await socket.close(CloseCode.INTERNAL, "internal")
    except TimeoutError:
        pass  # it was closed already, or the peer is gone
