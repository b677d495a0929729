"""Everything that leaves one connection: answers at once, speech in order and no earlier than it is due.

Only `Outbox.run` sends. What answers a message overtakes all that is bound to a place in the speech; each context has
a `Channel` of its own for that. A full channel makes its context wait, and so the engine: that is all the flow control
there is.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from protocol.answers import (
    Answer,
    Applied,
    Cancelled,
    Direct,
    Done,
    Error,
    Farewell,
    Flushed,
    Notice,
    Segment,
    SegmentEnd,
)
from protocol.frames import FrameFlags
from protocol.messages import Framing
from tts_server.transports.websocket_frames import Sound, as_message
from tts_server.transports.websocket_pacing import AT_ONCE, NOT_YET, Pacer

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_ANSWERS: Final = 2000  # waiting for a peer that asks and does not read
UNDERRUN_S: Final = 0.05


class PeerGone(Exception):
    """The connection is lost."""


class PeerStalled(Exception):
    """The peer takes no data."""


class Closed(Exception):
    """We have said goodbye and closed."""


class Channel:
    """What one context has to say, in order."""

    def __init__(
        self, ctx: str, pacer: Pacer, max_samples: int, changed: Callable[[], None], on_done: Callable[[], None]
    ) -> None:
        """changed: called when there may be something to send; on_done: when the context's `done` is sent."""
        self.ctx = ctx
        self.pacer = pacer
        self.on_done = on_done
        self.sent_samples = self.sent_segments = 0
        self._max_samples = max_samples
        self._changed = changed
        self._items: deque[Sound | Answer] = deque()
        self._waiting_samples = 0
        self._has_room = asyncio.Event()
        self._in_segment = False  # one has been begun and not ended on the wire
        self._is_muted = False

    @property
    def samples(self) -> int:
        """Of all audio sent, and of what will be."""
        return self.sent_samples + self._waiting_samples

    @property
    def segments(self) -> int:
        """Segments sent, and those that will be."""
        return self.sent_segments + sum(isinstance(item, Segment) for item in self._items)

    async def put(self, item: Sound | Answer) -> None:
        """Say this next. Waits while much audio waits to be due."""
        while isinstance(item, Sound) and self._waiting_samples >= self._max_samples:
            self._has_room.clear()
            await self._has_room.wait()
        self.put_last(item)

    def put_last(self, item: Sound | Answer) -> None:
        """Say this next; nothing but the end is taken after `mute`."""
        if self._is_muted and not isinstance(item, Cancelled | Error | Done):
            return
        self._items.append(item)
        if isinstance(item, Sound):
            self._waiting_samples += item.samples
        self._changed()

    def mute(self) -> list[Direct]:
        """Drop all that has not been sent, and what may still come. Returns the answers among it."""
        return self._keep(0)

    def _keep(self, count: int) -> list[Direct]:
        """Keep the first `count` items and errors, drop the others, take only the end from now on."""
        items, self._items = list(self._items), deque()
        dropped: list[Direct] = []
        for index, item in enumerate(items):
            if index < count or isinstance(item, Error):
                self._items.append(item)
            elif isinstance(item, Applied | Flushed):
                dropped.append(item)
        self._is_muted = True
        self._waiting_samples = sum(item.samples for item in self._items if isinstance(item, Sound))
        self._has_room.set()
        return dropped

    def mute_after_segment(self) -> list[Direct] | None:
        """As `mute`, behind the segment that is being sent. None: its end is not here yet, nothing has been done."""
        if not self._in_segment:
            return self.mute()
        ends = [index for index, item in enumerate(self._items) if isinstance(item, SegmentEnd)]
        return self._keep(ends[0] + 1) if ends else None

    def due_at(self) -> float:
        """When the next item may be sent; NOT_YET if there is none."""
        if not self._items:
            return NOT_YET
        item = self._items[0]
        return self.pacer.due_at(item.position) if isinstance(item, Sound) else AT_ONCE

    def take(self) -> Sound | Answer:
        """The next item, which counts as sent."""
        item = self._items.popleft()
        match item:
            case Sound():
                self._waiting_samples -= item.samples
                self.sent_samples += item.samples
                self._has_room.set()
            case Segment():
                self.sent_segments += 1
                self._in_segment = True
            case SegmentEnd():
                self._in_segment = False
        return item


