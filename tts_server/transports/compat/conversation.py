"""One WebSocket of a client made for another engine: it is listened to, spoken to, and ends whatever happens."""

import asyncio
import json
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from protocol.errors import CloseCode
from tts_server.transports.asgi_socket import Closed, PeerGone, PeerStalled, Socket
from tts_server.transports.compat.account import Account
from tts_server.transports.compat.settings import CompatSettings
from tts_server.transports.compat.turn import Listener, Turn
from tts_server.transports.message_rate import RateLimit

log = logging.getLogger(__name__)

_GOODBYE_S: Final = 1.0
_MAX_TURNS: Final = 8  # of which all but one are being stopped
POLICY: Final = 1008


class Garbled(Exception):
    """A message that is none of the protocol. Says what is wrong."""


class Conversation(ABC):
    """Runs at most one turn at a time; a new one, and a closed socket, stop the one before."""

    def __init__(self, socket: Socket, account: Account, settings: CompatSettings) -> None:
        self.socket = socket
        self.account = account
        self._idle_s = settings.idle_s
        self._rate = RateLimit(settings.messages_per_s, 2 * settings.messages_per_s)
        self._turns: set[Turn] = set()  # not yet told to their ends
        self._tasks: asyncio.TaskGroup
        self._is_leaving = False
        self._woken = asyncio.Event()

    @abstractmethod
    async def take(self, message: str | bytes) -> None:
        """Do what a message says. Raises Garbled, Closed."""

    async def run(self) -> None:
        """Serve until the client leaves, or has said and heard nothing for long."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self.socket.watch())
                self._tasks.create_task(self._leave_when_done())
                await self._listen()
        except* (PeerGone, Closed):
            pass
        except* PeerStalled:
            log.warning("the client took no data and is given up (slow_reader)")
            self.socket.abort()
        except* Garbled as group:
            log.info("the client is not understood: %s", group.exceptions[0])
            await self._say_goodbye(POLICY, str(group.exceptions[0]))
        finally:
            for turn in self._turns:
                turn.close()

    def drain(self) -> None:
        """Say goodbye as soon as nothing is being said."""
        self._is_leaving = True
        self._woken.set()

    def begin(self, turn: Turn, listener: Listener) -> None:
        """Let a turn be heard. Raises Garbled when those that were stopped pile up."""
        if len(self._turns) >= _MAX_TURNS:
            turn.close()
            raise Garbled(f"{_MAX_TURNS} turns have been begun and not ended")
        self._turns.add(turn)
        self._tasks.create_task(self._speak(turn, listener))

    async def say(self, answer: Mapping[str, Any]) -> None:
        """Send an answer as JSON text."""
        await self.socket.send(json.dumps(answer, ensure_ascii=False))

    async def leave(self, code: int = 1000, reason: str = "") -> None:
        """Close. Raises Closed."""
        await self.socket.close(code, reason)
        raise Closed

    async def _speak(self, turn: Turn, listener: Listener) -> None:
        try:
            await turn.run(listener)
        finally:
            self._turns.discard(turn)
            self._woken.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._idle_s):
                    message = await self.socket.receive()
            except TimeoutError:
                if not self._turns:
                    await self.leave(CloseCode.IDLE, "idle")
                continue
            # These protocols cannot tell a client to slow down, and a piece of text that is dropped is missed.
            if wait_s := self._rate.wait_s(asyncio.get_running_loop().time()):
                await asyncio.sleep(wait_s)
            await self.take(message)

    async def _leave_when_done(self) -> None:
        while not (self._is_leaving and not self._turns):
            self._woken.clear()
            await self._woken.wait()
        await self.leave(CloseCode.GOING_AWAY, "the server stops")

    async def _say_goodbye(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self.socket.close(code, reason[:100])
        except TimeoutError:
            self.socket.abort()


def object_in(message: str | bytes) -> dict[str, Any]:
    """The JSON object of a text message. Raises Garbled."""
    try:
        found = json.loads(message) if isinstance(message, str) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Garbled("a message is a JSON object in a text frame")
    return found


def section(found: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """An object inside; an empty one for what is not there or is none."""
    inner: Any = found
    for name in path:
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return inner if isinstance(inner, dict) else {}


def number(found: Mapping[str, Any], name: str, otherwise: float = 0.0) -> float:
    """A finite number of a client's message; `otherwise` for what is none: Python's JSON knows NaN and Infinity."""
    value = found.get(name)
    try:
        told = otherwise if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return told if math.isfinite(told) else otherwise


def words(found: Mapping[str, Any], name: str) -> str:
    """A text of a client's message, without halves of surrogate pairs; empty for what is none."""
    value = found.get(name)
    return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else ""
