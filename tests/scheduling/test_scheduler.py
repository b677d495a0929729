"""The scheduler's rules one by one: whose turn it is, and how long it lasts."""

import pytest

from tests.scheduling.simulate import BAKER, SAMBERT, Engine, Order, give, measured, simulate
from tts_server.scheduling.measured_cost import UNMEASURED_RTF
from tts_server.scheduling.scheduler import CHUNKS_S, GUARD, LONGEST_TURN_S, MOST_LASTING_S, RETURN_S, Scheduler, Turn


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


def test_a_newcomer_goes_before_one_that_has_just_begun_and_has_enough() -> None:
    scheduler = measured(1, BAKER, voice="")
    for stream in (1, 2):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, now=0.0, begins=True)
    first = scheduler.pick(0.0)
    assert first is not None
    scheduler.finish(first.stream, first.wanted_s, now=0.03)
    scheduler.ask(first.stream, now=0.031)
    second = scheduler.pick(0.031)
    assert second is not None
    assert second.stream != first.stream


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


def test_a_sentence_that_begins_with_much_work_is_given_a_short_chunk() -> None:
    scheduler = measured(1, Engine(rtf=0.05, first_s=0.09), voice="")
    scheduler.open(1, now=0.0)
    give(scheduler, 1, audio_s=4.0, now=0.0, busy_s=0.09)
    scheduler.ask(1, now=0.1)
    assert scheduler.pick(0.1) == Turn(1, CHUNKS_S[-1])
    scheduler.withdraw(1)
    scheduler.ask(1, now=0.1, begins=True)
    assert scheduler.pick(0.1) == Turn(1, CHUNKS_S[0])


def test_what_a_newcomer_should_have_in_hand_lasts_until_all_have_begun_a_sentence() -> None:
    scheduler = Scheduler(slots=2)
    scheduler.costs.learn("v", 0.05, 1.0)
    scheduler.costs.learn_first("v", 0.12)
    for stream in range(2):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, 0.0, "v", begins=True)
    assert scheduler.lasting_s(0.0) == 0.0  # each has a thread
    for stream in range(2, 8):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, 0.0, "v", begins=True)
    assert scheduler.lasting_s(0.0) == pytest.approx(GUARD * 8 * 0.12 / 2)
    for stream in range(8, 200):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, 0.0, "v", begins=True)
    assert scheduler.lasting_s(0.0) <= MOST_LASTING_S


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


def test_what_a_voice_costs_is_learnt_from_all_chunks_but_the_first() -> None:
    scheduler = Scheduler(slots=1)
    assert scheduler.costs.of("v").rtf == UNMEASURED_RTF
    simulate([Order(0.0, 20.0)], Engine(rtf=0.1, first_s=30.0), 1, scheduler)  # the first waits for the voice to load
    assert scheduler.costs.of("v").rtf == pytest.approx(0.1, rel=0.1)
    simulate([Order(100.0, 20.0)], Engine(rtf=0.4), 1, scheduler)  # another program takes the core
    assert scheduler.costs.of("v").rtf == pytest.approx(0.4, rel=0.2)


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
