"""Doors of other programs: a client says anything, and leaves. The whole way to the core, whose engine is quick."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from tests.fuzz.target import Target, keys_in
from tests.support.core import CoreLimits
from tests.support.engines import voice
from tts_server.access.access import ANYBODY, Access, AccessSettings
from tts_server.access.rate_limits import RateLimits
from tts_server.engine import AudioChunk
from tts_server.scheduling.scheduler import Scheduler
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.text.linguistic.segment import Segment
from tts_server.transports.asgi_socket import Socket
from tts_server.transports.compat import aliyun, paddlespeech, volcengine, xunfei
from tts_server.transports.compat.account import Account, Services
from tts_server.transports.compat.conversation import Conversation
from tts_server.transports.compat.settings import CompatSettings
from tts_server.voices import Catalogue

RATE: Final = 8000
SEPARATOR: Final = b"\0\0\n"  # between messages
TELLS: Final = 12  # looks of the loop that a client leaves between two messages
_LOOP: Final = asyncio.new_event_loop()


class _Said:
    """10 ms of sound."""

    busy_s, has_begun = 0.0, False

    async def next_chunk(self, _wanted_s: float) -> AudioChunk | None:
        if self.has_begun:
            return None
        self.has_begun = True
        return AudioChunk(np.zeros(RATE // 100, np.float32), RATE, ())


class _Link:
    """Stands for EngineLink."""

    catalogue = Catalogue([voice("tone", "tone", sample_rate=RATE)])
    restarts, pid, is_ready = 0, None, True

    async def wait_ready(self) -> None:
        return

    @contextmanager
    def open(self, _segment: Segment, _: str) -> Iterator[_Said]:
        yield _Said()


def _services() -> Services:
    link: Any = _Link()
    return Services(Synthesizer(link, Turns(Scheduler(1)), CoreLimits()), Access(AccessSettings(limits=RateLimits())))


_SERVICES: Final = _services()


async def converse(kind: Callable[[Socket, Account, CompatSettings], Conversation], said: list[str | bytes]) -> None:
    """A client that says all of it as fast as it is read; whatever is left is closed when it has gone."""
    waiting = list(said)

    async def receive() -> Mapping[str, Any]:
        for _ in range(TELLS):
            await asyncio.sleep(0)
        if not waiting:
            return {"type": "websocket.disconnect", "code": 1000, "reason": ""}
        message = waiting.pop(0)
        return {"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message}

    async def send(_event: MutableMapping[str, Any]) -> None:
        return

    socket = Socket(receive, send, lambda: None, lambda: False, 10.0)
    await kind(socket, Account(_SERVICES, ANYBODY, "127.0.0.1"), CompatSettings()).run()
    assert _SERVICES.synthesizer.active == 0, "a text is left behind"


def _texts(kind: Callable[[Socket, Account, CompatSettings], Conversation]) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        said: list[str | bytes] = [part.decode("utf-8", "replace") for part in data.split(SEPARATOR)[:8]]
        _LOOP.run_until_complete(converse(kind, said))

    return take


def _volcengine(data: bytes) -> None:
    _LOOP.run_until_complete(converse(volcengine.VolcengineConversation, list(data.split(SEPARATOR)[:8])))


def _frame(event: int, session: bytes, payload: bytes) -> bytes:
    sized = [len(part).to_bytes(4, "big") + part for part in ((session, payload) if session else (payload,))]
    return b"\x11\x14\x10\0" + event.to_bytes(4, "big") + b"".join(sized)


_NUMBERS: Final = ("NaN", "Infinity", "1e999", "-1e999", "1e308", "null", "[]", "{}", "\0\0\n")
TARGETS: Final = {
    "Volcengine's door": Target(
        _volcengine,
        (
            SEPARATOR.join(
                (
                    _frame(
                        100,
                        b"s",
                        b'{"req_params":{"speaker":"a","audio_params":{"sample_rate":24000,"speech_rate":5}}}',
                    ),
                    _frame(200, b"s", b'{"req_params":{"text":"hello. you"}}'),
                    _frame(102, b"s", b"{}"),
                )
            ),
        ),
        600,
        (*keys_in(volcengine), *_NUMBERS),
    ),
    "Aliyun": Target(
        _texts(aliyun.AliyunConversation),
        (
            b'{"header":{"name":"StartSynthesis","task_id":"1"},"payload":{"voice":"a","sample_rate":16000,"volume":50}}'
            b'\0\0\n{"header":{"name":"RunSynthesis"},"payload":{"text":"a. b"}}',
        ),
        600,
        (*keys_in(aliyun), *_NUMBERS),
    ),
    "Xunfei": Target(
        _texts(xunfei.XunfeiConversation),
        (
            b'{"header":{"status":0},"parameter":{"tts":{"vcn":"a","speed":50,"audio":{"sample_rate":24000}}},'
            b'"payload":{"text":{"text":"5L2g5aW9"}}}\0\0\n{"header":{"status":2},"payload":{"text":{"text":""}}}',
        ),
        600,
        (*keys_in(xunfei), *_NUMBERS),
    ),
    "PaddleSpeech": Target(
        _texts(paddlespeech.PaddleConversation),
        (b'{"signal":"start"}\0\0\n{"text":"a. b","spk_id":0}\0\0\n{"signal":"end"}',),
        600,
        (*keys_in(paddlespeech), *_NUMBERS),
    ),
}
