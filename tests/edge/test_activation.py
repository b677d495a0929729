"""Sockets that systemd opened, passed as it passes them: inherited, from descriptor 3 on."""

import json
import os
import socket
import subprocess
import sys

import pytest

from tts_server.edge.activation import take_sockets

CHILD = """
import json, os, sys
from tts_server.edge.activation import by_door, take_sockets
from tts_server.errors import TTSError
os.environ["LISTEN_PID"] = str(os.getpid())
try:
    given = by_door(take_sockets(), {int(port): name for port, name in json.loads(sys.argv[1]).items()})
except TTSError as error:
    print(json.dumps(str(error)))
else:
    left = [name for name in os.environ if name.startswith("LISTEN_")]
    facts = {name: [[s.getsockname()[1], s.get_inheritable(), s.getblocking()] for s in sockets]
             for name, sockets in given.items()}
    print(json.dumps([facts, left]))
"""


def activated(names: str, sockets: list[socket.socket], ports: dict[int, str] | None = None) -> object:
    """What a child that was handed these sockets makes of them."""

    def at_3() -> None:
        for number, fd in enumerate([os.dup2(opened.fileno(), 100 + at) for at, opened in enumerate(sockets)]):
            os.dup2(fd, 3 + number, inheritable=True)

    ended = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(ports or {10200: "wyoming"})],
        env={**os.environ, "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": names},
        close_fds=False,
        preexec_fn=at_3,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ended.stdout)


def test_sockets_come_by_name_and_the_variables_are_cleared() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = [opened.getsockname()[1] for opened in (first, second)]
        facts, left = activated("wyoming:http", [first, second])  # type: ignore[misc]
    assert facts == {"wyoming": [[ports[0], False, False]], "http": [[ports[1], False, False]]}
    assert left == []


def test_sockets_with_the_name_of_their_unit_are_told_apart_by_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = {first.getsockname()[1]: "http", second.getsockname()[1]: "wyoming"}
        facts, _ = activated("tts-server.socket:tts-server.socket", [first, second], ports)  # type: ignore[misc]
    assert {name: found[0] for name, [found] in facts.items()} == {name: port for port, name in ports.items()}


def test_a_port_that_is_none_of_ours_is_refused_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        told = str(activated("tts-server.socket", [opened]))
    assert "none of ours (10200)" in told
    assert "FileDescriptorName=" in told


def test_a_socket_that_does_not_listen_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert "use ListenStream=" in str(activated("http", [datagrams]))


@pytest.mark.parametrize(
    "variables",
    [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "2"}, {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"}],
)
def test_sockets_of_somebody_else_are_left_alone_and_forgotten(variables: dict[str, str]) -> None:
    assert take_sockets(variables) == []
    assert variables == {}
