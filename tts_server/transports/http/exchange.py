"""One HTTP request and its answer on their way: deadlines, headers of every answer, and an end whatever happens."""

import asyncio
import contextlib
import logging
import secrets
from email.utils import formatdate
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from protocol.errors import ErrorCode
from protocol.http_api import error_json
from tts_server.errors import TextTooLong
from tts_server.transports.http.cors import add_leave
from tts_server.transports.http.errors import INTERNAL, RETRY_LATER
from tts_server.transports.http.settings import HttpSettings

log = logging.getLogger(__name__)

# What is read and thrown away after a refusal: a client that gets a reset while it sends never sees the answer.
LINGER_BYTES: Final = 4 * 2**20
LINGER_S: Final = 2.0


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, settings: HttpSettings) -> None:
        self.id = secrets.token_hex(6)
        self.scope = scope
        self.receive = receive
        self.status: int | None = None
        self._send = send
        self._settings = settings
        self._is_complete = False

    async def body(self) -> bytes:
        """The whole body. Raises TextTooLong, TimeoutError, ClientDisconnect."""
        limit = self._settings.max_body_bytes
        too_long = TextTooLong(f"the request's body has more than {limit} bytes")
        if int(Headers(scope=self.scope).get("content-length", "0")) > limit:
            raise too_long
        body = bytearray()
        async with asyncio.timeout(self._settings.body_timeout_s):
            is_whole = False
            while not is_whole:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                if len(body) > limit:
                    raise too_long
                is_whole = not message.get("more_body", False)
        return bytes(body)

    async def send(self, message: Message) -> None:
        """Send a part of the answer. Raises ClientDisconnect when the peer left, or takes nothing for `write_stall_s`.

        That it left is known before the loop tells it: speech that is there already never waits for the loop.
        """
        if self.scope["state"]["is_gone"]():
            raise ClientDisconnect
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._add_headers(MutableHeaders(scope=message))
        elif message["type"] == "http.response.body":
            self._is_complete = not message.get("more_body", False)
        stall_s = self._settings.write_stall_s
        try:
            async with asyncio.timeout(stall_s):
                await self._send(message)
        except TimeoutError:
            log.warning("the listener took no data for %g s and is given up", stall_s)
            self.scope["state"]["abort"]()
            raise ClientDisconnect from None

    async def refuse(self, status: int, code: ErrorCode, message: str, page: str = "") -> None:
        """Answer with an error before the body has been read, let the peer read it, and close the connection.

        page: HTML that says it to a person at a browser.
        """
        wants_page = page and "text/html" in Headers(scope=self.scope).get("accept", "")
        body = page.encode() if wants_page else error_json(code, message)
        await self._start(status, body, "text/html; charset=utf-8" if wants_page else "application/json")
        await self.send({"type": "http.response.body", "body": body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER_S):
                await self._drop_body()
        except TimeoutError:
            pass
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def allow(self) -> None:
        """Answer a browser that asks for leave."""
        await self.send({"type": "http.response.start", "status": 204, "headers": []})
        await self.send({"type": "http.response.body", "body": b""})

    async def fail(self) -> None:
        """Give the answer of a request that raised: an error, or, in the middle of an answer, a cut."""
        if self.status is None:
            body = error_json(ErrorCode.INTERNAL, INTERNAL)
            with contextlib.suppress(ClientDisconnect):
                await self._start(500, body, "application/json")
                await self.send({"type": "http.response.body", "body": body})
        elif not self._is_complete:
            self.scope["state"]["abort"]()

    async def _start(self, status: int, body: bytes, media_type: str) -> None:
        headers = {"content-type": media_type, "content-length": str(len(body)), "connection": "close"}
        if status in RETRY_LATER:
            headers["retry-after"] = "1"
        if status == 401:
            headers["www-authenticate"] = "Bearer"
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
        headers.setdefault("referrer-policy", "no-referrer")
        headers.setdefault("content-security-policy", "default-src 'none'; media-src 'self'; frame-ancestors 'none'")
        headers.setdefault("cache-control", "no-store")
        if "content-length" not in headers:
            headers["x-accel-buffering"] = "no"  # nginx and others would hold speech back until all of it is there
        # Pages of others get no sound from us by an address, which carries nothing that would tell of them.
        headers.setdefault("cross-origin-resource-policy", "cross-origin" if self._settings.origins else "same-origin")
        add_leave(self.scope, headers, self._settings)
