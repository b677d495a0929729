"""A few simulated days; `make simulate` has a million steps of them."""

import pytest

from tests.simulation.parts import Weather
from tests.simulation.world import simulate

WEATHERS = {
    "fine": Weather(),
    "engine": Weather(chunk_fails=0.02, host_dies=0.01, chunk_s=0.2),
    "server": Weather(server_fails=0.2, server_s=0.08),
    "storm": Weather(chunk_fails=0.02, host_dies=0.01, chunk_s=0.2, server_fails=0.2, server_s=0.08),
}


@pytest.mark.parametrize("weather", list(WEATHERS))
@pytest.mark.parametrize("seed", range(3))
def test_everybody_gets_an_end_and_nothing_stays_behind(weather: str, seed: int) -> None:
    outcome = simulate(seed, WEATHERS[weather])
    assert outcome.faults == []
    assert sum(outcome.ends.values()) >= 60
    if weather == "fine":
        assert set(outcome.ends) <= {"end", "cancelled", "preempted", "left", "EngineBusy", "Preempted"}


def test_a_seed_gives_the_same_day_again() -> None:
    one, other = (simulate(7, WEATHERS["storm"]) for _ in range(2))
    assert (one.steps, one.ends) == (other.steps, other.ends)
