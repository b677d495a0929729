"""What a small device (an ESP32, say) does: sockets, one message, sound. No library, no handshake of the protocol.

Use: python examples/raw_client.py HOST PORT "你好。" > hello.pcm      (16 bit, mono, at the rate in `opened`)
"""

import base64
import json
import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def connect(host: str, port: int) -> socket.socket:
    """The HTTP request that turns into a WebSocket."""
    connection = socket.create_connection((host, port), timeout=30)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET /ws/v1 HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(head.decode())
    return connection


def send(connection: socket.socket, opcode: int, payload: bytes) -> None:
    """One masked frame of up to 64 KiB, as RFC 6455 wants it from clients."""
    mask = os.urandom(4)
    length = bytes([128 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 128 | 126, len(payload))
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
    connection.sendall(bytes([128 | opcode]) + length + mask + masked)


def receive(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Every frame: opcode and payload. The server sends each message as one frame."""
    while head := stream.read(2):
        size = head[1]
        if size == 126:
            (size,) = struct.unpack("!H", stream.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", stream.read(8))
        yield head[0] & 15, stream.read(size)


def main(host: str, port: str, text: str) -> None:
    """Say one text and write its samples to standard output."""
    with connect(host, int(port)) as connection, connection.makefile("rb") as stream:
        send(connection, TEXT, b'{"type":"hello","accept":{"framing":["raw"]}}')
        send(connection, TEXT, json.dumps({"type": "text", "text": text, "end": True}).encode())
        for opcode, payload in receive(stream):
            if opcode == BINARY:
                sys.stdout.buffer.write(payload)
            elif opcode == PING:
                send(connection, PONG, payload)
            elif opcode == TEXT and json.loads(payload)["type"] in ("done", "error"):
                send(connection, CLOSE, struct.pack("!H", 1000))
            elif opcode == CLOSE:
                break


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit((__doc__ or "").splitlines()[2])
    main(*sys.argv[1:4])
