"""Cleaning streamed text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.text.test_segments import TEXTS
from tts_server.text.markup import Characters, Cleaner, Tag


def clean(text: str, size: int = 0) -> list[tuple[str, int] | Tag]:
    """Characters with their places, and tags, fed whole or in pieces of one size."""
    cleaner = Cleaner()
    tokens = []
    for at in range(0, len(text), size or max(1, len(text))):
        tokens += cleaner.feed(text[at : at + (size or len(text))])
    flat: list[tuple[str, int] | Tag] = []
    for token in [*tokens, *cleaner.flush()]:
        flat += [token] if isinstance(token, Tag) else zip(token.text, token.offsets, strict=True)
    return flat


def plain(text: str) -> str:
    return "".join(token[0] for token in clean(text) if not isinstance(token, Tag))


@settings(deadline=None, max_examples=300)
@given(TEXTS | st.text(st.characters(), max_size=80), st.integers(1, 9))
def test_any_split_gives_the_same_characters(text: str, size: int) -> None:
    assert clean(text, size) == clean(text)


@settings(deadline=None)
@given(st.text(st.characters(), max_size=200))
def test_what_comes_out_can_be_written_as_utf8_and_holds_no_control_characters(text: str) -> None:
    assert all(char == "\n" or char.isprintable() or char == " " for char in plain(text))
    plain(text).encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("好😀的👨‍👩‍👧‍👦吧🇨🇳！👍🏽1️⃣☀️", "好的吧！"),
        ("**重要**和*斜体*、__粗__、_斜_、~~删~~、`代码`", "重要和斜体、粗、斜、删、代码"),
        ("# 标题\n> 引用\n- 甲\n* 乙\n+ 丙", " 标题\n 引用\n 甲\n 乙\n 丙"),
        ("1. 牛奶\n12. 面包", "1、 牛奶\n12、 面包"),
        ("见[说明](https://a.b/c?d=e)。", "见说明。"),
        ("看https://a.b/c_d。再来", "看a.b/c_d。再来"),
        ("Go to www.example.com/x, now.", "Go to www.example.com/x, now."),
        ("看https://a.b/c?d=e&f=g。", "看a.b/c。"),
        ("https://a.b/" + "c" * 80 + "。", "a.b/" + "c" * 36 + "。"),
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


def test_a_tag_is_told_with_its_place() -> None:
    assert clean("好[happy]吧[pause:500]")[1] == Tag("happy", 1, 8)
    assert clean("好[happy]吧[pause:500]")[3] == Tag("pause:500", 9, 20)
    assert plain("注[意]") == "注意"
    assert plain(f"[{'a' * 33}]") == "a" * 33


def test_nothing_waits_longer_than_needed() -> None:
    cleaner = Cleaner()
    assert cleaner.feed("你好！") == [Characters("你好！", (0, 1, 2))]
    assert cleaner.held_chars == 0
    assert cleaner.feed("[") == []
    assert cleaner.feed("意") == [Characters("意", (4,))]
