"""HAProxy's agent-check: whoever connects is told in one line how much room there is, and the connection ends.

The words are HAProxy's. "up 34%" makes a weight of 34 of a server's 100: the box has room for 34 texts, as measured.
How many of them are taken HAProxy knows better, by its connections: an answer is up to a second old, and a weight of
what is free would send all who come in that second to the box that was emptiest at its start. It never becomes 0: then
nobody would be sent here. What "drain" and "maint" have set holds until "ready" is said, by the next process too; but
"ready" also undoes what an operator has set by hand: it is said at first only.
"""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from typing import Final

from tts_server.access.networks import Network, is_allowed
from tts_server.synthesis.synthesizer import Synthesizer

_READY_S: Final = 30.0  # for which it is said that what was set before is over
_MOST: Final = 256  # HAProxy knows no greater weight
_PATIENCE_S: Final = 1.0  # for the peer to read a line and go
_MAX_ASKED_BYTES: Final = 256  # of what a balancer may be told to send first (agent-send)


class AgentCheck:
    """A port that tells of the load."""

    def __init__(self, synthesizer: Synthesizer, networks: Sequence[Network]) -> None:
        """networks: whose addresses get an answer."""
        self._synthesizer = synthesizer
        self._networks = networks
        self._servers: list[asyncio.Server] = []
        self._up_since: float | None = None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Answer from now on. The sockets are closed by `close`."""
        for listening in sockets:
            self._servers.append(await asyncio.start_server(self._answer, sock=listening))

    def reconfigure(self, networks: Sequence[Network]) -> None:
        """Other networks, for whoever asks from now on."""
        self._networks = networks

    def close(self) -> None:
        """Answer nobody any more."""
        for server in self._servers:
            server.close()

    def told(self) -> str:
        """The line."""
        if (why_not := self._why_not()) is not None:
            self._up_since = None
            return why_not
        now = asyncio.get_running_loop().time()
        self._up_since = self._up_since or now
        state = "ready up" if now - self._up_since < _READY_S else "up"
        return f"{state} {self._weight()}%"

    def _weight(self) -> int:
        """How many texts fit, in the voice that takes most; all the weight while none is measured."""
        return max(1, min(_MOST, *room.values())) if (room := self._synthesizer.figures.room) else 100

    def _why_not(self) -> str | None:
        if self._synthesizer.is_draining:
            return "drain"
        if self._synthesizer.trouble is not None:
            return "maint"
        return None if self._synthesizer.is_ready else "down #no voice is ready to speak"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not is_allowed(str(writer.get_extra_info("peername")[0]), self._networks):
                return
            async with asyncio.timeout(_PATIENCE_S):
                writer.write(self.told().encode("ascii") + b"\n")
                writer.write_eof()
                await reader.read(_MAX_ASKED_BYTES)  # closing on unread bytes would reset, and the line be lost
        except (OSError, TimeoutError):
            pass
        finally:
            with contextlib.suppress(OSError):
                writer.close()
