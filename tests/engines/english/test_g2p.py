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
