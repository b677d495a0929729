"""The link's frames: JSON header + raw payload, each with its length before it. Both ends are ours, of one version."""

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:  # the host needs none, and it takes 0.04 s
    from asyncio import StreamReader

_LENGTHS = struct.Struct("!II")
Message = dict[str, Any]


def encode(message: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One message as bytes."""
    header = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return _LENGTHS.pack(len(header), len(payload)) + header + payload


def read(stream: BinaryIO) -> tuple[Message, bytes] | None:
    """The next message, blocking; None at the end of the stream."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_length, payload_length = _LENGTHS.unpack(lengths)
    return json.loads(stream.read(header_length)), stream.read(payload_length)


async def read_async(stream: "StreamReader") -> tuple[Message, bytes]:
    """The next message. Raises IncompleteReadError at the end of the stream."""
    header_length, payload_length = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
    return json.loads(await stream.readexactly(header_length)), await stream.readexactly(payload_length)
