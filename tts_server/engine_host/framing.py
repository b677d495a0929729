"""The link's frames: JSON header + raw payload, each with its length before it. Both ends are ours, of one version.

An engine is a program of somebody's own in the same process as the host's end: what comes out of it may be anything.
"""

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:  # the host needs none, and it takes 0.04 s
    from asyncio import StreamReader

_LENGTHS = struct.Struct("!II")
_MAX_HEADER_BYTES: Final = 1 << 24
_MAX_PAYLOAD_BYTES: Final = 1 << 28  # some twenty minutes of audio
Message = dict[str, Any]


class LinkGarbled(ConnectionError):
    """What came is no message of ours. What follows cannot be told apart any longer: the link is of no use."""


def encode(message: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One message as bytes."""
    header = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return _LENGTHS.pack(len(header), len(payload)) + header + payload


def read(stream: BinaryIO) -> tuple[Message, bytes] | None:
    """The next message, blocking; None at the end of the stream, in the middle of a message too. Raises LinkGarbled."""
    if (lengths := _read_whole(stream, _LENGTHS.size)) is None:
        return None
    header_length, payload_length = _checked(lengths)
    header, payload = _read_whole(stream, header_length), _read_whole(stream, payload_length)
    return None if header is None or payload is None else (_message(header), payload)


async def read_async(stream: "StreamReader") -> tuple[Message, bytes]:
    """The next message. Raises IncompleteReadError at the end of the stream, LinkGarbled."""
    header_length, payload_length = _checked(await stream.readexactly(_LENGTHS.size))
    return _message(await stream.readexactly(header_length)), await stream.readexactly(payload_length)


def _read_whole(stream: BinaryIO, length: int) -> bytes | None:
    read = stream.read(length)
    return read if len(read) == length else None


def _checked(lengths: bytes) -> tuple[int, int]:
    header_length, payload_length = _LENGTHS.unpack(lengths)
    if header_length > _MAX_HEADER_BYTES or payload_length > _MAX_PAYLOAD_BYTES:
        raise LinkGarbled(f"a message of {header_length} + {payload_length} bytes was announced")
    return header_length, payload_length


def _message(header: bytes) -> Message:
    try:
        message = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise LinkGarbled(f"a header is not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise LinkGarbled("a header is not an object with a type")
    return message
