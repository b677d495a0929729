"""Cleaning streamed text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markup.test_segments import TEXTS
from tts_server.markup.markup import Cleaner, Markup
from tts_server.markup.tokens import Characters, EmotionCue, Gap, Token


def clean(text: str, size: int = 0, markup: Markup = Markup()) -> list[tuple[str, int] | Token]:  # noqa: B008
    """Characters with their places, and cues, fed whole or in pieces of one size."""
    cleaner = Cleaner(markup)
    tokens = []
    for at in range(0, len(text), size or max(1, len(text))):
        tokens += cleaner.feed(text[at : at + (size or len(text))])
    flat: list[tuple[str, int] | Token] = []
    for token in [*tokens, *cleaner.flush()]:
        flat += zip(token.text, token.offsets, strict=True) if isinstance(token, Characters) else [token]
    return flat


def plain(text: str, **markup: bool) -> str:
    return "".join(token[0] for token in clean(text, markup=Markup(**markup)) if isinstance(token, tuple))


@settings(max_examples=300)
@given(TEXTS | st.text(st.characters(), max_size=80), st.integers(1, 9))
def test_any_split_gives_the_same_characters(text: str, size: int) -> None:
    assert clean(text, size) == clean(text)


@given(st.text(st.characters(), max_size=200))
def test_what_comes_out_can_be_written_as_utf8_and_holds_no_control_characters(text: str) -> None:
    assert all(char == "\n" or char.isprintable() or char == " " for char in plain(text))
    plain(text).encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好😀的👨‍👩‍👧‍👦吧🇨🇳！👍🏽☀️", "好的吧！"),
        ("1️⃣ 打开电源 2️⃣关门", "1、 打开电源 2、关门"),
        ("**重要**和*斜体*、__粗__、_斜_、~~删~~、`代码`", "重要和斜体、粗、斜、删、代码"),
        ("# 标题\n> 引用\n- 甲\n* 乙\n+ 丙", " 标题\n 引用\n 甲\n 乙\n 丙"),
        ("1. 牛奶\n12. 面包", "1、 牛奶\n12、 面包"),
        ("看https://www.home-assistant.io/integrations/tts/?a=b，好", "看home-assistant.io，好"),
        ("见[说明](https://a.b/c?d=e)。", "见说明。"),
        ("看https://a.b/c_d。再来", "看a.b。再来"),
        ("Go to www.example.com/x, now.", "Go to example.com, now."),
        ("看https://a.b/c?d=e&f=g。", "看a.b。"),
        ("https://a.b/" + "c" * 80 + "。", "a.b。"),
        ("写信到a.b@c.com", "写信到a.b@c.com"),
        ("前```python\nprint(1)\n```后", "前后"),
        ("2*3和2 * 3，3~5天，-5度，a_b", "2*3和2 * 3，3~5天，-5度，a_b"),
        ("[[不是标签]", "[不是标签"),
        ("3.5℃ 10㎡ 20° 5‰", "3.5℃ 10㎡ 20° 5‰"),
        ("零\u200b宽\ufeff和\x00控\u202e制\ud800", "零宽和控制"),
        ("---\n分隔\n-----\n", "\n分隔\n\n"),
        ("[ ] 未做", "  未做"),
    ],
)
def test_markup_and_pictures_are_not_read(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_a_tag_is_a_cue_at_its_place() -> None:
    assert clean("好[happy]吧[pause:500]") == [("好", 0), EmotionCue("happy"), ("吧", 8), Gap(500)]
    assert clean("[开心:0.5]好[/]") == [EmotionCue("开心", 0.5), ("好", 8), EmotionCue(None)]
    assert plain("注[意]") == "注意"
    assert plain(f"[{'a' * 33}]") == "a" * 33


def test_nothing_waits_longer_than_needed() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("你好！") == [Characters("你好！", (0, 1, 2))]
    assert cleaner.held_chars == 0
    assert cleaner.feed("[") == []
    assert cleaner.feed("意") == [Characters("意", (4,))]


WAYS = [
    Markup(emoji=True, directions=True),
    Markup(markdown=True, emoji=True),
    Markup(tags=False, directions=True),
    Markup(speak_unknown_tags=True, markdown=True),
]
TAGGED = st.lists(
    st.sampled_from(
        [
            *(
                "[happy]",
                "[angry:1.4]",
                "[开心]",
                "[/]",
                "[/happy]",
                "[pause:500]",
                "[停顿:1秒]",
                "[[",
                "[unknown]",
                "[开",
                "[",
                "]",
            ),
            *(
                "😀",
                "👍🏽",
                "❤️‍🔥",
                "😮‍💨",
                "\u200d",
                "🏽",
                "（开心地）",
                "(很难过)",
                "（注）",
                "（",
                "）",
                "<b>",
                "</b>",
                "&amp;",
                "&",
            ),
            *("\\*", "![a](b)", "|", "|---|---|\n", "\n", "-", "好", "吧。", "，", "a", "1", ":", "<", "!"),
        ]
    ),
    max_size=24,
).map("".join)


@settings(max_examples=400)
@given(TAGGED, st.integers(1, 5), st.sampled_from(WAYS))
def test_any_split_of_tagged_text_gives_the_same_tokens(text: str, size: int, markup: Markup) -> None:
    assert clean(text, size, markup) == clean(text, 0, markup)


def test_emoji_are_emotions_where_that_is_asked_for() -> None:
    markup = Markup(emoji=True)
    assert clean("😀好", markup=markup) == [EmotionCue("happy", 1.0), ("好", 1)]
    assert clean("👍🏽好", markup=markup) == [EmotionCue("happy", 1.0), ("好", 2)]
    assert clean("❤️‍🔥", markup=markup) == [EmotionCue("affectionate", 1.4)]
    assert clean("👨‍👩‍👧好🇨🇳", markup=markup) == [("好", 5)]
    assert clean("😀好") == [("好", 1)]


def test_stage_directions_are_emotions_where_that_is_asked_for() -> None:
    markup = Markup(directions=True)
    assert clean("（非常开心地）好", markup=markup) == [EmotionCue("开心", 1.4), ("好", 7)]
    assert clean("(轻声说)好", markup=markup) == [EmotionCue("轻声"), ("好", 5)]
    assert plain("见（图一）", directions=True) == "见（图一）"
    assert plain("（开心）好", directions=False) == "（开心）好"


def test_stage_directions_act_as_first_words_by_default() -> None:
    assert clean(" （开心）好") == [(" ", 0), EmotionCue("开心"), ("好", 5)]
    assert plain("（开心）好（难过）") == "好（难过）"
    assert plain("（图一）见上") == "（图一）见上"
    assert plain("好（开心）") == "好（开心）"


def test_a_tag_whose_first_bracket_was_cut_off_acts_at_the_very_start() -> None:
    assert clean("happy]好") == [EmotionCue("happy"), ("好", 6)]
    assert clean("Sad:1.4]没") == [EmotionCue("Sad", 1.4), ("没", 8)]
    assert clean("开心]好") == [EmotionCue("开心"), ("好", 3)]
    assert plain("好happy]的") == "好happy的"
    assert plain("house]的") == "house的"
    assert plain("happy]的", tags=False) == "happy的"
    assert plain("happy people") == "happy people"


def test_a_tag_that_nobody_knows_is_dropped_or_spoken() -> None:
    assert plain("好[laser]吧") == "好吧"
    assert plain("好[laser]吧", speak_unknown_tags=True) == "好laser吧"
    assert plain("好[happy]吧", tags=False) == "好吧"
    assert clean("[happy]", markup=Markup(tags=False)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| 甲 | 乙 |\n|---|:-:|\n| 1 | 2 |", " 甲 ， 乙 \n\n 1 ， 2 "),
        ("<b>粗</b> &lt; &amp; 3 < 4 &nope;", "粗 < & 3 < 4 &nope;"),
        ("![图](a.png) 2\\*3 真的!", "图 2*3 真的!"),
        ("前<!-- 注 -->后", "前后"),
    ],
)
def test_markdown_is_stripped_further_where_it_is_said_to_be_markdown(text: str, expected: str) -> None:
    assert plain(text, markdown=True) == expected
