"""What one context has to say, in order, and what it has said lately: a client that lost its connection asks again."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from protocol.answers import Answer, Applied, Cancelled, Direct, Done, Error, Flushed, Segment, SegmentEnd
from protocol.frames import FrameFlags
from tts_server.transports.websocket.frames import Sound
from tts_server.transports.websocket.pacing import AT_ONCE, NOT_YET, Pacer

Item = Sound | Answer
ANSWER_BYTES: Final = 300  # about what an answer weighs among the items kept


class Channel:
    """The queue of one context's frames and messages."""

    def __init__(
        self, ctx: str, pacer: Pacer, max_samples: int, changed: Callable[[], None], on_done: Callable[[], None]
    ) -> None:
        """changed: called when there may be something to send; on_done: when the context's `done` is sent."""
        self.ctx = ctx
        self.pacer = pacer
        self.on_done = on_done
        self.sent_samples = self.sent_segments = 0
        self.kept: deque[Item] = deque()  # sent, and perhaps not received
        self._next_seq = 0
        self._max_samples = max_samples
        self._changed = changed
        self._items: deque[Item] = deque()
        self._waiting_samples = 0
        self._has_room = asyncio.Event()
        self._in_segment = False  # one has been begun and not ended on the wire
        self._is_muted = False
        self._fade: Sound | None = None  # the last of what was muted; it waits for nothing

    @property
    def samples(self) -> int:
        """Of all audio sent, and of what will be."""
        return self.sent_samples + self._waiting_samples

    @property
    def segments(self) -> int:
        """Segments sent, and those that will be."""
        return self.sent_segments + sum(isinstance(item, Segment) for item in self._items)

    async def put(self, item: Item) -> None:
        """Say this next. Waits while much audio waits to be due."""
        while isinstance(item, Sound) and self._waiting_samples >= self._max_samples:
            self._has_room.clear()
            await self._has_room.wait()
        self.put_last(item)

    def put_last(self, item: Item) -> None:
        """Say this next; nothing but the end is taken after `mute`."""
        if self._is_muted and not isinstance(item, Cancelled | Error | Done):
            return
        self._items.append(item)
        if isinstance(item, Sound):
            self._waiting_samples += item.samples
        self._changed()

    @property
    def next_sound(self) -> Sound | None:
        """What is heard next of what waits."""
        return next((item for item in self._items if isinstance(item, Sound)), None)

    def mute(self, fade: Sound | None = None) -> list[Direct]:
        """Drop all that has not been sent, and what may still come. Returns the answers among it.

        fade: in place of what would have been heard next; it is sent at once.
        """
        dropped = self._keep(0)
        if fade is not None and self.sent_samples:
            self._fade = fade
            self._items.appendleft(fade)
            self._waiting_samples = fade.samples
            self._changed()
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
        return self.pacer.due_at(item.position) if isinstance(item, Sound) and item is not self._fade else AT_ONCE

    def take(self) -> Item:
        """The next item, which counts as sent."""
        item = self._items.popleft()
        match item:
            case Sound():
                self._waiting_samples -= item.samples
                self.sent_samples += item.samples
                self._next_seq = item.frame.seq + 1
                self._has_room.set()
                return item.coded()
            case Segment():
                self.sent_segments += 1
                self._in_segment = True
            case SegmentEnd():
                self._in_segment = False
        return item

    def rewind(self, seq: int) -> int:
        """Say again what followed the frame before `seq`, as far as it is kept. Returns the `seq` that comes next."""
        while self.kept and not _is_before(self.kept[-1], seq):
            self._untake(self.kept.pop())
        first = next((item for item in self._items if isinstance(item, Sound)), None)
        next_seq = self._next_seq if first is None else first.frame.seq
        if first is not None and next_seq > seq:
            flags = first.frame.flags | FrameFlags.DISCONTINUITY
            self._items[self._items.index(first)] = replace(first, frame=replace(first.frame, flags=flags))
        self._changed()
        return next_seq

    def _untake(self, item: Item) -> None:
        if self._is_muted and not isinstance(item, Done):
            return  # the client has been told that nothing of it follows
        self._items.appendleft(item)
        match item:
            case Sound():
                self._waiting_samples += item.samples
                self.sent_samples -= item.samples
                self._next_seq = item.frame.seq
            case Segment():
                self.sent_segments -= 1
                self._in_segment = False
            case SegmentEnd():
                self._in_segment = True

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


class Replay:
    """Keeps what a connection has sent lately, so much and no more, for a client that comes back."""

    def __init__(self, max_bytes: int, max_s: float) -> None:
        self._max_bytes = max_bytes
        self._max_s = max_s
        self._order: deque[tuple[float, int, Channel]] = deque()  # when sent, bytes, by whom; oldest first
        self._bytes = 0

    def keep(self, channel: Channel, item: Item, now: float) -> None:
        """The item has just been sent."""
        size = len(item.frame.payload) if isinstance(item, Sound) else ANSWER_BYTES
        channel.kept.append(item)
        self._order.append((now, size, channel))
        self._bytes += size
        while self._order and (self._bytes > self._max_bytes or self._order[0][0] < now - self._max_s):
            _, size, oldest = self._order.popleft()
            self._bytes -= size
            if oldest.kept:
                oldest.kept.popleft()

    def settle(self, channels: list[Channel], now: float) -> None:
        """Start counting anew, with what these channels still keep."""
        self._order.clear()
        self._bytes = 0
        for channel in channels:
            items, channel.kept = channel.kept, deque()
            for item in items:
                self.keep(channel, item, now)


def _is_before(item: Item, seq: int) -> bool:
    return isinstance(item, Sound) and item.frame.seq < seq
