"""How long a chunk may take, as a box turns out to be."""

from tts_server.engine_host.patience import Patience


def test_each_end_doubles_it_up_to_a_bound() -> None:
    patience = Patience(30.0)
    given = []
    for _ in range(5):
        patience.was_too_short()
        given.append(patience.seconds)
    assert given == [60, 120, 240, 240, 240]
    assert patience.beyond_usual_s == 210


def test_a_chunk_has_twice_what_another_took_and_a_faster_box_less_again() -> None:
    patience = Patience(30.0)
    patience.was_enough(10.0)
    assert patience.seconds == 30
    patience.was_enough(25.0)
    assert patience.seconds == 50
    patience.was_enough(1000.0)
    assert patience.seconds == 240
    for _ in range(30):
        patience.was_enough(0.1)
    assert patience.seconds == 30
