import time
from pathlib import Path

import pytest

from tts_server.edge import clock
from tts_server.edge.clock import is_clock_set


@pytest.fixture
def just_booted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_GIVEN_UP_S", 1e12)


@pytest.mark.usefixtures("just_booted")
def test_a_box_that_just_woke_up_without_a_clock_does_not_know_the_time(tmp_path: Path) -> None:
    assert not is_clock_set(tmp_path / "none", tmp_path / "none")


@pytest.mark.usefixtures("just_booted")
def test_a_hardware_clock_or_the_network_tells_it(tmp_path: Path) -> None:
    (tmp_path / "since_epoch").write_text(f"{time.time() + 8 * 3600:.0f}\n", encoding="ascii")  # it keeps local time
    (tmp_path / "there").touch()
    assert is_clock_set(tmp_path, tmp_path / "none")
    assert is_clock_set(tmp_path / "none", tmp_path / "there")


@pytest.mark.usefixtures("just_booted")
@pytest.mark.parametrize("told", ["37\n", ""], ids=["1970", "unreadable"])
def test_a_hardware_clock_without_a_battery_tells_nothing(told: str, tmp_path: Path) -> None:
    (tmp_path / "since_epoch").write_text(told, encoding="ascii")
    assert not is_clock_set(tmp_path, tmp_path / "none")


@pytest.mark.usefixtures("just_booted")
def test_a_clock_that_was_moved_has_been_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_OFFSET_AT_START", clock._offset_s() - 3600)
    assert is_clock_set(tmp_path / "none", tmp_path / "none")


def test_after_a_while_it_is_believed_whatever_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_GIVEN_UP_S", 0.0)
    assert is_clock_set(tmp_path / "none", tmp_path / "none")
