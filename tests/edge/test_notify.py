"""What systemd is told, read from a real notification socket."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tts_server.edge.notify import Notifier, forget_environment


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """A service manager's end of NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(15)
        yield listening


def notifier(manager: socket.socket, **more: str) -> Notifier:
    return Notifier.from_environment({"NOTIFY_SOCKET": manager.getsockname(), **more})


def test_each_state_is_told_in_systemds_words(manager: socket.socket) -> None:
    ours = notifier(manager)
    ours.ready()
    ours.stopping()
    ours.alive()
    ours.extend_timeout(1.5)
    told = [manager.recv(4096) for _ in range(4)]
    assert told == [b"READY=1", b"STOPPING=1", b"WATCHDOG=1", b"EXTEND_TIMEOUT_USEC=1500000"]


def test_reloading_carries_the_monotonic_time_of_now(manager: socket.socket) -> None:
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    notifier(manager).reloading()
    first, second = manager.recv(4096).decode().splitlines()
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def test_a_chinese_state_arrives_whole_and_only_when_it_changes(manager: socket.socket) -> None:
    ours = notifier(manager)
    ours.status("就绪，2 个音色")
    ours.status("就绪，2 个音色")
    ours.ready()
    assert [manager.recv(4096).decode() for _ in range(2)] == ["STATUS=就绪，2 个音色", "READY=1"]


def test_an_abstract_socket_is_understood() -> None:
    name = f"tts-server-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(15)
        Notifier.from_environment({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert listening.recv(4096) == b"READY=1"


def test_without_systemd_nothing_happens() -> None:
    ours = Notifier.from_environment({"WATCHDOG_USEC": "30000000"})
    ours.ready()
    assert ours.watchdog_s is None


def test_a_manager_that_is_gone_is_a_warning_and_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier(str(tmp_path / "nobody")).ready()
    assert "systemd was not told READY" in caplog.text


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_only_when_it_names_us(
    manager: socket.socket, variables: dict[str, str], expected: float | None
) -> None:
    assert notifier(manager, **variables).watchdog_s == expected


def test_children_do_not_inherit_what_is_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "1")
    forget_environment()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()
