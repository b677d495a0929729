"""What language models write besides words: it is not read, however the text is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_server.markup.markup import Cleaner, Markup
from tts_server.markup.tokens import Characters, Gap, Token

TEXTS = [
    ("<think>用户问天气。</think>今天晴。", "今天晴。"),
    ("<thinking>\nHm, 3 < 5.\n</thinking>\nYes.", "\nYes."),
    ("好。<think>从不结束的", "好。"),
    ("</think>好的。", "好的。"),
    ('<tool_call>{"name": "light.on"}</tool_call>灯开了。', "灯开了。"),
    ("<|im_start|>你好<|HAPPY|>", "你好"),
    ("<｜end▁of▁sentence｜>你好", "你好"),
    ("你好<laughter>哈哈</laughter>", "你好哈哈"),
    ("第一行<br>第二行<br/>", "第一行\n第二行\n"),
    ('<font color="red">警告</font>', "警告"),
    ("5 < 6，a<b，<5%", "5 < 6，a<b，<5%"),
    ("Tom &amp; Jerry&nbsp;&lt;3", "Tom & Jerry <3"),
    ("天气很好【1†source】。[^1]", "天气很好。"),
    ("笑死[破涕为笑]", "笑死"),
    ("[3]条新消息", "3条新消息"),
    ("研究[3]表明", "研究表明"),
    ("公式$E=mc^2$和\\(a^{2}\\)", "公式E=mc^2和a^2"),
    ("答案是$$\\frac{1}{2}$$。", "答案是1/2。"),
    ("看$$\\sum_{i=1}^{n} i^2 = \\frac{n(n+1)}{2}$$。", "看公式。"),
    ("See \\[\\int_0^1 x dx\\].", "See formula."),
    ("It costs $5 and then $10.", "It costs $5 and then $10."),
    ("US$5和$3.5", "US$5和$3.5"),
]


def cleaned(pieces: list[str]) -> list[Token]:
    cleaner = Cleaner()
    return [token for piece in pieces for token in cleaner.feed(piece)] + cleaner.end()


def said(tokens: list[Token]) -> str:
    return "".join(token.text for token in tokens if isinstance(token, Characters))


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_it_is_not_read(text: str, expected: str) -> None:
    assert said(cleaned([text])) == expected


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_nor_when_it_comes_character_by_character(text: str, expected: str) -> None:
    assert said(cleaned(list(text))) == expected


def test_a_lone_break_is_a_pause() -> None:
    tokens = cleaned(['好。<break time="1s"/>走。<break/>'])
    assert [token.ms for token in tokens if isinstance(token, Gap)] == [1000, 500]


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from([*"<>|/$\\[]()【】&;^{}†", "think", "</think>", "br", "a", "好", "1", "\n", " ", "frac", "$$"]),
        max_size=30,
    ),
    st.data(),
)
def test_any_cut_gives_the_same_and_places_lie_in_the_text(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cut = data.draw(st.integers(0, len(text)))
    whole, halves = cleaned([text]), cleaned([text[:cut], text[cut:]])
    assert said(whole) == said(halves)
    offsets = [offset for token in halves if isinstance(token, Characters) for offset in token.offsets]
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


def test_a_link_is_read_whole_where_the_owner_wants_it() -> None:
    cleaner = Cleaner(Markup(whole_links=True))
    tokens = [*cleaner.feed("看https://a.b/c?d=e。和www.a.b/c"), *cleaner.end()]
    assert said(tokens) == "看a.b/c。和www.a.b/c"
