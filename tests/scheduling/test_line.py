"""Who is let in to speak, and the line of those who wait."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scheduling.simulate import SAMBERT, Order, give, measured, simulate
from tts_server.scheduling.admission import OWN_LOAD
from tts_server.scheduling.scheduler import RETURN_S, Scheduler
from tts_server.scheduling.stream import KEEPS_PLACE_S


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
