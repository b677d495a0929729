"""Syllables that a text talks about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.cases import segment
from tts_server.text.frontend import analyse, explain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这个字念zhǎng。", "zhang3"),
        ("拼音是chóngqìng。", "chong2 qing4"),
        ("读作lǜ，不读lù。", "lv4 bu4 du2 lu4"),
        ("“重”在这里读作第二声。", "chong2 zai4"),
        ("「乐」字念四声。", "le4 zi4"),
        ("“长”读第三声", "zhang3 du2"),
    ],
)
def test_what_is_spoken_about_is_read_as_it_says(text: str, expected: str) -> None:
    syllables = [s.pinyin for run in analyse(segment(text)).runs for s in run.syllables]
    assert expected in " ".join(syllables)


@pytest.mark.parametrize("text", ["我喜欢café。", "他的résumé很长。", "Beyoncé来了。"])
def test_foreign_words_with_accents_are_no_pinyin(text: str) -> None:
    assert any(run.language == "en" for run in analyse(segment(text)).runs)


@given(st.text("zhǎngdàcafé“重”读第二声音 '’", max_size=30))
def test_any_such_text_is_read_in_order(text: str) -> None:
    starts = [s.start for run in analyse(segment(text)).runs for s in run.syllables]
    assert starts == sorted(starts)


def test_what_chose_such_a_reading_is_told() -> None:
    rows = explain([analyse(segment("“重”读作第二声，花儿重要。"))])["readings"]
    assert next((row["pinyin"], row["by"]) for row in rows if row["char"] == "重") == ("chong2", "given")
    assert all(row["by"] != "given" for row in rows[1:])
