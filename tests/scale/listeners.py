"""Listeners who ask over HTTP, one text after the other, and what they met. Each text is another one."""

import asyncio
import json
import time
from dataclasses import dataclass, field

RATE = 16_000
PAUSE_S = 0.05  # before a listener who was refused asks again
_HEAD = b"POST /api/tts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")


@dataclass
class Seen:
    """What listeners met."""

    texts: int = 0
    audio_s: float = 0.0
    first_s: list[float] = field(default_factory=list)
    asked_at: list[float] = field(default_factory=list)  # when each of these was asked for
    stalls: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # before anything was heard, by what was seen
    cut: dict[str, int] = field(default_factory=dict)  # after something was

    def fail(self, what: str, is_heard: bool = False) -> None:
        """Count a text that failed."""
        failed = self.cut if is_heard else self.refused
        failed[what] = failed.get(what, 0) + 1

    @property
    def errors(self) -> str:
        """In words."""
        told = [f"{count} x {what}" for what, count in self.refused.items()]
        told += [f"{count} cut short ({what})" for what, count in self.cut.items()]
        return ", ".join(told) or "none"


def text_of(number: int, count: int) -> str:
    """40 characters that nobody else asks for."""
    digits = f"{number:04d}{count:04d}".translate(_DIGITS)
    return f"{digits}号听众，今天天气不错，我们出去走走，晚上再回家吃饭，好好休息吧。"


async def load(port: int, listeners: int, seen: Seen, seconds: float) -> None:
    """So many of them, for so long; then each hears its last text to the end."""
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        for number in range(listeners):
            tasks.create_task(listen(port, number, seen, until))


async def listen(port: int, number: int, seen: Seen, until: float) -> None:
    """One text after the other until the time has come."""
    count = 0
    while time.monotonic() < until:
        count += 1
        if not await hear(port, text_of(number, count), seen):
            await asyncio.sleep(PAUSE_S)


async def hear(port: int, text: str, seen: Seen) -> bool:
    """One text. False when it failed."""
    listener = _Listener(time.monotonic(), seen)
    try:
        async with asyncio.timeout(20):
            return await listener.ask(port, text)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        seen.fail(type(error).__name__, listener.is_heard)
        return False


class _Listener:
    """Plays one text as it comes."""

    def __init__(self, began: float, seen: Seen) -> None:
        self._began = began
        self._seen = seen
        self.is_heard = False

    async def ask(self, port: int, text: str) -> bool:
        body = json.dumps({"text": text, "format": "pcm", "rate": RATE}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                self._seen.fail(head[9:12].decode())
                return False
            await self._play(reader)
        finally:
            writer.close()
        return True

    async def _play(self, reader: asyncio.StreamReader) -> None:
        """Read a chunked body as a player does that begins with the first sound."""
        seen, dry_at = self._seen, 0.0
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
            now = time.monotonic()
            if not self.is_heard:
                self.is_heard, dry_at = True, now
                seen.first_s.append(now - self._began)
                seen.asked_at.append(self._began)
            elif now > dry_at + 0.01:
                seen.stalls += 1
            dry_at = max(dry_at, now) + size / 2 / RATE
            seen.audio_s += size / 2 / RATE
        await reader.readuntil(b"\r\n")
        seen.texts += 1
