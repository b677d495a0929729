"""Writes down every packet that comes over the cable, and answers every name with its own address:

python -m tests.box.watcher ADDRESS FILE
"""

import json
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Final

_INTERFACE: Final = "lan0"
_ALL_PROTOCOLS: Final = 3
_IPV4, _ARP, _IPV6 = 0x0800, 0x0806, 0x86DD
_UDP: Final = 17
_NAMES: Final = {_UDP: "UDP", 6: "TCP", 1: "ICMP", 58: "ICMPv6", 2: "IGMP"}
_MDNS_PORT, _DNS_PORT = 5353, 53
_ROUTER_SOLICITATION, _REDIRECT, _MLD = 133, 137, 143
_HOP_BY_HOP: Final = 0


def describe(frame: bytes) -> str | None:
    """What a frame is; None for what a machine on a cable sends by itself, for mDNS, and for questions to our DNS."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    packet = frame[14:]
    if kind == _ARP:
        return None
    if kind == _IPV4:
        protocol, rest = packet[9], packet[4 * (packet[0] & 15) :]
        target = socket.inet_ntop(socket.AF_INET, packet[16:20])
    elif kind == _IPV6:
        protocol, rest = packet[6], packet[40:]
        target = socket.inet_ntop(socket.AF_INET6, packet[24:40])
        if protocol == _HOP_BY_HOP:
            protocol, rest = rest[0], rest[8 * (rest[1] + 1) :]
    else:
        return f"packet of type {kind:#06x}"
    if protocol == 2 or (protocol == 58 and (_ROUTER_SOLICITATION <= rest[0] <= _REDIRECT or rest[0] == _MLD)):
        return None
    port = struct.unpack_from("!H", rest, 2)[0] if protocol in (6, _UDP) else 0
    if protocol == _UDP and port in (_MDNS_PORT, _DNS_PORT):
        return None
    return f"packet {_NAMES.get(protocol, protocol)} to {target} port {port}"


def question(query: bytes) -> tuple[str, int]:
    """The name that is asked for, and where the question ends."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    return ".".join(labels), at + 5


def answer(query: bytes, address: str) -> bytes:
    """Our address for a question of type A, nothing for the others."""
    _, end = question(query)
    is_a = query[end - 4 : end - 2] == b"\0\1"
    head = query[:2] + struct.pack("!5H", 0x8180, 1, int(is_a), 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address) if is_a else b""
    return head + query[12:end] + record


def main(address: str, file: Path) -> None:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    wire.bind((_INTERFACE, 0))
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((address, _DNS_PORT))
    lock = threading.Lock()
    with file.open("w", encoding="utf-8", buffering=1) as out:

        def note(line: str) -> None:
            with lock:
                print(json.dumps(line), file=out)

        def answer_names() -> None:
            while True:
                query, peer = names.recvfrom(2048)
                note(f"name {question(query)[0]}")
                names.sendto(answer(query, address), peer)

        threading.Thread(target=answer_names, daemon=True).start()
        print("watching", flush=True)
        while True:
            frame, (_, _, kind, _, _) = wire.recvfrom(65535)
            if kind != socket.PACKET_OUTGOING and (line := describe(frame)) is not None:
                note(line)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
