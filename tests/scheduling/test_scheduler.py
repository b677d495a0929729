"""The scheduler's rules one by one, and what they amount to in a simulated house."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scheduling.simulate import NEVER, Engine, Order, measured, simulate
from tts_server.scheduling.admission import OWN_LOAD
from tts_server.scheduling.measured_cost import UNMEASURED_RTF
from tts_server.scheduling.scheduler import CHUNKS_S, LONGEST_TURN_S, RETURN_S, USABLE_LOAD, Scheduler, Turn
from tts_server.scheduling.stream import KEEPS_PLACE_S

SAMBERT = Engine(rtf=0.18, first_s=0.016)
BAKER = Engine(rtf=0.015, first_s=0.022)


def give(scheduler: Scheduler, stream: int, audio_s: float, now: float, busy_s: float = 0.0) -> None:
    """Let a stream have its first chunk."""
    scheduler.ask(stream, now, begins=True)
    turn = scheduler.pick(now)
    assert turn is not None
    assert turn.stream == stream
    scheduler.finish(stream, audio_s, now + busy_s)


def test_a_stream_that_heard_nothing_goes_before_one_with_audio_in_hand() -> None:
    scheduler = Scheduler(slots=1)
    scheduler.open(1, now=0.0)
    give(scheduler, 1, audio_s=0.5, now=0.1)
    scheduler.open(2, now=0.2)
    scheduler.ask(1, now=0.2)
    scheduler.ask(2, now=0.2)
    turn = scheduler.pick(0.2)
    assert turn is not None
    assert turn.stream == 2


def test_a_stream_about_to_run_dry_goes_before_one_that_heard_nothing() -> None:
    scheduler = Scheduler(slots=1)
    scheduler.open(1, now=0.0)
    give(scheduler, 1, audio_s=0.3, now=0.0)
    scheduler.open(2, now=0.25)
    scheduler.ask(1, now=0.25)
    scheduler.ask(2, now=0.25)
    turn = scheduler.pick(0.25)
    assert turn is not None
    assert turn.stream == 1


def test_the_stream_that_runs_dry_first_is_next() -> None:
    scheduler = measured(1, BAKER, voice="")  # three of a voice not yet measured would not be let in
    for stream, audio_s in ((1, 2.0), (2, 0.5), (3, 1.0)):
        scheduler.open(stream, now=0.0)
        give(scheduler, stream, audio_s, now=0.0)
    for stream in (1, 2, 3):
        scheduler.ask(stream, now=0.1)
    order = []
    while (turn := scheduler.pick(0.1)) is not None:
        order.append(turn.stream)
        scheduler.withdraw(turn.stream)
    assert order == [2, 3, 1]


def test_a_higher_priority_goes_first_whatever_the_deadlines() -> None:
    scheduler = Scheduler(slots=1)
    scheduler.open(1, now=0.0)
    scheduler.open(2, now=5.0, priority=1)
    scheduler.ask(1, now=5.0)
    scheduler.ask(2, now=5.0)
    turn = scheduler.pick(5.0)
    assert turn is not None
    assert turn.stream == 2


def test_chunks_grow_with_the_audio_in_hand_and_are_short_again_when_it_ran_dry() -> None:
    scheduler = Scheduler(slots=1)
    scheduler.open(1, now=0.0)
    wanted = []
    for now in (0.0, 0.1, 0.15, 0.2, 9.0):
        scheduler.ask(1, now, begins=now in (0.0, 9.0))
        turn = scheduler.pick(now)
        assert turn is not None
        wanted.append(turn.wanted_s)
        scheduler.finish(1, turn.wanted_s, now + 0.01 * turn.wanted_s)
    assert wanted[0] == wanted[-1] == CHUNKS_S[0]
    assert wanted[1] < wanted[3]


def test_no_turn_takes_longer_than_a_newcomer_may_wait() -> None:
    scheduler = measured(1, SAMBERT)
    scheduler.open(1, now=100.0)
    give(scheduler, 1, audio_s=60.0, now=100.0, busy_s=0.18)
    scheduler.ask(1, now=101.0)
    turn = scheduler.pick(101.0)
    assert turn is not None
    assert turn.wanted_s * scheduler.costs.of("v").rtf <= LONGEST_TURN_S


def one_heard_and_one_waiting() -> tuple[Scheduler, Turn]:
    """One thread, two who ask at second 100, and the turn of the first of them, over 40 ms later."""
    scheduler = measured(1, SAMBERT)
    for stream in (1, 2):
        scheduler.open(stream, now=100.0)
        scheduler.ask(stream, 100.0, "v", begins=True)
    first = scheduler.pick(100.0)
    assert first is not None
    scheduler.finish(first.stream, first.wanted_s, 100.04)
    return scheduler, first


def test_a_long_first_turn_waits_a_moment_for_a_listener_who_will_soon_run_dry() -> None:
    scheduler, first = one_heard_and_one_waiting()
    assert scheduler.pick(100.04) is None
    assert scheduler.held_until == pytest.approx(100.04 + RETURN_S)
    scheduler.ask(first.stream, 100.042, "v")
    second = scheduler.pick(100.042)
    assert second is not None
    assert second.stream == first.stream


def test_nobody_waits_for_longer_than_that_moment() -> None:
    scheduler, _ = one_heard_and_one_waiting()
    assert scheduler.pick(100.04 + RETURN_S) is not None
    assert scheduler.held_until is None


def test_first_chunks_are_longer_after_a_slow_one() -> None:
    scheduler = measured(2, SAMBERT)
    scheduler.open(1, now=100.0)
    scheduler.ask(1, 100.0, "v", begins=True)
    turn = scheduler.pick(100.0)
    assert turn is not None
    assert turn.wanted_s == CHUNKS_S[0]
    scheduler.costs.learn("v", busy_s=0.15, audio_s=0.125)
    scheduler.open(2, now=101.0)
    scheduler.ask(2, 101.0, "v", begins=True)
    turn = scheduler.pick(101.0)
    assert turn is not None
    assert turn.wanted_s > CHUNKS_S[0]


@pytest.mark.parametrize(
    ("engine", "is_alone", "lasts"), [(BAKER, False, True), (BAKER, True, False), (SAMBERT, False, False)]
)
def test_a_cheap_first_chunk_lasts_until_others_who_wait_were_heard(
    engine: Engine, is_alone: bool, lasts: bool
) -> None:
    scheduler = measured(1, engine)
    for stream in (1,) if is_alone else (1, 2):
        scheduler.open(stream, now=99.9)
        scheduler.ask(stream, 99.9, "v", begins=True)
    first = scheduler.pick(100.0)
    assert first is not None
    assert (first.wanted_s > CHUNKS_S[0]) == lasts
    if lasts:
        scheduler.finish(first.stream, first.wanted_s, 100.03)
        scheduler.ask(first.stream, 100.03, "v")
        second = scheduler.pick(100.03)
        assert second is not None
        assert second.stream != first.stream


@pytest.mark.parametrize("rtf", [0.013, 0.17, 0.41, 0.7, 0.9, 1.5])
@pytest.mark.parametrize("slots", [1, 2, 4])
def test_as_many_are_let_in_together_as_there_is_room_for(rtf: float, slots: int) -> None:
    scheduler = Scheduler(slots)
    scheduler.costs.learn("v", rtf, 1.0)
    for stream in range(500):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, 0.0, "v", begins=True)
    inside = 0
    while (turn := scheduler.pick(0.0)) is not None:
        inside += 1
        scheduler.finish(turn.stream, 0.125, 0.0)
        scheduler.credit_audio(turn.stream, 9.0, 0.0)  # it does not come back so soon
    assert inside == scheduler.capacity("v")
    assert inside >= (1 if rtf > OWN_LOAD else slots)


def test_what_is_held_back_is_heard_and_counts_from_its_release_on() -> None:
    scheduler = Scheduler(1)
    scheduler.costs.learn("v", 1.5, 1.0)
    scheduler.open(1, now=100.0)
    scheduler.hold(1)
    for now in (100.0, 102.0, 104.0):
        scheduler.ask(1, now, "v", begins=now == 100.0)
        turn = scheduler.pick(now)
        assert turn is not None
        scheduler.finish(1, 1.0, now + 1.5)
        assert scheduler.in_hand_s(1, now + 1.5) == 0.0
    assert scheduler.places(105.5) == []  # it stays inside
    scheduler.release(1, 3.0, 105.5)
    assert scheduler.in_hand_s(1, 106.5) == pytest.approx(2.0)
    assert scheduler.late == 0


def test_a_closed_stream_frees_its_slot_at_once() -> None:
    scheduler = Scheduler(slots=1)
    for stream in (1, 2):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, now=0.0)
    first = scheduler.pick(0.0)
    assert first is not None
    assert scheduler.pick(0.0) is None
    scheduler.close(first.stream, 0.0)
    second = scheduler.pick(0.0)
    assert second is not None
    assert second.stream != first.stream


def test_what_a_voice_costs_is_learnt_from_all_chunks_but_the_first() -> None:
    scheduler = Scheduler(slots=1)
    assert scheduler.costs.of("v").rtf == UNMEASURED_RTF
    simulate([Order(0.0, 20.0)], Engine(rtf=0.1, first_s=30.0), 1, scheduler)  # the first waits for the voice to load
    assert scheduler.costs.of("v").rtf == pytest.approx(0.1, rel=0.1)
    simulate([Order(100.0, 20.0)], Engine(rtf=0.4), 1, scheduler)  # another program takes the core
    assert scheduler.costs.of("v").rtf == pytest.approx(0.4, rel=0.2)


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("engine", [SAMBERT, BAKER])
def test_nobody_stutters_however_many_come_at_once(engine: Engine, count: int) -> None:
    outcomes = simulate([Order(0.0, 2.8, client=str(n)) for n in range(count)], engine, 2, measured(2, engine))
    assert [outcome.gap_s for outcome in outcomes] == [0.0] * count


def test_eight_at_once_hear_a_light_voice_soon() -> None:
    outcomes = simulate([Order(0.0, 2.4, client=str(n)) for n in range(8)], BAKER, 2, measured(2, BAKER))
    assert max(outcome.wait_s for outcome in outcomes) < 0.25


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


def test_those_who_wait_are_told_their_place_and_about_how_long() -> None:
    texts = [Order(0.1 * n, 6.0, client=str(n), lead_s=1.0) for n in range(18)]
    outcomes = simulate([*texts[:6]], SAMBERT, 2, scheduler := measured(2, SAMBERT))
    assert all(outcome.places == [] for outcome in outcomes)
    outcomes = simulate([replace(text, at=text.at + 50) for text in texts], SAMBERT, 2, scheduler)
    waited = [outcome for outcome in outcomes if outcome.places]
    assert [outcome.places[0][1] for outcome in waited] == list(range(1, len(waited) + 1))
    for outcome in waited:
        positions = [position for _, position, _ in outcome.places]
        assert positions == sorted(positions, reverse=True)
        for told_at, _, eta_s in outcome.places:
            assert outcome.first_audio_at is not None
            waits_s = outcome.first_audio_at - told_at
            assert eta_s == pytest.approx(waits_s, rel=0.5, abs=1.5)


def test_one_who_leaves_the_line_moves_the_others_up() -> None:
    scheduler = measured(2, SAMBERT)
    for stream in range(10):
        scheduler.open(stream, now=100.0 + stream)
        scheduler.ask(stream, 100.0 + stream, "v")
    while scheduler.pick(110.0) is not None:
        pass
    line = [place.stream for place in scheduler.places(110.0)]
    scheduler.close(line[0], 110.0)
    assert [(place.stream, place.position) for place in scheduler.places(110.0)] == [
        (stream, number) for number, stream in enumerate(line[1:], 1)
    ]


def test_a_stream_that_waited_for_text_is_let_in_again_before_those_who_came_later() -> None:
    scheduler = measured(2, SAMBERT)
    scheduler.open(0, now=100.0)
    give(scheduler, 0, audio_s=0.1, now=100.0)
    for stream in range(1, 10):
        scheduler.open(stream, now=101.0)
        scheduler.ask(stream, 101.0, "v")
    inside = []
    while (turn := scheduler.pick(101.0)) is not None:
        inside.append(turn.stream)
        scheduler.finish(turn.stream, 0.125, 101.0)
    assert 0 not in inside
    scheduler.ask(0, 101.05, "v")
    assert scheduler.places(101.05)
    assert scheduler.places(101.05)[0].stream == 0
    scheduler.close(inside[0], 101.1)
    turn = scheduler.pick(101.1)
    assert turn is not None
    assert turn.stream == 0


@pytest.mark.parametrize(("dry_s", "is_inside"), [(KEEPS_PLACE_S - 0.1, True), (KEEPS_PLACE_S + 0.1, False)])
def test_a_stream_that_runs_dry_for_a_moment_keeps_its_place(dry_s: float, is_inside: bool) -> None:
    scheduler = measured(2, SAMBERT)
    scheduler.open(0, now=100.0)
    give(scheduler, 0, audio_s=0.1, now=100.0)
    now = 100.1 + dry_s
    for stream in range(1, 10):
        scheduler.open(stream, now)
        scheduler.ask(stream, now, "v")
    while (turn := scheduler.pick(now)) is not None:
        scheduler.finish(turn.stream, 0.125, now)
    scheduler.ask(0, now + 0.01, "v")
    turn = scheduler.pick(now + 0.01)
    assert (turn is not None and turn.stream == 0) is is_inside


def test_what_others_computed_moves_the_deadline_and_takes_no_room() -> None:
    scheduler = measured(2, SAMBERT)
    for stream in range(20):
        scheduler.open(stream, now=100.0)
        scheduler.credit_audio(stream, 1.0, now=100.0)
    scheduler.open(20, now=100.0)
    scheduler.ask(20, 100.0, "v")
    turn = scheduler.pick(100.0)
    assert turn is not None
    assert scheduler.places(100.0) == []


def test_who_takes_over_anothers_work_has_its_place() -> None:
    scheduler = measured(2, SAMBERT)
    for stream in range(10):
        scheduler.open(stream, now=100.0 + 0.01 * stream)
        scheduler.ask(stream, 100.0 + 0.01 * stream, "v")
    while scheduler.pick(100.1) is not None:
        pass
    first = scheduler.places(100.1)[0].stream
    scheduler.open(99, now=101.0)
    scheduler.hand_over(first, 99)
    scheduler.close(first, 101.0)
    scheduler.ask(99, 101.0, "v")
    assert scheduler.places(101.0)[0].stream == 99


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


@given(
    st.integers(1, 4), st.lists(st.tuples(st.integers(0, 7), st.sampled_from("oabcpf"), st.floats(0, 2)), max_size=80)
)
def test_slots_are_never_exceeded_and_never_idle_while_there_is_room(
    slots: int, steps: list[tuple[int, str, float]]
) -> None:
    scheduler = Scheduler(slots)
    opened: set[int] = set()
    asking: set[int] = set()
    running: set[int] = set()
    now = 0.0
    for stream, step, seconds in steps:
        now += seconds
        if step == "o" and stream not in opened:
            scheduler.open(stream, now)
            opened.add(stream)
        elif step in "ab" and stream in opened - asking - running:
            scheduler.ask(stream, now, begins=step == "b")
            asking.add(stream)
        elif step == "c":
            scheduler.close(stream, now)
            for group in (opened, asking, running):
                group.discard(stream)
        elif step == "f" and stream in running:
            scheduler.finish(stream, seconds, now)
            running.discard(stream)
        elif step == "p":
            while (turn := scheduler.pick(now)) is not None:
                assert turn.stream in asking
                asking.discard(turn.stream)
                running.add(turn.stream)
            held_s = 0.0 if scheduler.held_until is None else scheduler.held_until - now
            assert running or not asking or 0 < held_s <= RETURN_S
        assert len(running) <= slots
        assert scheduler.active == len(asking) + len(running)


def test_who_waits_for_anothers_speech_lends_it_its_place() -> None:
    """A voice slower than real time: the one inside is held back, and waits for what one in line has begun to speak."""
    scheduler = Scheduler(1)
    scheduler.costs.learn("slow", 200.0, 100.0)
    for stream in (1, 2):
        scheduler.open(stream, 0.0)
    scheduler.ask(1, 0.0, "slow")
    assert scheduler.pick(0.0) is not None
    scheduler.finish(1, 0.1, 0.2)
    scheduler.hold(1)
    scheduler.ask(2, 0.2, "slow", begins=True)
    assert scheduler.pick(0.2) is None
    scheduler.hasten(2, waiting=1)
    turn = scheduler.pick(0.2 + 2 * RETURN_S)
    assert turn is not None
    assert turn.stream == 2
