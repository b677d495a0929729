"""PROXY protocol, version 2: what a proxy says first of the client it speaks for. Bytes in, an address out; no I/O."""

import ipaddress
import struct
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_HEAD: Final = struct.Struct("!12sBBH")
_VERSION: Final = 2
_PROXY: Final = 1  # the other command, LOCAL, is the proxy's own: a probe
_TCP4, _TCP6 = 0x11, 0x21
_ADDRESS_BYTES: Final = {_TCP4: 4, _TCP6: 16}
MAX_BYTES: Final = 1024  # addresses take 36; the rest are notes for others


class ProxyHeaderInvalid(ValueError):
    """It begins like such a header and is none."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What was said."""

    address: str | None  # of the client; None: the proxy speaks for itself, or for something without an address
    size: int  # bytes of the header; what follows is the client's


def may_begin(received: bytes) -> bool:
    """Whether the bytes are, or may become, such a header."""
    return received[: len(SIGNATURE)] == SIGNATURE[: len(received)]


def parse_header(received: bytes) -> ProxyHeader | None:
    """The header at the beginning of the bytes; None: more are needed. Raises ProxyHeaderInvalid."""
    if not may_begin(received):
        raise ProxyHeaderInvalid("there is no PROXY header")
    if len(received) < _HEAD.size:
        return None
    _, version_and_command, family, length = _HEAD.unpack_from(received)
    version, command = version_and_command >> 4, version_and_command & 15
    if version != _VERSION or command > _PROXY:
        raise ProxyHeaderInvalid(f"version {version}, command {command} of the PROXY protocol is not known")
    size = _HEAD.size + length
    if size > MAX_BYTES:
        raise ProxyHeaderInvalid(f"the PROXY header has {size} bytes; the limit is {MAX_BYTES}")
    if len(received) < size:
        return None
    wanted = _ADDRESS_BYTES.get(family)
    if command != _PROXY or wanted is None:
        return ProxyHeader(None, size)
    if length < 2 * wanted + 4:
        raise ProxyHeaderInvalid("the PROXY header is shorter than the addresses it says it has")
    return ProxyHeader(str(ipaddress.ip_address(received[_HEAD.size : _HEAD.size + wanted])), size)
