import contextlib
import ipaddress
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.proxy_protocol import MAX_BYTES, SIGNATURE, ProxyHeader, ProxyHeaderInvalid, parse_header


def header(address: str = "192.0.2.7", command: int = 1, version: int = 2, notes: bytes = b"") -> bytes:
    """As HAProxy sends it."""
    client = ipaddress.ip_address(address)
    family = 0x11 if client.version == 4 else 0x21
    body = client.packed * 2 + struct.pack("!HH", 40000, 8080) + notes
    return SIGNATURE + struct.pack("!BBH", version << 4 | command, family, len(body)) + body


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7"])
def test_the_clients_address_is_told_and_where_its_own_bytes_begin(address: str) -> None:
    sent = header(address, notes=b"\x03\x00\x04abcd") + b"GET /"
    found = parse_header(sent)
    assert found is not None
    assert found.address == address
    assert sent[found.size :] == b"GET /"


def test_a_proxy_that_speaks_for_itself_or_for_a_unix_socket_has_no_client() -> None:
    assert parse_header(header(command=0)) == ProxyHeader(None, 28)
    unix = SIGNATURE + struct.pack("!BBH", 0x21, 0x31, 216) + bytes(216)
    assert parse_header(unix) == ProxyHeader(None, 16 + 216)


@given(st.integers(min_value=0, max_value=27))
def test_of_a_part_more_is_wanted(size: int) -> None:
    assert parse_header(header()[:size]) is None


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n",
        header(version=1),
        header(command=2),
        header(notes=bytes(MAX_BYTES)),
        SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 4) + socket.inet_aton("192.0.2.7"),
    ],
    ids=["HTTP", "version", "command", "long", "short"],
)
def test_anything_else_is_refused(sent: bytes) -> None:
    with pytest.raises(ProxyHeaderInvalid):
        parse_header(sent)


@given(st.binary(max_size=64))
def test_nothing_but_its_own_error_comes_of_nonsense(noise: bytes) -> None:
    with contextlib.suppress(ProxyHeaderInvalid):
        parse_header(SIGNATURE + noise)
