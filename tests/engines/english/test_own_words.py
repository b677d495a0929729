"""A word whose sound its owner gives in IPA is said so by hibari, and by every voice that reads English with it."""

import pytest

from tts_server.engine import Run, Utterance
from tts_server.engines.english import g2p
from tts_server.engines.heart.engine import HeartEngine
from tts_server.text.frontend import analyse
from tts_server.text.linguistic.dictionary import Dictionary
from tts_server.text.linguistic.segment import Segment

WORDS = {"Siobhan": "/ʃɪˈvɔːn/", "Alice": "/əˈliːs/", "Nguyen": "noo yen", "Caius": "/kiːz/"}


@pytest.fixture(autouse=True)
def house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_server.text.frontend._dictionary", Dictionary.of(WORDS))


def runs(text: str) -> tuple[Run, ...]:
    return analyse(Segment(text, tuple(range(len(text) + 1)))).runs


def said(text: str) -> str:
    [run] = runs(text)
    return " ".join(g2p.phonemes(g2p.text_of(run)))


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Good morning, Siobhan.", "ʃɪvˈɔn."),
        ("Siobhan's door is open.", "ʃɪvˈɔnz dˈɔɹ"),
        ("Alice’s door is open.", "əlˈisᵻz dˈɔɹ"),
        ("It is Caius.", "kˈiz."),
        ("Mr Nguyen is here.", "nˈu jˈɛn"),
    ],
)
def test_it_stands_in_what_hibari_says(text: str, signs: str) -> None:
    assert signs in said(text)


def test_a_longer_word_is_another_word() -> None:
    assert "ʃɪvˈɔn" not in said("Siobhans are rare.")


def test_it_is_said_within_mandarin_and_its_place_is_told() -> None:
    text = "请叫Siobhan来吃饭。"
    english = next(run for run in runs(text) if run.language == "en")
    [word] = english.words
    assert (word.text, word.start, word.end, word.phones) == ("Siobhan", 2, 9, "SH IH0 . V AO1 N")
    heart = HeartEngine({})
    heart.load("heart")
    chunks = list(heart.synthesize(Utterance("heart", (english,)), lambda: 1.0))
    timings = [timing for chunk in chunks for timing in chunk.timings]
    assert [(timing.start, timing.end) for timing in timings] == [(2, 9)]
    assert timings[0].last_sample > timings[0].first_sample
