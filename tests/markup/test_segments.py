"""Cutting streamed text."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.growth import MOST, growth
from tts_server.markup.segments import Split, TextCutter
from tts_server.text.linguistic.segment import Segment, Style, Unfinished
from tts_server.text.linguistic.utterance import Prosody

# Dense in what the cutter looks at, with anything else in between.
MARKS = st.sampled_from(
    [
        *list('。！？；…!?.,，、：\n "“”‘’（）()「」[]*_~`#>-+|0123456789:/hwps.abAB你好的一'),
        "http://a.b/c",
        "```",
        "1️⃣",
        "[[",
        "](http://x.y)",
        "[happy]",
        "Mr. ",
    ]
)
TEXTS = st.lists(MARKS | st.text(max_size=3), max_size=60).map("".join)
SPLITS: list[Split] = ["auto", "sentence", "none"]


def cut(text: str, split: Split = "auto", sizes: list[int] | None = None) -> list[Segment]:
    """Feed a text, whole or in pieces of these sizes (over and over), and flush."""
    cutter = TextCutter(split=split)
    segments: list[Segment] = []
    at, turn = 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)] if sizes else len(text)
        segments += cutter.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    return segments + cutter.flush()


def texts(text: str, split: Split = "auto") -> list[str]:
    return [segment.text for segment in cut(text, split)]


@settings(max_examples=300)
@given(TEXTS, st.sampled_from(SPLITS), st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_any_split_of_the_text_gives_the_same_segments(text: str, split: Split, sizes: list[int]) -> None:
    assert cut(text, split, sizes) == cut(text, split)


@settings(max_examples=300)
@given(TEXTS | st.text(max_size=200))
def test_every_character_of_a_segment_stands_at_its_offset(text: str) -> None:
    for segment in cut(text):
        assert len(segment.offsets) == len(segment.text) + 1
        assert list(segment.offsets) == sorted(set(segment.offsets))
        for char, offset in zip(segment.text, segment.offsets, strict=False):
            assert char in (text[offset], " ", "\n", "、") or not {"$", "\\", "&"}.isdisjoint(
                text
            )  # formulas, entities


@given(st.text(st.characters(), max_size=200))
def test_segments_always_hold_something_to_say(text: str) -> None:
    for segment in cut(text):
        assert any(char.isalnum() or char in "℃℉㎏㎎㎝㎜㎞㎡㎢㎥" for char in segment.text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。世界！好吗？", ["你好。", "世界！", "好吗？"]),
        ("“你好。”他说。", ["“你好。”", "他说。"]),
        ("他说：“你好。我是小明。”然后走了。", ["他说：“你好。", "我是小明。”", "然后走了。"]),
        ("圆周率是3.14。价格1,234.5元。", ["圆周率是3.14。", "价格1,234.5元。"]),
        ("Hello world. I am Mr. Smith. Use v1.2.3 now.", ["Hello world.", "I am Mr. Smith.", "Use v1.2.3 now."]),
        ("e.g. a@b.com is J. Smith's.", ["e.g. a@b.com is J. Smith's."]),
        ("Wait... what?", ["Wait...", "what?"]),
        ("真的吗？！好吧……", ["真的吗？", "好吧…"]),
        ("一行\n二行\n\n", ["一行", "二行"]),
        ("你好.我来了", ["你好.", "我来了"]),
        ("！！！。。。", []),
        ("😀", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert texts(text, "sentence") == expected


def test_a_sentence_is_out_with_its_last_mark() -> None:
    cutter = TextCutter()
    assert [segment.text for segment in cutter.feed("你好。")] == ["你好。"]
    assert cutter.pending_chars == 0
    assert [segment.text for segment in cutter.feed("Really?")] == ["Really?"]
    assert [segment.text for segment in cutter.feed("换行\n")] == ["换行"]


def test_only_the_first_segment_may_end_at_a_comma() -> None:
    assert texts("今天的天气非常好，我们出去玩，好不好？") == ["今天的天气非常好，", "我们出去玩，好不好？"]
    assert texts("今天的天气非常好，我们出去玩。", "sentence") == ["今天的天气非常好，我们出去玩。"]
    assert texts("好的，我们走吧。") == ["好的，我们走吧。"]
    assert texts("一共有六个字1,234元。") == ["一共有六个字1,234元。"]


def test_nothing_is_cut_until_asked_for_when_splitting_is_off() -> None:
    assert texts("你好。" * 100, "none") == ["你好。" * 100]


def test_run_on_text_is_cut_at_its_last_comma_or_space() -> None:
    clause = "这是一个没有句号的长句子，"
    assert all(part.endswith("，") for part in texts(clause * 20, "sentence"))
    parts = texts("word " * 200, "sentence")
    assert len(parts) > 3
    assert all(set(part.split()) == {"word"} for part in parts)
    assert max(map(len, texts("好" * 1000))) <= 61


@pytest.mark.parametrize(
    "char", ["好", "a", "1", "。", ".", "“", "[", "*", "`", "-", "h", "(", " ", "😀", "\u200b", "\ud800"]
)
def test_a_hundred_thousand_equal_characters_take_linear_time(char: str) -> None:
    def work(pieces: list[str]) -> None:
        cutter = TextCutter()
        for piece in pieces:
            cutter.feed(piece)
        cutter.flush()
        assert cutter.received == 100 * len(pieces)

    assert growth(work, lambda length: [char * 100] * (length // 100), 100_000) < MOST


def test_a_new_emotion_ends_the_segment_and_other_styles_wait_for_the_next() -> None:
    calm, sad = Prosody(), Prosody(emotion="sad")
    cutter = TextCutter(calm)
    assert cutter.feed("你赢了") == []
    [said] = cutter.restyle(sad)
    assert (said.text, said.spans) == ("你赢了", (Style(0, 3, calm), Unfinished()))
    assert cutter.feed("可是") == []
    assert cutter.restyle(replace(sad, speed=2.0)) == []
    [old] = cutter.feed("下雨。")
    [new] = cutter.feed("唉！")
    assert old.spans == (Style(0, 5, sad),)
    assert new.spans == (Style(0, 2, replace(sad, speed=2.0)),)


def test_what_was_received_and_what_waits_is_counted() -> None:
    cutter = TextCutter()
    cutter.feed("你好。再[hap")
    assert (cutter.received, cutter.pending_chars) == (8, 5)
    assert [segment.offsets for segment in cutter.flush()] == [(3, 5, 6, 7, 8)]
    assert cutter.pending_chars == 0


@pytest.mark.parametrize(
    ("text", "said", "more", "rest"),
    [
        ("现在室温是2", "", "5度。", "现在室温是25度。"),
        ("东方明珠高468.", "", "5米。", "东方明珠高468.5米。"),
        ("好的，现在是10：", "好的，", "30。", "现在是10：30。"),
        ("今天很冷，请打开客", "今天很冷，", "厅的灯。", "请打开客厅的灯。"),
        ("我知道了请打开客", "我知道了", "厅的灯。", "请打开客厅的灯。"),
        ("It is getting col", "It is getting", "d outside.", "cold outside."),
        ("还剩 2 ", "", "小时。", "还剩 2 小时。"),
        ("他说（明天", "", "见）好。", "他说（明天见）好。"),
        ("价格是1,", "", "234元。", "价格是1,234元。"),
        ("好，[hap", "好，", "py]你好。", "你好。"),
        ("好，<thi", "好，", "nk>嗯</think>走。", "走。"),
    ],
)
def test_a_text_that_stalls_is_not_cut_where_it_may_still_grow(text: str, said: str, more: str, rest: str) -> None:
    cutter = TextCutter(split="sentence")
    begun = cutter.feed(text)
    settled = cutter.settle()
    assert "".join(segment.text for segment in [*begun, *settled]) == said
    assert "".join(segment.text for segment in [*cutter.feed(more), *cutter.end()]) == rest


@given(TEXTS, st.integers(0, 40))
def test_settling_loses_and_repeats_nothing(text: str, at: int) -> None:
    cutter = TextCutter(split="sentence")
    segments = [*cutter.feed(text[:at]), *cutter.settle(), *cutter.feed(text[at:]), *cutter.end()]
    offsets = [offset for segment in segments for offset in segment.offsets[:-1]]
    assert offsets == sorted(set(offsets))
    whole = list(cut(text))
    written = [char for segment in segments for char in segment.text if char.isalnum()]
    assert written == [char for segment in whole for char in segment.text if char.isalnum()]


@pytest.mark.parametrize("text", ["S.M.A.R.T.有警告。", "We rest on Thu. and Fri. too.", "三种：1. 清蒸；"])
def test_a_dot_that_belongs_to_a_word_or_an_item_ends_no_sentence(text: str) -> None:
    assert texts(text, "sentence") == [text]
