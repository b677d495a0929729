"""The scheduler's order, in simulated time."""

from hypothesis import given
from hypothesis import strategies as st

from tts_server.scheduler import FIRST_CHUNK_S, LATER_CHUNK_S, Scheduler


def test_a_stream_without_audio_goes_before_one_with_audio_in_hand() -> None:
    scheduler = Scheduler(slots=1)
    scheduler.open(1, now=0.0)
    scheduler.ask(1, now=0.0)
    assert scheduler.pick(0.0) is not None
    scheduler.finish(1, audio_s=0.5, now=0.1)
    scheduler.open(2, now=0.2)
    scheduler.ask(1, now=0.2)
    scheduler.ask(2, now=0.2)
    turn = scheduler.pick(0.2)
    assert turn is not None
    assert turn.stream == 2


def test_the_stream_that_runs_dry_first_is_next() -> None:
    scheduler = Scheduler(slots=1)
    for stream, audio_s in ((1, 2.0), (2, 0.5), (3, 1.0)):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, now=0.0)
        assert scheduler.pick(0.0) is not None
        scheduler.finish(stream, audio_s, now=0.0)
    order = []
    for stream in (1, 2, 3):
        scheduler.ask(stream, now=0.1)
    while (turn := scheduler.pick(0.1)) is not None:
        order.append(turn.stream)
        scheduler.finish(turn.stream, 0.0, now=0.1)
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


def test_chunks_are_short_until_the_listener_has_audio_in_hand_and_again_when_it_ran_dry() -> None:
    scheduler = Scheduler(slots=1)
    scheduler.open(1, now=0.0)
    wanted = []
    for now in (0.0, 0.1, 9.0):
        scheduler.ask(1, now)
        turn = scheduler.pick(now)
        assert turn is not None
        wanted.append(turn.wanted_s)
        scheduler.finish(1, turn.wanted_s, now)
    assert wanted == [FIRST_CHUNK_S, LATER_CHUNK_S, FIRST_CHUNK_S]


def test_a_closed_stream_frees_its_slot_at_once() -> None:
    scheduler = Scheduler(slots=1)
    for stream in (1, 2):
        scheduler.open(stream, now=0.0)
        scheduler.ask(stream, now=0.0)
    first = scheduler.pick(0.0)
    assert first is not None
    assert scheduler.pick(0.0) is None
    scheduler.close(first.stream)
    second = scheduler.pick(0.0)
    assert second is not None
    assert second.stream != first.stream


@given(
    st.integers(1, 4), st.lists(st.tuples(st.integers(0, 7), st.sampled_from("oacpf"), st.floats(0, 2)), max_size=80)
)
def test_slots_are_never_exceeded_and_never_idle_while_somebody_waits(slots: int, steps: list) -> None:
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
        elif step == "a" and stream in opened - asking - running:
            scheduler.ask(stream, now)
            asking.add(stream)
        elif step == "c":
            scheduler.close(stream)
            opened.discard(stream)
            asking.discard(stream)
            running.discard(stream)
        elif step == "f" and stream in running:
            scheduler.finish(stream, seconds, now)
            running.discard(stream)
        elif step == "p":
            while (turn := scheduler.pick(now)) is not None:
                assert turn.stream in asking
                asking.discard(turn.stream)
                running.add(turn.stream)
            assert len(running) == slots or not asking
        assert len(running) <= slots
        assert scheduler.active == len(asking) + len(running)
