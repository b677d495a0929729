"""HTTP requests to doors of other programs: any address, query, headers and body, the whole way through the guard."""

import asyncio
import re
import string
from collections.abc import Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import quote_from_bytes, unquote

from tests.fuzz import core
from tests.fuzz.target import Target, keys_in
from tts_server.transports.compat import doubao, gpt_sovits, index_tts, ovos
from tts_server.transports.compat.door import CompatDoors
from tts_server.transports.compat.settings import CompatSettings
from tts_server.transports.http.door import HttpDoor
from tts_server.transports.http.settings import HttpSettings

ASKED: Final = (  # by the first character of an input: method, and how its path begins
    *(("GET", b"/v2/synthesize"), ("GET", b"/synthesize/"), ("POST", doubao.PATH.encode())),
    *(("POST", gpt_sovits.PATH.encode()), ("GET", gpt_sovits.PATH.encode()), ("POST", index_tts.PATH.encode())),
    *(("GET", b"/v1/test"), ("PUT", b"/")),
)
_NAME: Final = re.compile(rb"[\w!#$%&'*+.^`|~-]+")
MOST_PARTS: Final = 2000  # of an answer
_SERVICES: Final = core.services()
_DOOR: Final = HttpDoor(
    _SERVICES.synthesizer,
    HttpSettings(),
    _SERVICES.access,
    guest=CompatDoors(_SERVICES.synthesizer, _SERVICES.access, CompatSettings()),
)


def _scope(data: bytes) -> tuple[dict[str, Any], bytes]:
    """As uvicorn gives it: lines of a head, an empty one, the body."""
    method, start = ASKED[data[0] % len(ASKED)] if data else ASKED[0]
    head, _, body = data[1:].partition(b"\n\n")
    address, *lines = head.split(b"\n")
    path, _, query = quote_from_bytes(address, safe=string.punctuation).encode().partition(b"?")
    headers = [(b"host", b"localhost"), (b"content-length", b"%d" % len(body))]
    for line in lines:
        name, _, value = line.partition(b":")
        if _NAME.fullmatch(name) and name.lower() != b"content-length":
            headers.append((name.lower(), value.strip()))
    raw = start + path
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw.decode("ascii")),
        "raw_path": raw,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
        "state": {"is_gone": lambda: False, "abort": lambda: None},
    }, body


async def ask(data: bytes) -> None:
    """A request has one answer, which ends, and is never that we failed."""
    scope, body = _scope(data)
    asked = [{"type": "http.request", "body": body, "more_body": False}]
    answered: list[MutableMapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return asked.pop() if asked else {"type": "http.disconnect"} if _is_whole(answered) else await _for_ever()

    async def send(message: MutableMapping[str, Any]) -> None:
        answered.append(message)
        assert len(answered) < MOST_PARTS, "an answer without an end"

    await _DOOR._guard(scope, receive, send)
    assert answered[0]["status"] < 500, answered
    assert _is_whole(answered), answered[-1]
    assert _SERVICES.synthesizer.active == 0, "a text is left behind"


def _is_whole(answered: list[MutableMapping[str, Any]]) -> bool:
    return bool(answered) and not answered[-1].get("more_body", False) and "body" in answered[-1]


async def _for_ever() -> Mapping[str, Any]:
    await asyncio.Event().wait()
    return {}


def requests(data: bytes) -> None:
    core.run(ask(data))


_SEEDS: Final = (
    b"0?utterance=a.%20b&lang=zh-CN&voice=tone\nx-forwarded-for: 192.168.0.1\nuser-agent: a",
    b"1a%20b/c?lang=zh_CN",
    b'2\ncontent-type: application/json\nauthorization: Bearer;a\n\n{"audio":{"voice_type":"a","encoding":"wav"},'
    b'"request":{"text":"a","reqid":"1"}}',
    b'3\ncontent-type: application/json\n\n{"text":"a","ref_audio_path":"/a/tone.wav","speed_factor":1.5}',
    b"4?text=a&refer_wav_path=b/tone.wav&speed=2&text_language=zh",
    b'5\norigin: http://a\n\n{"text":"a","character":"b"}',
    b"6\nrange: bytes=0-1\naccept: */*",
)
TARGETS: Final = {
    "requests of other programs": Target(
        requests,
        _SEEDS,
        400,
        (*keys_in(doubao, gpt_sovits, index_tts, ovos), "utterance=", "refer_wav_path=", "speed=", "NaN", "1e999"),
    ),
}
