"""Around every HTTP request: admission, its body within limits, an id, one log line, and an answer whatever happens.

WebSockets pass the same admission, apart from the token, and get an id.
"""

import logging
import re
import secrets
import time
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import ErrorCode
from tts_server.access.access import Access, AccessSettings, Principal
from tts_server.access.networks import client_behind, is_allowed
from tts_server.errors import HostRefused, Refused, TTSError
from tts_server.logs import request_id
from tts_server.synthesis.metrics import Metrics
from tts_server.transports.asgi_socket import refuse
from tts_server.transports.error_codes import code_of, status_of
from tts_server.transports.http.admission import (
    PROBES,
    check_admission,
    check_query,
    scope_needed,
    signed_link,
    token_in,
)
from tts_server.transports.http.cors import is_preflight
from tts_server.transports.http.exchange import Exchange
from tts_server.transports.http.host_help import host_help
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.requests.query import replay
from tts_server.transports.http.settings import HttpSettings

log = logging.getLogger(__name__)

_SLASHES: Final = re.compile("/{2,}")
_NO_PLACE: Final = "too many connections"
_POLLED: Final = (*PROBES, "/api/engine")  # an open page asks it every few seconds
LISTENER_LEFT: Final = 499  # nginx's number for a client that hung up; only ever logged


class Guard:
    """The outermost ASGI application."""

    def __init__(
        self,
        app: ASGIApp,
        websockets: ASGIApp,
        settings: HttpSettings,
        access: Access | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self._app = app
        self._websockets = websockets
        self._settings = settings
        self._access = access or Access(AccessSettings(networks=settings.networks))
        self._metrics = metrics

    def reconfigure(self, settings: HttpSettings) -> None:
        """Other limits, for requests that come from now on."""
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = _SLASHES.sub("/", scope["path"]).rstrip("/") or "/"  # people join addresses by hand
        self._see_behind_proxies(scope)
        if scope["type"] == "websocket":
            await self._admit_websocket(scope, receive, send)
        else:
            await self._admit_request(scope, receive, send)

    def _is_ingress(self, scope: Scope) -> bool:
        """Whether Home Assistant's ingress asks for somebody it has signed in: under whatever name it has."""
        headers = Headers(scope=scope)
        return "x-ingress-path" in headers and is_allowed(_peer(scope), self._settings.trusted_proxies)

    def _see_behind_proxies(self, scope: Scope) -> None:
        """Let the scope's client be the one whom trusted proxies speak for."""
        peer = _peer(scope)
        if self._is_ingress(scope):
            return  # its own sign-in stands before it, wherever people are
        forwarded = ", ".join(Headers(scope=scope).getlist("x-forwarded-for"))
        client = client_behind(peer, forwarded, self._settings.trusted_proxies)
        if client != peer:
            scope["client"] = (client, 0)
            if (speaks_for := scope.get("state", {}).get("speaks_for")) is not None:
                speaks_for(client)

    async def _admit_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """No care for body and answer is needed: the door has limits of its own, and asks for tokens."""
        request_id.set(secrets.token_hex(6))
        peer = _peer(scope)
        started_at = time.monotonic()
        try:
            check_admission(peer, Headers(scope=scope), self._settings, is_signed_in=self._is_ingress(scope))
            self._access.check_address(peer)
        except Refused as error:
            log.info("WebSocket %s 403 for %s", _path(scope), peer)
            await refuse(send, status_of(error), code_of(error), str(error))
            return
        if (status := _place_refusal(scope)) is not None:
            await refuse(send, status, ErrorCode.TOO_MANY_CONNECTIONS, _NO_PLACE)
            return
        await self._websockets(scope, receive, send)
        log.info("WebSocket %s ended after %.1f s for %s", _path(scope), time.monotonic() - started_at, peer)

    async def _admit_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        # HEAD is a GET whose body the server leaves out.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        exchange = Exchange({**scope, "method": method}, receive, send, self._settings)
        request_id.set(exchange.id)
        report = Report(_peer(scope), is_head=scope["method"] == "HEAD")
        report.attach(exchange.scope)
        try:
            await self._serve(exchange, report)
        except ClientDisconnect:
            exchange.status = LISTENER_LEFT
        except Exception:
            log.exception("a request failed")
            await exchange.fail()
        finally:
            self._tell(scope["method"], exchange, report)

    async def _serve(self, exchange: Exchange, report: Report) -> None:
        try:
            self._admit(exchange.scope, report)
            if (status := _place_refusal(exchange.scope)) is not None:
                await exchange.refuse(status, ErrorCode.TOO_MANY_CONNECTIONS, _NO_PLACE)
                return
            if is_preflight(exchange.scope):
                await exchange.allow()
                return
            body = await exchange.body()
        except HostRefused as error:
            await exchange.refuse(status_of(error), code_of(error), str(error), page=host_help(error.host))
        except TTSError as error:
            await exchange.refuse(status_of(error), code_of(error), str(error))
        except TimeoutError:
            limit = f"{self._settings.body_timeout_s:g} s"
            await exchange.refuse(408, ErrorCode.BAD_MESSAGE, f"the request's body did not come within {limit}")
        else:
            await self._app(exchange.scope, replay(body, exchange.receive), exchange.send)

    def _admit(self, scope: Scope, report: Report) -> None:
        """Find out who asks. Raises Refused, Unauthorized, BadRequest."""
        headers = Headers(scope=scope)
        check_admission(report.peer, headers, self._settings, is_signed_in=self._is_ingress(scope))
        self._access.check_address(report.peer)
        check_query(scope["query_string"])
        needed = scope_needed(scope["path"], scope["method"])
        if needed is not None:
            report.principal = self._principal(scope, headers, report.peer)
            report.principal.require(needed)

    def _principal(self, scope: Scope, headers: Headers, peer: str) -> Principal:
        """By a token, or by the signature of a link. Raises Refused, Unauthorized."""
        token = token_in(headers) if self._access.needs_token else None
        signed = signed_link(scope) if token is None else None
        if signed is not None:
            return self._access.admit_link(peer, *signed)
        return self._access.admit(peer, token)

    def _tell(self, method: str, exchange: Exchange, report: Report) -> None:
        path = exchange.scope["path"]
        took_ms = round(1000 * (time.monotonic() - report.started_at))
        # Speech that was hung up on has told so itself, with the same id.
        has_told = exchange.status == LISTENER_LEFT and bool(report.chars)
        level = logging.DEBUG if path in _POLLED or has_told else logging.INFO
        line = f"{method} {_path(exchange.scope)} {exchange.status} in {took_ms} ms for {report.peer} {report}"
        log.log(level, "%s", line.rstrip())
        if self._metrics is not None:
            route = getattr(exchange.scope.get("route"), "path", "none")
            self._metrics.answered(route, exchange.status or LISTENER_LEFT)


def _place_refusal(scope: Scope) -> int | None:
    """How to refuse a request on a connection that there is no place for; probes are answered all the same."""
    refusal = scope.get("state", {}).get("refusal")
    return None if refusal is None or scope["path"] in PROBES else refusal()


def _peer(scope: Scope) -> str:
    return str((scope["client"] or ("",))[0])


def _path(scope: Scope) -> str:
    """For the log: still percent-encoded, so without line breaks; without the query."""
    path: str = scope["raw_path"].decode("ascii", "replace")[:100]
    return path