class Outbox:
    """The one writer of a connection."""

    def __init__(self, send: Send, write_stall_s: float) -> None:
        self.framing: Framing = "header16"
        self._send = send
        self._write_stall_s = write_stall_s
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

    def close(self, farewell: Farewell, code: int) -> None:
        """Say the answers that wait, then goodbye. Speech that waits is dropped."""
        self._close = self._close or (farewell, code)
        self._changed.set()

    def open(self, ctx: str, pacer: Pacer, max_samples: int, on_done: Callable[[], None]) -> Channel:
        """A channel for a new context."""
        channel = Channel(ctx, pacer, max_samples, self._changed.set, on_done)
        self._channels.append(channel)
        return channel

    def drop(self, ctx: str) -> None:
        """Forget the channel of a context that came to nothing."""
        self._channels = deque(channel for channel in self._channels if channel.ctx != ctx)

    def wake(self) -> None:
        """Something may be due that was not."""
        self._changed.set()

    async def run(self) -> None:
        """Send until the end. Raises Closed, PeerGone or PeerStalled."""
        while True:
            self._changed.clear()
            if self._answers:
                await self._send_text(self._answers.popleft().to_json())
            elif self._close is not None:
                await self._say_goodbye(*self._close)
            else:
                await self._speak()

    async def _speak(self) -> None:
        """Send the next item that is due, or wait for one."""
        now = asyncio.get_running_loop().time()
        due = [(channel.due_at(), channel) for channel in self._speakers()]
        channel = next((channel for due_at, channel in due if due_at <= now), None)
        if channel is not None:
            await self._send_item(channel, channel.take(), now)
            return
        next_at = min((due_at for due_at, _ in due), default=NOT_YET)
        try:
            async with asyncio.timeout_at(None if next_at == NOT_YET else next_at):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _speakers(self) -> list[Channel]:
        return list(self._channels) if self._holder is None else [self._holder]

    async def _send_item(self, channel: Channel, item: Sound | Answer, now: float) -> None:
        self._channels.remove(channel)
        if isinstance(item, Done):
            self._holder = None if self._holder is channel else self._holder
        else:
            self._channels.append(channel)
            if self.framing == "raw" and isinstance(item, Segment):
                self._holder = channel
        if isinstance(item, Sound):
            self._pace(channel, item, now)
            message = as_message(item.frame, channel.ctx, self.framing)
            await (self._send_text(message) if isinstance(message, str) else self._send_bytes(message))
        else:
            await self._send_text(item.to_json())
        if isinstance(item, Done):
            channel.on_done()

    def _pace(self, channel: Channel, sound: Sound, now: float) -> None:
        dry_s = channel.pacer.sent(sound.position, now)
        if dry_s > UNDERRUN_S and not sound.frame.flags & FrameFlags.FIRST:
            text = "speech is made more slowly than it is played"
            self.say(Notice(code="underrun", message=text, ctx=channel.ctx, behind_ms=round(1000 * dry_s)))

    async def _say_goodbye(self, farewell: Farewell, code: int) -> None:
        await self._send_text(farewell.to_json())
        await self._transmit({"type": "websocket.close", "code": code, "reason": farewell.reason})
        raise Closed

    async def _send_text(self, text: str) -> None:
        await self._transmit({"type": "websocket.send", "text": text})

    async def _send_bytes(self, message: bytes) -> None:
        await self._transmit({"type": "websocket.send", "bytes": message})

    async def _transmit(self, message: MutableMapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._write_stall_s):
                await self._send(message)
        except TimeoutError:
            raise PeerStalled from None
        except OSError:
            raise PeerGone from None
