"""What is learnt of a voice's cost: quickly what it is, slowly that it was a hiccup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts_server.scheduling.measured_cost import MAX_FIRST_S, UNMEASURED_RTF, MeasuredCost, MeasuredCosts

chunks = st.lists(st.tuples(st.floats(1e-4, 10), st.floats(0.01, 5)), min_size=1, max_size=50)


def test_nothing_is_known_of_a_voice_that_has_not_spoken() -> None:
    costs = MeasuredCosts()
    assert costs.of("new").rtf == UNMEASURED_RTF
    assert costs.measured == []
    costs.learn_first("new", 0.1)
    assert costs.measured == []
    costs.learn("new", 0.1, 1.0)
    assert costs.measured == ["new"]
    assert costs.of("other").rtf == UNMEASURED_RTF


@given(chunks)
def test_what_is_reckoned_with_is_never_less_than_the_mean_nor_more_than_was_seen(
    seen: list[tuple[float, float]],
) -> None:
    cost = MeasuredCost()
    for busy_s, audio_s in seen:
        cost.learn(busy_s, audio_s)
    factors = [busy_s / audio_s for busy_s, audio_s in seen]
    assert min(factors) <= cost.rtf * (1 + 1e-6)
    assert cost.rtf <= cost.cost * (1 + 1e-6)
    assert cost.rtf <= cost.slowest <= max(factors) * (1 + 1e-6)


def test_a_slow_chunk_is_remembered_longer_than_it_weighs_in_the_mean() -> None:
    cost = MeasuredCost()
    for factor in (0.2, 0.2, 1.0, *[0.2] * 30):
        cost.learn(factor, 1.0)
    assert cost.rtf == pytest.approx(0.2, abs=0.01)
    assert cost.slowest > 0.7
    for _ in range(500):
        cost.learn(0.2, 1.0)
    assert cost.slowest == pytest.approx(0.2, abs=0.01)


def test_a_short_end_is_not_taken_for_a_slow_voice() -> None:
    cost = MeasuredCost()
    for _ in range(10):
        cost.learn(0.02, 1.0)
        cost.learn(0.002, 0.002)  # a turn of two milliseconds, for the last ones of a text
    assert cost.slowest < 0.03
    assert cost.cost < 0.05


def test_pauses_between_sentences_do_not_make_a_voice_seem_light() -> None:
    cost = MeasuredCost()
    for _ in range(10):
        cost.learn(0.02, 0.25)
    for _ in range(10):
        cost.learn(0.0005, 0.28)
    assert cost.rtf > 0.05
    for _ in range(100):  # unless it is that from now on
        cost.learn(0.0005, 0.28)
    assert cost.rtf < 0.01


def test_the_longest_sentence_is_remembered_while_short_ones_come() -> None:
    cost = MeasuredCost()
    for busy_s in (0.3, 0.05, 0.05, 0.05):
        cost.learn_first(busy_s)
    assert cost.longest_first_s > 0.2
    cost.learn_first(30.0)  # the voice's loading
    assert cost.longest_first_s < MAX_FIRST_S


def test_a_voices_loading_does_not_count_as_its_first_chunk() -> None:
    cost = MeasuredCost()
    cost.learn_first(30.0)
    assert cost.first_s == MAX_FIRST_S
    for _ in range(10):
        cost.learn_first(0.04)
    assert cost.first_s == pytest.approx(0.04, abs=0.001)
