"""Phones of Sambert."""

from pathlib import Path

import pytest

from tts_server.engines.sambert.units.phones import PHONES, english_word, spoken_syllable

SYLLABLES = [
    line.split("\t")
    for line in (Path(__file__).parents[3] / "golden/sambert/syllables.tsv").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("spelling", ["v", "u"])
def test_every_published_syllable_has_its_published_phones(spelling: str) -> None:
    for syllable, phones in SYLLABLES:
        if spelling == "u" and syllable[0] not in "jqxy":
            continue
        written = syllable.replace("v", spelling) + "3"
        assert spoken_syllable(written) == ((tuple(phones.split()), "tone3"),), written


def test_a_light_er_that_the_voice_cannot_melt_is_said_apart() -> None:
    assert spoken_syllable("suanr4") == ((("s_c", "uan_c"), "tone4"), (("ge", "er_c"), "tone5"))


@pytest.mark.parametrize(
    ("pinyin", "phones", "tone"),
    [
        ("lue4", ("l_c", "ve_c"), "tone4"),
        ("rua2", ("r_c", "ua_c"), "tone2"),
        ("ng5", ("ge", "en_c"), "tone5"),
        ("ê4", ("ge", "ei_c"), "tone4"),
        ("hen6", ("h_c", "en_c"), "tone2"),
        ("hen65", ("h_c", "en_c"), "tone5"),
        ("lü4", ("l_c", "v_c"), "tone4"),
    ],
)
def test_syllables_outside_the_table_are_put_together(pinyin: str, phones: tuple[str, ...], tone: str) -> None:
    assert spoken_syllable(pinyin) == ((phones, tone),)


@pytest.mark.parametrize("pinyin", ["", "5", "zzz4", "q1", "\u4e00"])
def test_what_is_no_syllable_still_gives_phones_of_the_voice(pinyin: str) -> None:
    assert all(phone in PHONES for phones, _ in spoken_syllable(pinyin) for phone in phones)


def test_stress_is_the_tone_of_an_english_syllable() -> None:
    assert list(english_word("W AY1 . F AY0")) == [(("w", "ay"), "tone1"), (("f", "ay"), "tone0")]
    assert list(english_word("S EH2 . V AH0 N")) == [(("s", "eh"), "tone0"), (("v", "ah", "n"), "tone0")]
    assert list(english_word("")) == []
