"""One WebSocket as a conversation sees it: messages in and out, and three ways to end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from protocol.errors import ErrorCode
from protocol.http_api import error_json

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class PeerGone(Exception):
    """The connection is over. `is_lost`: the peer did not say goodbye, and may come back."""

    def __init__(self, is_lost: bool) -> None:
        super().__init__("lost" if is_lost else "closed")
        self.is_lost = is_lost


class PeerStalled(Exception):
    """The peer takes no data."""


class Closed(Exception):
    """We have said goodbye and closed."""


_RETRY_LATER: Final = (429, 503)
_LOOK_S: Final = 0.5  # between two looks at a peer that may be stuck

# A client that says one of these leaves against its will: a page that is reloaded, a box that restarts.
_LOST_CODES: Final = (1001, 1006, 1011, 1012, 1013)


class Socket:
    """An accepted WebSocket of an ASGI server."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        abort: Callable[[], None],
        is_gone: Callable[[], bool],
        write_stall_s: float,
    ) -> None:
        """is_gone: whether nothing written is sent any more; known before `receive` tells it."""
        self._receive = receive
        self._is_gone = is_gone
        self._send = send
        self._write_stall_s = write_stall_s
        self._sending_since: float | None = None
        self.abort = abort  # cuts the connection with a reset

    async def receive(self) -> str | bytes:
        """The next message of the peer. Raises PeerGone."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            # Without a close frame uvicorn gives no reason, not even an empty one.
            raise PeerGone(is_lost="reason" not in event or event["code"] in _LOST_CODES)
        text: str | None = event.get("text")
        data: bytes = event.get("bytes") or b""
        return data if text is None else text

    async def watch(self) -> None:
        """Raises PeerStalled when the peer takes nothing for too long. Cheaper than a timeout around each message."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(min(self._write_stall_s / 4, _LOOK_S))
            if self._sending_since is not None and loop.time() - self._sending_since > self._write_stall_s:
                raise PeerStalled

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits for a slow peer."""
        await self._transmit({"type": "websocket.send", "text" if isinstance(message, str) else "bytes": message})

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame; waits for a slow peer."""
        await self._transmit({"type": "websocket.close", "code": code, "reason": reason})

    async def _transmit(self, event: MutableMapping[str, Any]) -> None:
        if self._is_gone():
            await _end_is_told()
        self._sending_since = asyncio.get_running_loop().time()
        try:
            await self._send(event)
        except (OSError, RuntimeError):  # RuntimeError: the ASGI server has closed by itself, over a broken frame
            self._sending_since = None
            await _end_is_told()
        finally:
            self._sending_since = None


async def _end_is_told() -> None:
    """Wait: `receive` is about to tell how the connection ended, and ends this too."""
    await asyncio.Event().wait()


async def refuse(send: Send, status: int, code: ErrorCode, message: str) -> None:
    """Answer a handshake with an HTTP error."""
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if status in _RETRY_LATER:
        headers.append((b"retry-after", b"1"))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": error_json(code, message)})
