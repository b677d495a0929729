"""What the scheduler's rules amount to in a simulated house."""

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scheduling.simulate import BAKER, NEVER, SAMBERT, Engine, Order, measured, simulate
from tts_server.scheduling.scheduler import LONGEST_TURN_S, USABLE_LOAD


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("engine", [SAMBERT, BAKER])
def test_nobody_stutters_however_many_come_at_once(engine: Engine, count: int) -> None:
    outcomes = simulate([Order(0.0, 2.8, client=str(n)) for n in range(count)], engine, 2, measured(2, engine))
    assert [outcome.gap_s for outcome in outcomes] == [0.0] * count


def test_eight_at_once_hear_a_light_voice_soon() -> None:
    outcomes = simulate([Order(0.0, 2.4, client=str(n)) for n in range(8)], BAKER, 2, measured(2, BAKER))
    waits = [outcome.wait_s for outcome in outcomes]
    assert max(waits) < 0.15
    assert median(waits) < 3.2 * BAKER.first_s  # two threads: half of them in two turns each, and not in three


def test_those_let_in_hear_a_heavy_voice_soon() -> None:
    scheduler = measured(2, SAMBERT)
    cap = scheduler.capacity("v")
    outcomes = simulate([Order(0.0, 2.8, client=str(n)) for n in range(cap)], SAMBERT, 2, scheduler)
    assert max(outcome.wait_s for outcome in outcomes) < 0.25


def test_a_short_text_does_not_wait_for_a_long_one() -> None:
    long = [Order(0.0, 120.0, client=str(n)) for n in range(4)]
    outcomes = simulate([*long, Order(3.0, 1.0, client="short")], SAMBERT, 2, measured(2, SAMBERT))
    assert outcomes[-1].wait_s < 0.3


def test_one_client_with_many_texts_does_not_hold_up_another() -> None:
    greedy = [Order(0.0, 4.0, client="greedy") for _ in range(20)]
    outcomes = simulate([*greedy, Order(0.1, 2.0, client="modest")], SAMBERT, 2, measured(2, SAMBERT))
    waits = sorted(outcome.wait_s for outcome in outcomes[:-1])
    assert outcomes[-1].wait_s < waits[len(waits) // 2]


def test_a_listener_who_leaves_makes_room_at_once() -> None:
    stays = [Order(0.0, 30.0, client=str(n), lead_s=1.0) for n in range(7)]
    leaving = simulate([*stays[:6], Order(0.0, 30.0, leaves_at=2.0), *stays], SAMBERT, 2, measured(2, SAMBERT))
    assert all(outcome.ended_at is not None for outcome in leaving)


orders = st.builds(
    Order,
    at=st.floats(0, 20),
    audio_s=st.floats(0.3, 15),
    client=st.sampled_from("abcd"),
    priority=st.integers(-1, 1),
    lead_s=st.sampled_from([0.5, 1.0, 1e9]),
)


@given(st.lists(orders, min_size=1, max_size=30), st.integers(1, 4), st.integers(0, 2**16))
def test_everybody_is_heard_and_waits_no_longer_than_all_the_work_there_is(
    wanted: list[Order], slots: int, seed: int
) -> None:
    dice = random.Random(seed)
    engine = Engine(0.18, 0.016, lambda: dice.uniform(0.8, 1.2))
    outcomes = simulate(wanted, engine, slots, measured(slots, engine))
    assert all(outcome.given_s == pytest.approx(outcome.order.audio_s) for outcome in outcomes)
    playing_s = sum(order.audio_s for order in wanted)
    assert max(outcome.wait_s for outcome in outcomes) <= playing_s + 1.0


@given(st.lists(st.floats(0, 10), min_size=1, max_size=12), st.integers(0, 2**16))
def test_nobody_stutters_with_a_heavy_voice_and_random_arrivals(arrivals: list[float], seed: int) -> None:
    dice = random.Random(seed)
    engine = Engine(0.18, 0.016, lambda: dice.uniform(0.8, 1.2))
    texts = [Order(at, dice.uniform(1, 8), client=str(n), lead_s=1.0) for n, at in enumerate(arrivals)]
    outcomes = simulate(texts, engine, 2, measured(2, engine))
    assert max(outcome.gap_s for outcome in outcomes) == 0.0


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(0, 10)), min_size=1, max_size=12),
    st.floats(0.01, 0.6),
    st.floats(0, 0.15),
    st.integers(1, 4),
    st.integers(0, 2**16),
)
def test_nobody_stutters_whatever_the_box(
    arrivals: list[float], rtf: float, first_s: float, slots: int, seed: int
) -> None:
    """Voices from light to heavy, boxes with one core to four, and first turns that take as long as 20 frames play."""
    dice = random.Random(seed)
    engine = Engine(rtf, first_s, lambda: dice.uniform(0.8, 1.2))
    texts = [
        Order(at, dice.uniform(1, 8), client=str(n), lead_s=dice.choice((1.0, 1e9))) for n, at in enumerate(arrivals)
    ]
    outcomes = simulate(texts, engine, slots, measured(slots, engine))
    assert max(outcome.gap_s for outcome in outcomes) == 0.0


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(-1, 1)), min_size=1, max_size=12), st.integers(0, 2**16))
def test_nobody_who_was_let_in_stutters_whatever_the_priorities(arrivals: list[tuple[float, int]], seed: int) -> None:
    dice = random.Random(seed)
    engine = Engine(0.18, 0.016, lambda: dice.uniform(0.8, 1.2))
    texts = [
        Order(at, dice.uniform(1, 8), client=str(n), priority=priority, lead_s=dice.choice((1.0, 1e9)))
        for n, (at, priority) in enumerate(arrivals)
    ]
    outcomes = simulate(texts, engine, 2, measured(2, engine))
    assert max(outcome.gap_s for outcome in outcomes) == 0.0


