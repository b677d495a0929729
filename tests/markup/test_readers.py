"""Which reader a text gets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markup.test_ssml import read
from tts_server.markup.markup import Markup
from tts_server.markup.readers import reader_for
from tts_server.markup.ssml import SsmlReader


@pytest.mark.parametrize(
    "text",
    ["<speak>你好。</speak>", "\n <speak version='1'>你好。</speak>", "<?xml version='1.0'?><speak>你好。</speak>"],
)
@pytest.mark.parametrize("size", [0, 1, 3])
def test_a_text_that_begins_with_speak_is_ssml(text: str, size: int) -> None:
    assert [segment.text for segment in read(text, size, "auto")[0]] == ["你好。"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<speaker>你好", "你好"),
        ("a <speak>你</speak>", "a 你"),
        ("<sp", "<sp"),
        ("  ", None),
        ("", None),
    ],
)
def test_any_other_text_is_plain(text: str, said: str | None) -> None:
    assert [segment.text for segment in read(text, 1, "auto")[0]] == ([] if said is None else [said])


def test_plain_is_never_looked_into() -> None:
    assert not isinstance(reader_for("plain", Markup()), SsmlReader)
    assert read("<speak>你好。</speak>", 0, "plain")[0][0].text == "你好。"


def test_a_pause_in_a_text_that_may_be_ssml_decides_for_plain() -> None:
    reader = reader_for("auto", Markup())
    assert reader.feed("<spe") == []
    assert reader.can_flush
    assert reader.held_chars == 4
    assert reader.flush() != []
    assert (reader.received, reader.held_chars) == (4, 0)


@settings(max_examples=200)
@given(st.text(st.sampled_from(list("<speak /?xml>好。\n[happy]")), max_size=40), st.integers(1, 7))
def test_any_split_is_read_alike(text: str, size: int) -> None:
    if "speak" not in text:
        assert read(text, size, "auto") == read(text, 0, "auto")
