"""Doors of other programs: a client says anything, and leaves. What it says becomes texts of a real core."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

from tests.fuzz import core
from tests.fuzz.target import Target, keys_in
from tts_server.access.access import ANYBODY
from tts_server.transports.asgi_socket import Socket
from tts_server.transports.compat import aliyun, paddlespeech, volcengine, xunfei
from tts_server.transports.compat.account import Account
from tts_server.transports.compat.conversation import Conversation
from tts_server.transports.compat.settings import CompatSettings

SEPARATOR: Final = b"\0\0\n"  # between messages
PACES: Final = 4  # the last: until all before it was said
_SERVICES: Final = core.services()


async def converse(kind: Callable[[Socket, Account, CompatSettings], Conversation], said: list[str | bytes]) -> None:
    """A client that says all of it, at paces of its own; whatever is left is closed when it has gone."""
    waiting = list(said)

    async def receive() -> Mapping[str, Any]:
        pace = len(waiting[0] if waiting else said[0]) % PACES
        if pace == PACES - 1:
            await asyncio.sleep(1)
        for _ in range(pace):
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
        core.run(converse(kind, said))

    return take


def _volcengine(data: bytes) -> None:
    core.run(converse(volcengine.VolcengineConversation, list(data.split(SEPARATOR)[:8])))


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
