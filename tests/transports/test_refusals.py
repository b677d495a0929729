import logging

import pytest

from tts_server.transports.refusals import Refusals


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def refusals(clock: list[float]) -> Refusals:
    return Refusals("Wyoming", lambda: clock[0])


def test_a_client_that_knocks_all_day_is_one_line_a_minute_with_a_count(
    refusals: Refusals, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(600):
        refusals.note("8.8.8.8", "not in a network")
        clock[0] += 0.2
    assert [record.getMessage() for record in caplog.records] == [
        "Wyoming client 8.8.8.8 was refused: not in a network",
        "Wyoming client 8.8.8.8 was refused: not in a network (299 more were since the last such line)",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_each_address_has_a_line_of_its_own_up_to_a_limit(refusals: Refusals, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(10_000):
        refusals.note(f"8.{number >> 16}.{number >> 8 & 255}.{number & 255}", "no")
    assert len(caplog.records) == 65
    assert "of many addresses" in caplog.text


def test_addresses_are_forgotten_after_their_minute(
    refusals: Refusals, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(64):
        refusals.note(str(number), "no")
    clock[0] += 61
    refusals.note("new", "no")
    assert "client new was refused" in caplog.text
