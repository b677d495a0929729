"""Around every HTTP request: admission, its body within limits, an id, one log line, and an answer whatever happens.

WebSockets pass the same admission and get an id.
"""

import asyncio
import logging
import secrets
import time
from email.utils import formatdate
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.errors import ErrorCode
from protocol.http_api import error_json
from tts_server.errors import Refused, TextTooLong
from tts_server.logs import request_id
from tts_server.transports.error_codes import code_of, status_of
from tts_server.transports.http_admission import check_admission
from tts_server.transports.http_settings import HttpSettings
from tts_server.transports.websocket import refuse

log = logging.getLogger(__name__)

PROBES: Final = ("/healthz", "/readyz")
LISTENER_LEFT: Final = 499  # nginx's number for a client that hung up; only ever logged
# What is read and thrown away after a refusal: a client that gets a reset while it sends never sees the answer.
LINGER_BYTES: Final = 4 * 2**20
LINGER_S: Final = 2.0


class Guard:
    """The outermost ASGI application."""

    def __init__(self, app: ASGIApp, websockets: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._websockets = websockets
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._admit_websocket(scope, receive, send)
        else:
            await self._admit_request(scope, receive, send)

    async def _admit_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing of the body's and the answer's care is needed: the door has limits of its own."""
        request_id.set(secrets.token_hex(6))
        peer = (scope["client"] or ("",))[0]
        started_at = time.monotonic()
        try:
            check_admission(peer, Headers(scope=scope), self._settings)
        except Refused as error:
            log.info("WebSocket %s 403 for %s", _path(scope), peer)
            await refuse(send, status_of(error), code_of(error), str(error))
            return
        await self._websockets(scope, receive, send)
        log.info("WebSocket %s ended after %.1f s for %s", _path(scope), time.monotonic() - started_at, peer)

    async def _admit_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        # HEAD is a GET whose body the server leaves out.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        exchange = _Exchange({**scope, "method": method}, receive, send, self._settings)
        request_id.set(exchange.id)
        try:
            await self._serve(exchange)
        except ClientDisconnect:
            exchange.status = LISTENER_LEFT
        except Exception:
            log.exception("a request failed")
            await exchange.fail()
        finally:
            _log(scope, exchange)

    async def _serve(self, exchange: "_Exchange") -> None:
        scope, headers = exchange.scope, Headers(scope=exchange.scope)
        try:
            check_admission((scope["client"] or ("",))[0], headers, self._settings)
            body = await self._body(exchange.receive, headers)
        except (Refused, TextTooLong) as error:
            await exchange.refuse(status_of(error), code_of(error), str(error))
        except TimeoutError:
            limit = f"{self._settings.body_timeout_s:g} s"
            await exchange.refuse(408, ErrorCode.BAD_MESSAGE, f"the request's body did not come within {limit}")
        else:
            await self._app(scope, _replay(body, exchange.receive), exchange.send)

    async def _body(self, receive: Receive, headers: Headers) -> bytes:
        """The whole body. Raises TextTooLong, TimeoutError, ClientDisconnect."""
        limit = self._settings.max_body_bytes
        too_long = TextTooLong(f"the request's body has more than {limit} bytes")
        if int(headers.get("content-length", "0")) > limit:
            raise too_long
        body = bytearray()
        async with asyncio.timeout(self._settings.body_timeout_s):
            is_whole = False
            while not is_whole:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                if len(body) > limit:
                    raise too_long
                is_whole = not message.get("more_body", False)
        return bytes(body)


class _Exchange:
    """One request and its answer on their way."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: HttpSettings) -> None:
        self.id = secrets.token_hex(6)
        self.scope = scope
        self.receive = receive
        self.status: int | None = None
        self.started_at = time.monotonic()
        self._send = send
        self._stall_s = settings.write_stall_s
        self._is_complete = False

    async def send(self, message: Message) -> None:
        """Send a part of the answer. Raises ClientDisconnect when the peer takes nothing for `write_stall_s`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
        elif message["type"] == "http.response.body":
            self._is_complete = not message.get("more_body", False)
        try:
            async with asyncio.timeout(self._stall_s):
                await self._send(message)
        except TimeoutError:
            log.warning("the listener took no data for %g s and is given up", self._stall_s)
            self.scope["state"]["abort"]()
            raise ClientDisconnect from None

    async def refuse(self, status: int, code: ErrorCode, message: str) -> None:
        """Answer with an error before the body has been read, let the peer read it, and close the connection."""
        body = error_json(code, message)
        await self._start_json(status, body)
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER_S):
                await self._drop_body()
        except TimeoutError:
            pass
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def fail(self) -> None:
        """Give the answer of a request that raised: an error, or, in the middle of an answer, a cut."""
        if self.status is None:
            body = error_json(ErrorCode.INTERNAL, "something went wrong inside the server; its log tells more")
            await self._start_json(500, body)
            await self.send({"type": "http.response.body", "body": body})
        elif not self._is_complete:
            self.scope["state"]["abort"]()

    async def _start_json(self, status: int, body: bytes) -> None:
        headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def _drop_body(self) -> None:
        dropped = 0
        while dropped < LINGER_BYTES:
            message = await self.receive()
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return
            dropped += len(message.get("body", b""))

    def _add_headers(self, headers: MutableHeaders) -> None:
        headers["date"] = formatdate(usegmt=True)
        headers["x-request-id"] = self.id
        headers["x-content-type-options"] = "nosniff"
        headers.setdefault("cache-control", "no-store")


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body read already, then what comes after it."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _log(scope: Scope, exchange: _Exchange) -> None:
    path = _path(scope)
    took_ms = round(1000 * (time.monotonic() - exchange.started_at))
    level = logging.DEBUG if path in PROBES else logging.INFO
    peer = (scope["client"] or ("?",))[0]
    log.log(level, "%s %s %s in %d ms for %s", scope["method"], path, exchange.status, took_ms, peer)


def _path(scope: Scope) -> str:
    """For the log: still percent-encoded, so without line breaks."""
    path: str = scope["raw_path"].decode("ascii", "replace")[:100]
    return path
