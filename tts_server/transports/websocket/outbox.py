"""Everything that leaves one connection: answers at once, speech in order and no earlier than it is due.

Only `Outbox.run` sends. What answers a message overtakes all that is bound to a place in the speech; each context has
a `Channel` of its own for that. A full channel makes its context wait, and so the engine: that is all the flow control
there is.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from protocol.answers import Answer, Done, Farewell, Notice, Segment
from protocol.fields import Framing
from protocol.frames import FrameFlags
from tts_server.transports.asgi_socket import Closed, PeerStalled, Socket
from tts_server.transports.websocket.channel import Channel, Item, Replay
from tts_server.transports.websocket.frames import Sound, as_message
from tts_server.transports.websocket.pacing import NOT_YET, Pacer

MAX_ANSWERS: Final = 2000  # waiting for a peer that asks and does not read
UNDERRUN_S: Final = 0.05
EARLY_S: Final = 0.005  # so that frames of several contexts leave together, and one wait does for all


class Outbox:
    """The one writer of a conversation; it outlives the socket it writes to."""

    def __init__(self) -> None:
        self.framing: Framing = "header16"
        self.replay: Replay | None = None  # only where the client may come back
        self._answers: deque[Answer] = deque()
        self._channels: deque[Channel] = deque()  # who was served last stands last
        self._holder: Channel | None = None  # with `raw`, frames do not tell whose they are: one speaks at a time
        self._changed = asyncio.Event()
        self._close: tuple[Farewell, int] | None = None

    @property
    def is_closing(self) -> bool:
        """Whether nothing more will be said but what waits."""
        return self._close is not None

    def say(self, answer: Answer) -> None:
        """Send an answer, ahead of all speech. Raises PeerStalled when a peer asks on and on and reads nothing."""
        if len(self._answers) >= MAX_ANSWERS:
            raise PeerStalled
        self._answers.append(answer)
        self._changed.set()

    def say_first(self, answer: Answer) -> None:
        """Send an answer ahead of all others: the `ready` of a client that has come back."""
        self._answers.appendleft(answer)
        self._changed.set()

    def close(self, farewell: Farewell, code: int) -> None:
        """Say the answers that wait, then goodbye. Speech that waits is dropped."""
        self._close = self._close or (farewell, code)
        self._changed.set()

    def open(self, ctx: str, pacer: Pacer, max_samples: int, on_done: Callable[[], None]) -> Channel:
        """A channel for a new context."""
        channel = Channel(ctx, pacer, max_samples, self._changed.set, on_done)
        self._channels.append(channel)
        return channel

    def add(self, channel: Channel) -> None:
        """Speak for this channel, if that is not done already."""
        if channel not in self._channels:
            self._channels.append(channel)

    def drop(self, channel: Channel) -> None:
        """Forget a channel with all that waits in it."""
        if channel in self._channels:
            self._channels.remove(channel)
        self._holder = None if self._holder is channel else self._holder

    def wake(self) -> None:
        """Something may be due that was not."""
        self._changed.set()

    async def run(self, socket: Socket) -> None:
        """Send until the end. Raises Closed or PeerStalled."""
        while True:
            self._changed.clear()
            if self._answers:
                await socket.send(self._answers.popleft().to_json())
            elif self._close is not None:
                farewell, code = self._close
                await socket.send(farewell.to_json())
                await socket.close(code, farewell.reason)
                raise Closed
            else:
                await self._speak(socket)

    async def _speak(self, socket: Socket) -> None:
        """Send the next item that is due, or wait for one."""
        now = asyncio.get_running_loop().time()
        next_at = NOT_YET
        for channel in self._channels if self._holder is None else (self._holder,):
            due_at = channel.due_at()
            if due_at <= now + EARLY_S:
                await self._send_item(socket, channel, now)
                return
            next_at = min(next_at, due_at)
        try:
            async with asyncio.timeout_at(None if next_at == NOT_YET else next_at):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _send_item(self, socket: Socket, channel: Channel, now: float) -> None:
        item = channel.take()
        self._give_way(channel, item)
        if self.replay is not None:
            self.replay.keep(channel, item, now)
        if isinstance(item, Sound):
            self._pace(channel, item, now)
            await socket.send(as_message(item.frame, channel.ctx, self.framing))
        else:
            await socket.send(item.to_json())
        if isinstance(item, Done):
            channel.on_done()

    def _give_way(self, channel: Channel, item: Item) -> None:
        """Let the others go first after this item."""
        self._channels.remove(channel)
        if isinstance(item, Done):
            self._holder = None if self._holder is channel else self._holder
            return
        self._channels.append(channel)
        if self.framing == "raw" and isinstance(item, Segment):
            self._holder = channel

    def _pace(self, channel: Channel, sound: Sound, now: float) -> None:
        dry_s = channel.pacer.sent(sound.position, now)
        if dry_s > UNDERRUN_S and not sound.frame.flags & FrameFlags.FIRST:
            text = "speech is made more slowly than it is played"
            self.say(Notice(code="underrun", message=text, ctx=channel.ctx, behind_ms=round(1000 * dry_s)))
