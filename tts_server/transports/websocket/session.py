"""One WebSocket session, which outlives its connection for a while, so that a client that lost it may come back.

AUTH (no token shown yet), READY and DRAINING are the dialogue's; DETACHED, without a connection, is here.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from protocol import messages
from protocol.errors import CloseCode
from tts_server.transports.asgi_socket import Closed, PeerGone, PeerStalled, Socket
from tts_server.transports.websocket.dialogue import ComesBack, Dialogue
from tts_server.transports.websocket.settings import WebSocketSettings

log = logging.getLogger(__name__)

_GOODBYE_S: Final = 1.0  # for a socket that a client has left for another one
_LONG_CHARS: Final = 500  # a message that takes a millisecond to read


class _Superseded(Exception):
    """The client has come back over another socket."""


@dataclass(frozen=True, slots=True)
class _Return:
    """A client that comes back."""

    socket: Socket
    hello: messages.Hello
    is_over: asyncio.Event = field(default_factory=asyncio.Event)


class Session:
    """Runs one dialogue over one socket after the other."""

    def __init__(self, dialogue: Dialogue, settings: WebSocketSettings, may_detach: Callable[[], bool]) -> None:
        """may_detach: whether one more session without a connection can be kept."""
        self.dialogue = dialogue
        self._settings = settings
        self._may_detach = may_detach
        self._return: _Return | None = None
        self._woken = asyncio.Event()  # the client is back, or nobody waits for it any longer
        self._is_dismissed = False
        self.is_detached = False

    async def run(self, socket: Socket) -> None:
        """Serve the client over this socket and those it comes back with, until it leaves or is sent away."""
        moved: ComesBack | None = None
        try:
            async with asyncio.TaskGroup() as self.dialogue.contexts.tasks:
                await self._converse(socket)
                while (back := await self._await_return()) is not None:
                    self.dialogue.come_back(back.hello)
                    try:
                        await self._converse(back.socket)
                    finally:
                        back.is_over.set()
                raise Closed  # those who still speak end
        except* Closed:
            pass
        except* ComesBack as group:
            moved = _first(group)
        finally:
            self._is_dismissed = True
            self.dialogue.close()
            if self._return is not None:
                self._return.is_over.set()
        if moved is not None:
            await moved.session.take_over(socket, moved.hello)

    async def take_over(self, socket: Socket, hello: messages.Hello) -> None:
        """Go on over this socket; returns when that is over."""
        if not self._is_dismissed:
            back = self._return = _Return(socket, hello)
            self._woken.set()
            await back.is_over.wait()

    def drain(self) -> None:
        """Take no new contexts; say goodbye when those alive are done. Nobody can come back any more."""
        self._is_dismissed = True
        self.dialogue.drain()
        if self.is_detached:
            self._woken.set()

    def shut(self) -> None:
        """Stop all contexts and say goodbye."""
        self.dialogue.contexts.stop("shutdown")
        self.drain()

    async def _converse(self, socket: Socket) -> None:
        """Talk until the socket is over. Raises Closed when nothing is to come after it, ComesBack."""
        may_return, moved = False, None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.dialogue.outbox.run(socket), name="outbox")
                tasks.create_task(socket.watch(), name="stall")
                tasks.create_task(self._watch(), name="return")
                await self._listen(socket)
        except* PeerGone as group:
            may_return = all(error.is_lost for error in group.exceptions if isinstance(error, PeerGone))
        except* _Superseded:
            may_return = True
            await _close(socket)
        except* PeerStalled:
            log.warning("the client took no data and is given up (slow_reader)")
            socket.abort()
        except* ComesBack as group:
            moved = _first(group)
        except* Closed:
            pass
        if moved is not None:
            raise moved
        if not may_return:
            raise Closed

    async def _await_return(self) -> _Return | None:
        """DETACHED: the client, if it comes back in time."""
        if self._return is None:
            if self._is_dismissed or not self.dialogue.can_be_resumed or not self._may_detach():
                return None
            log.info("the connection is lost; the session is kept for %g s", self._settings.resume_s)
            self.is_detached = True
            try:
                async with asyncio.timeout(self._settings.resume_s):
                    await self._woken.wait()
            except TimeoutError:
                log.info("the client did not come back")
            finally:
                self.is_detached = False
        back, self._return = self._return, None
        self._woken.clear()
        return back

    async def _listen(self, socket: Socket) -> None:
        loop = asyncio.get_running_loop()
        auth_ends_at = loop.time() + self._settings.auth_timeout_s
        while True:
            is_known = self.dialogue.principal is not None
            try:
                async with asyncio.timeout_at(loop.time() + self._settings.idle_s if is_known else auth_ends_at):
                    message = await socket.receive()
            except TimeoutError:
                self.dialogue.be_idle()
                auth_ends_at = loop.time() + self._settings.auth_timeout_s
                continue
            self.dialogue.take(message)
            if len(message) > _LONG_CHARS:
                await asyncio.sleep(0)  # a whole book may be here already, message by message

    async def _watch(self) -> None:
        await self._woken.wait()
        raise _Superseded


def _first(group: BaseExceptionGroup[ComesBack]) -> ComesBack:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _close(socket: Socket) -> None:
    """Say goodbye to a socket that may be dead."""
    try:
        async with asyncio.timeout(_GOODBYE_S):
            await socket.close(CloseCode.RESUMED, "resumed elsewhere")
    except TimeoutError:
        socket.abort()
