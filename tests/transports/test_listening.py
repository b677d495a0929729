import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tts_server.errors import PortUnavailable
from tts_server.transports.listening import hosts_of, listen, listen_unix


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["", "::"])
def test_every_address_of_both_families_is_listened_on_with_one_port(host: str) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(opened) for opened in listen(host, 0)]
        [port] = {opened.getsockname()[1] for opened in sockets}
        socket.create_connection(("127.0.0.1", port), 5).close()
        assert {opened.family for opened in sockets} - {socket.AF_INET} == ({socket.AF_INET6} if has_ipv6() else set())
        if has_ipv6():
            socket.create_connection(("::1", port), 5).close()


def test_one_host_is_listened_on_alone() -> None:
    [opened] = listen("127.0.0.1", 0)
    with opened:
        assert opened.getsockname()[0] == "127.0.0.1"
        assert not opened.getblocking()


@pytest.mark.parametrize("host", ["", "127.0.0.1"])
def test_a_taken_port_is_named_with_what_to_do(host: str) -> None:
    with ExitStack() as stack:
        sockets = [stack.enter_context(opened) for opened in listen(host, 0)]
        port = sockets[0].getsockname()[1]
        with pytest.raises(PortUnavailable, match=f"port {port}.*another program uses the port.*choose another port"):
            listen(host, port)


def test_a_port_is_free_again_as_soon_as_it_is_closed() -> None:
    [opened] = listen("127.0.0.1", 0)
    port = opened.getsockname()[1]
    with opened, socket.create_connection(("127.0.0.1", port), 5) as client:
        opened.setblocking(True)
        accepted, _ = opened.accept()
        accepted.close()  # ours closes first and stays in TIME_WAIT
        assert client.recv(1) == b""
    [again] = listen("127.0.0.1", port)
    again.close()


def test_an_address_this_machine_lacks_is_named() -> None:
    with pytest.raises(PortUnavailable, match=r"'192\.0\.2\.1', port 0: this machine has no such address"):
        listen("192.0.2.1", 0)


def test_a_name_nobody_knows_is_named() -> None:
    with pytest.raises(PortUnavailable, match=r"'no-such-host\.invalid'.*not known"):
        listen("no-such-host.invalid", 0)


def test_a_unix_socket_is_for_its_user_and_group_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "wyoming"
    listen_unix(str(path)).close()  # as a killed process leaves it
    with listen_unix(str(path)) as again, socket.socket(socket.AF_UNIX) as client:
        assert path.stat().st_mode & 0o777 == 0o660
        client.connect(str(path))
        assert hosts_of([again]) == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("mine"), "there is a file of that name that is no socket"),
        (lambda path: path.mkdir(), "there is a file of that name that is no socket"),
    ],
)
def test_what_is_not_a_socket_is_never_removed(tmp_path: Path, make: Callable[[Path], object], reason: str) -> None:
    make(tmp_path / "wyoming")
    with pytest.raises(PortUnavailable, match=reason):
        listen_unix(str(tmp_path / "wyoming"))
    assert (tmp_path / "wyoming").exists()


def test_a_unix_socket_that_somebody_listens_on_is_left_alone(tmp_path: Path) -> None:
    with (
        listen_unix(str(tmp_path / "wyoming")),
        pytest.raises(PortUnavailable, match="another program listens on it"),
    ):
        listen_unix(str(tmp_path / "wyoming"))


def test_a_socket_for_both_families_answers_at_both() -> None:
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
        assert hosts_of([both]) == ["::", "0.0.0.0"]
    with ExitStack() as stack:
        sockets = [stack.enter_context(opened) for opened in listen("", 0)]
        assert hosts_of(sockets) == [opened.getsockname()[0] for opened in sockets]
