"""Wyoming on the wire, without I/O: bytes to events and back, and what a synthesis request asks for.

An event is a JSON header line, then `data_length` bytes of JSON, then `payload_length` raw bytes. The `wyoming` package
has the event classes; its reader has no limits and takes a malformed event for the end of the stream, hence this one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from wyoming.event import Event
from wyoming.version import __version__ as wyoming_version

from protocol.errors import ErrorCode

MAX_HEADER_BYTES: Final = 64 * 1024  # what readers built on asyncio take
MAX_DATA_BYTES: Final = 1024 * 1024
MAX_PAYLOAD_BYTES: Final = 64 * 1024  # nobody sends audio to a speech server
CONTROLS: Final = ("intensity", "speed", "pitch", "volume")


class ProtocolError(Exception):
    """What the peer sent cannot be read. The message is one sentence for the peer."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Header:
    type: str
    data: dict[str, Any]
    data_length: int
    payload_length: int


class EventDecoder:
    """Bytes in, Wyoming events out. Holds at most one event and what was fed last; takes linear time in any split."""

    def __init__(
        self,
        max_header_bytes: int = MAX_HEADER_BYTES,
        max_data_bytes: int = MAX_DATA_BYTES,
        max_payload_bytes: int = MAX_PAYLOAD_BYTES,
    ) -> None:
        self._max_header_bytes = max_header_bytes
        self._max_data_bytes = max_data_bytes
        self._max_payload_bytes = max_payload_bytes
        self._buffer = bytearray()
        self._searched = 0  # bytes at the buffer's front known to hold no line end
        self._header: _Header | None = None  # of the event whose body is still on its way
        self._error: ProtocolError | None = None

    @property
    def is_inside_event(self) -> bool:
        """Whether the bytes so far end in the middle of an event."""
        return bool(self._buffer) or self._header is not None

    def feed(self, received: bytes) -> Iterator[Event]:
        """Add bytes and yield the events they complete. Raises ProtocolError; nothing can be read after that."""
        if self._error is not None:
            raise self._error
        self._buffer += received
        try:
            while (event := self._take_event()) is not None:
                yield event
        except ProtocolError as error:
            self._buffer.clear()
            self._error = error
            raise

    def _take_event(self) -> Event | None:
        if self._header is None and (line := self._take_line()) is not None:
            self._header = self._parse_header(line)
        header = self._header
        if header is None or len(self._buffer) < header.data_length + header.payload_length:
            return None
        data, payload = self._take(header.data_length), self._take(header.payload_length)
        self._header = None
        return Event(header.type, header.data | _parse_data(data), payload or None)

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._searched)
        self._searched = length = len(self._buffer) if end < 0 else end
        if length > self._max_header_bytes:
            raise _malformed(f"the header line is longer than {self._max_header_bytes} bytes")
        if end < 0:
            return None
        self._searched = 0
        return self._take(end + 1)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _parse_header(self, line: bytes) -> _Header:
        header = _parse_json(line, "the header line")
        if not isinstance(header, dict):
            raise _malformed("the header line is not a JSON object")
        kind = header.get("type")
        if not isinstance(kind, str) or not kind:
            raise _malformed("the header has no type")
        data = header.get("data")
        if not isinstance(data, dict | None):
            raise _malformed("data is not a JSON object")
        return _Header(
            kind,
            data or {},
            _length(header, "data_length", self._max_data_bytes),
            _length(header, "payload_length", self._max_payload_bytes),
        )


def encode_event(event: Event) -> bytes:
    """An event as the `wyoming` package writes it: data behind the header line, a length only for what is there."""
    header: dict[str, Any] = {"type": event.type, "version": wyoming_version}
    data = _dump(event.data) if event.data else b""
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return b"".join((_dump(header), b"\n", data, event.payload or b""))


@dataclass(frozen=True, slots=True)
class SynthesizeRequest:
    """What `synthesize` or `synthesize-start` asks for."""

    text: str = ""
    voice: str | None = None
    language: str | None = None
    speaker: str | None = None
    text_format: str = "text"
    emotion: str | None = None  # from the event's context, as the four controls
    controls: Mapping[str, float] = field(default_factory=dict)  # of CONTROLS, those that were given


def parse_synthesize(event: Event) -> SynthesizeRequest:
    """Read a request as kindly as it can be read: what is absent, null or of no use counts as not given.

    Raises ProtocolError (bad_field) for a text that is no text, and for an emotion or control that cannot be meant so.
    """
    # The package's own parser drops the language when there is a name, and the speaker when there is none.
    voice = _object(event.data.get("voice"))
    context = _object(event.data.get("context"))
    emotion = context.get("emotion")
    if not isinstance(emotion, str | None):
        raise ProtocolError(ErrorCode.BAD_FIELD, "context.emotion is not a string")
    return SynthesizeRequest(
        text_of(event),
        _name(voice.get("name")),
        _name(voice.get("language")),
        _name(voice.get("speaker")),
        _name(event.data.get("text_format")) or "text",
        _name(emotion),
        {name: _number(name, context[name]) for name in CONTROLS if context.get(name) is not None},
    )


def text_of(event: Event) -> str:
    """The text of a request or a chunk; none counts as empty. Raises ProtocolError (bad_field)."""
    text = event.data.get("text")
    if not isinstance(text, str | None):
        raise ProtocolError(ErrorCode.BAD_FIELD, "text is not a string")
    return _whole(text or "")


def _parse_json(text: bytes, what: str) -> Any:
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any event is
        raise ProtocolError(ErrorCode.BAD_JSON, f"{what} is not JSON in UTF-8") from None


def _parse_data(block: bytes) -> dict[str, Any]:
    data = _parse_json(block, "the data block") if block else None
    if not isinstance(data, dict | None):
        raise _malformed("the data block is not a JSON object")
    return data or {}


def _length(header: Mapping[str, Any], key: str, limit: int) -> int:
    length = header.get(key)
    if length is None:
        return 0
    if type(length) is not int or length < 0:  # not isinstance: true is no length
        raise _malformed(f"{key} is not a whole number of bytes")
    if length > limit:
        raise _malformed(f"{key} is above the limit of {limit} bytes")
    return length


def _malformed(message: str) -> ProtocolError:
    return ProtocolError(ErrorCode.BAD_MESSAGE, message)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(value: object) -> str | None:
    return _whole(value).strip() or None if isinstance(value, str) else None


def _number(name: str, value: object) -> float:
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise ProtocolError(ErrorCode.BAD_FIELD, f"context.{name} is not a number")


def _whole(text: str) -> str:
    """The text without halves of surrogate pairs: JSON can carry them, UTF-8 and a reader aloud cannot."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
