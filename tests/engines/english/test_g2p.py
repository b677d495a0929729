"""English text to phonemes."""

import pytest

from tts_server.engines.english import g2p


@pytest.mark.parametrize("text", ["I said no.", "Sorry, no.", "No. I left.", "Oh no."])
def test_no_at_the_end_of_a_sentence_is_no_number(text: str) -> None:
    said = " ".join(g2p.phonemes(text))
    assert "nˈO." in said
    assert "nˈʌmbəɹ" not in said


def test_what_ends_a_sentence_is_no_abbreviation() -> None:
    assert g2p.phonemes("I ate a fig.") != g2p.phonemes("I ate a figure.")
    assert g2p.phonemes("Ask Ed.") != g2p.phonemes("Ask edition.")


@pytest.mark.parametrize("number", ["7" * 22, "7" * 60, ",".join(["777"] * 13), "$" + "7" * 40])
def test_a_number_too_long_for_a_name_is_read_by_its_digits(number: str) -> None:
    said = " ".join(g2p.phonemes(f"Call {number}."))
    assert said.count("sˈɛvən") == number.count("7")


@pytest.mark.parametrize("sign", ["¹", "①", "₁", "❶"])
def test_a_raised_or_circled_digit_is_a_digit(sign: str) -> None:
    assert g2p.phonemes(f"Item {sign}>.") == g2p.phonemes("Item 1>.")


def test_the_longest_number_with_a_name_has_it() -> None:
    assert "kwɪntˈɪljən" in " ".join(g2p.phonemes("7" * 21))
