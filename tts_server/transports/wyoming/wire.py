"""The socket of one Wyoming client: bounded waits, whole events, and a close that lets the last words arrive."""

import asyncio
import contextlib
import socket
import struct
from typing import Final

from wyoming.event import Event

from protocol.proxy_protocol import may_begin, parse_header
from protocol.wyoming import encode_event

_READ_BYTES: Final = 64 * 1024
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)  # struct linger: on, 0 s
_ORDERLY_CLOSE: Final = struct.pack("ii", 0, 0)
_LINGER_S: Final = 1.0  # for a peer to take in an error before the connection is reset


class Wire:
    """Reads bytes and writes events. Writing from several tasks is safe: each event is handed over whole."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, write_stall_s: float) -> None:
        self._reader = reader
        self._writer = writer
        self._write_stall_s = write_stall_s
        self._early = b""  # read already

    @property
    def is_waiting_for_peer(self) -> bool:
        """Whether the peer has yet to take what was written."""
        return self._writer.transport.get_write_buffer_size() > 0

    async def introduction(self, deadline: float) -> str | None:
        """Whom a proxy speaks for, if it begins by saying so. Raises ProxyHeaderInvalid, TimeoutError at `deadline`."""
        while may_begin(self._early):
            if (header := parse_header(self._early)) is not None:
                self._early = self._early[header.size :]
                return header.address
            async with asyncio.timeout_at(deadline):
                received = await self._reader.read(_READ_BYTES)
            if not received:
                break
            self._early += received
        return None

    async def receive(self, deadline: float) -> bytes:
        """What the peer sent; empty at the end of its input. Raises TimeoutError at `deadline` (loop time)."""
        if self._early:
            early, self._early = self._early, b""
            return early
        async with asyncio.timeout_at(deadline):
            try:
                return await self._reader.read(_READ_BYTES)
            except TimeoutError:  # the socket's own ETIMEDOUT; ours arrives here as a cancellation
                raise ConnectionAbortedError("the client cannot be reached any longer") from None

    async def send(self, event: Event | bytes) -> None:
        """Write an event, or one that is encoded already. Raises ConnectionError, also when the peer takes nothing."""
        self._writer.write(event if isinstance(event, bytes) else encode_event(event))
        try:
            async with asyncio.timeout(self._write_stall_s):
                await self._writer.drain()
        except TimeoutError:
            raise ConnectionAbortedError(f"the client took no audio for {self._write_stall_s:g} s") from None

    def set_unfinished(self, is_unfinished: bool) -> None:
        """While an answer is unfinished, the connection can only end with a reset, even if this process is killed.

        Home Assistant takes the end of a connection for the end of the speech, and would keep half of it in its cache.
        """
        connected = self._writer.get_extra_info("socket")
        if connected is not None and connected.family in (socket.AF_INET, socket.AF_INET6):
            with contextlib.suppress(OSError):  # it is gone already
                linger = _RESET_ON_CLOSE if is_unfinished else _ORDERLY_CLOSE
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async def finish(self) -> None:
        """Close after the peer has read what was written, or has had its time to."""
        with contextlib.suppress(OSError):
            async with asyncio.timeout(self._write_stall_s):
                self._writer.close()
                await self._writer.wait_closed()
        self.abort()

    async def linger(self) -> None:
        """Close in the middle of the peer's input: unread bytes would reset the connection and lose our last words."""
        with contextlib.suppress(OSError):
            async with asyncio.timeout(_LINGER_S):
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                while await self._reader.read(_READ_BYTES):
                    pass
        await self.finish()

    def abort(self) -> None:
        """Close at once; what was not sent yet is dropped. May be repeated."""
        self._writer.transport.abort()