@given(st.lists(st.floats(0, 20), min_size=1, max_size=12), st.integers(1, 4), st.integers(0, 2**16))
def test_an_urgent_text_is_heard_soon_however_many_are_being_spoken(
    arrivals: list[float], slots: int, seed: int
) -> None:
    dice = random.Random(seed)
    engine = Engine(0.18, 0.016, lambda: dice.uniform(0.8, 1.2))
    texts = [Order(at, dice.uniform(1, 20), client=str(n), priority=-1, lead_s=1.0) for n, at in enumerate(arrivals)]
    room = int(USABLE_LOAD * slots / 0.22)  # so that the load has room for one more
    outcomes = simulate([*texts[: room - 1], Order(5.0, 2.0, priority=1)], engine, slots, measured(slots, engine))
    assert outcomes[-1].wait_s <= 2 * LONGEST_TURN_S


@pytest.mark.parametrize("slower", [1.5, 2.0, 3.0])
def test_once_the_loss_of_a_core_is_noticed_nobody_let_in_stutters(slower: float) -> None:
    """Another program takes a core at second 10; what has been let in until the estimate follows may stutter."""
    dice = random.Random(7)
    engine = Engine(0.18, 0.016, lambda: dice.uniform(0.9, 1.1), slow_from=10.0, slower=slower)
    texts = [Order(0.8 * n, dice.uniform(2, 6), client=str(n), lead_s=1.0) for n in range(60)]
    outcomes = simulate(texts, engine, 2, measured(2, engine))
    learnt = [each for each in outcomes if each.first_audio_at is not None and each.first_audio_at > 13.0]
    assert len(learnt) > 30
    assert max(outcome.gap_s for outcome in learnt) == 0.0


def test_a_burst_in_which_most_leave_ends_for_all_and_frees_everything() -> None:
    dice = random.Random(3)
    texts = [
        Order(dice.uniform(0, 1), 2.8, client=str(n), leaves_at=dice.uniform(1, 20) if n < 150 else NEVER)
        for n in range(200)
    ]
    scheduler = measured(2, SAMBERT)
    outcomes = simulate(texts, SAMBERT, 2, scheduler)
    assert all(outcome.ended_at is not None for outcome in outcomes)
    assert all(outcome.given_s == pytest.approx(2.8) for outcome in outcomes[150:])
    assert scheduler.active == 0
    assert scheduler.places(1e6) == []
