"""SSML to segments: what its elements ask for, exact places, and documents that are broken or hostile."""

import time
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_server.errors import MarkupInvalid
from tts_server.markup.markup import Markup
from tts_server.markup.readers import reader_for
from tts_server.markup.segments import TextCutter
from tts_server.markup.tokens import Cue, EmotionCue, VoiceCue
from tts_server.text.linguistic.segment import Pause, Reading, SayAs, Segment, Span, Style, Unfinished
from tts_server.text.linguistic.utterance import Prosody


class Listener:
    """Follows the cues, and keeps them."""

    def __init__(self) -> None:
        self.cues: list[Cue] = []

    def follow(self, cue: Cue, segments: list[Segment]) -> Prosody:
        self.cues.append(cue)
        emotions = [cue for cue in self.cues if isinstance(cue, EmotionCue)]
        last = emotions[-1] if emotions else EmotionCue(None)
        return Prosody(last.name or "neutral", 1.0 if last.intensity is None else last.intensity)


def read(text: str, size: int = 0, text_format: str = "ssml") -> tuple[list[Segment], list[Cue]]:
    """Segments and cues of a text that comes whole or in pieces of one size."""
    listener = Listener()
    cutter = TextCutter(split="sentence", reader=reader_for(text_format, Markup()), on_cue=listener.follow)
    segments: list[Segment] = []
    for at in range(0, len(text), size or max(1, len(text))):
        segments += cutter.feed(text[at : at + (size or len(text))])
    return [*segments, *cutter.end()], listener.cues


def one(text: str) -> Segment:
    [segment] = read(text)[0]
    return segment


def spans(text: str, kind: type[Span]) -> list[Span]:
    return [span for span in one(f"<speak>{text}</speak>").spans if isinstance(span, kind)]


def style_of(text: str) -> Prosody:
    return spans(text, Style)[-1].prosody  # type: ignore[union-attr]


def test_every_character_keeps_its_place() -> None:
    text = '<speak>\n  今天&amp;<emotion category="happy">明&#22825;</emotion><![CDATA[<好>]]>&lt;\r\n</speak>'
    said = "".join(segment.text for segment in read(text)[0])
    assert said == "今天&明天<好><"
    places = [offset for segment in read(text)[0] for offset in segment.offsets[:-1]]
    assert [text[place] for place in places] == list("今天&明&<好>&")


def test_emotions_nest_and_end() -> None:
    segments, cues = read(
        '<speak>一。<emotion category="sad" intensity="0.6">二。<mstts:express-as style="cheerful" styledegree="2">三。'
        "</mstts:express-as>四。</emotion>五。<emotion category='no such'>六。</emotion></speak>"
    )
    assert [segment.text for segment in segments] == ["一。", "二。", "三。", "四。", "五。", "六。"]
    assert [(segment.prosody.emotion, segment.prosody.intensity) for segment in segments] == [
        *(("neutral", 1.0), ("sad", 0.6), ("cheerful", 2.0), ("sad", 0.6), ("neutral", 1.0), ("neutral", 1.0))
    ]
    assert len(cues) == 4


def test_a_change_that_nothing_follows_ends_no_sentence_early() -> None:
    assert not [
        span for span in one("<speak><emotion category='sad'>难过</emotion></speak>").spans if span == Unfinished()
    ]
    first, second = read("<speak>我<emotion category='sad'>难过</emotion></speak>")[0]
    assert Unfinished() in first.spans
    assert Unfinished() not in second.spans


@pytest.mark.parametrize(
    ("written", "speed", "pitch", "volume"),
    [
        ('<prosody rate="1.5">好</prosody>', 1.5, 0, 0),
        ('<prosody rate="150%">好</prosody>', 1.5, 0, 0),
        ('<prosody rate="-20%">好</prosody>', 0.8, 0, 0),
        ('<prosody rate="x-fast">好</prosody>', 1.75, 0, 0),
        ('<prosody pitch="+2st">好</prosody>', 1, 2, 0),
        ('<prosody pitch="+100%">好</prosody>', 1, 12, 0),
        ('<prosody pitch="low">好</prosody>', 1, -3, 0),
        ('<prosody volume="-6dB">好</prosody>', 1, 0, -6),
        ('<prosody volume="silent">好</prosody>', 1, 0, -60),
        ('<prosody volume="soft"><prosody volume="soft">好</prosody></prosody>', 1, 0, -12),
        ('<prosody rate="quickly" pitch="" volume="x">好</prosody>', 1, 0, 0),
        ('<prosody rate="99999%" pitch="+999st" volume="+999dB">好</prosody>', 2.5, 12, 12),
    ],
)
def test_prosody(written: str, speed: float, pitch: float, volume: float) -> None:
    found = style_of(written)
    assert (found.speed, found.pitch, found.volume) == pytest.approx((speed, pitch, volume), abs=0.01)


def test_the_attributes_of_speak_are_alibabas() -> None:
    [segment] = read('<speak voice="zhitian_emo" rate="500" pitch="-500" volume="100">好。</speak>')[0]
    prosody = [span.prosody for span in segment.spans if isinstance(span, Style)][-1]
    assert (prosody.speed, prosody.pitch, prosody.volume) == pytest.approx((2.0, -6.0, 6.02), abs=0.01)
    assert read('<speak voice="zhitian_emo">好。</speak>')[1] == [VoiceCue("zhitian_emo")]
    assert read('<speak><voice name="heart">Hi.</voice>好。</speak>')[1] == [VoiceCue("heart"), VoiceCue(None)]


def test_breaks_readings_and_interpretations() -> None:
    assert spans('你好<break time="500ms"/>吗', Pause) == [Pause(2, 500)]
    assert spans('你好<break time="1.5s"/><break strength="strong"/>吗', Pause) == [Pause(2, 2100)]
    assert spans('你好<break strength="none"/>吗<break time="99s"/>', Pause) == [Pause(3, 10_000)]
    assert spans('<phoneme alphabet="py" ph="dian3 dang4">典当</phoneme>了', Reading) == [Reading(0, 2, "dian3 dang4")]
    assert spans('<phoneme alphabet="ipa" ph="wɒt">What</phoneme>', Reading) == [Reading(0, 4, "/wɒt/")]
    assert spans('<phoneme alphabet="ipa" ph="w8">What</phoneme>', Reading) == []
    assert spans('<phoneme alphabet="x-sampa" ph="x">典</phoneme>', Reading) == []
    assert spans('拨<say-as interpret-as="telephone">110</say-as>', SayAs) == [SayAs(1, 4, "telephone")]


def test_an_alias_is_said_in_place_of_what_is_written() -> None:
    text = '<speak>打开<sub alias="网络存储">NAS</sub>吧</speak>'
    segment = one(text)
    assert segment.text == "打开网络存储吧"
    assert [text[offset] for offset in segment.offsets[:-1]] == list("打开NNAS吧")


def test_sentences_and_paragraphs_end_without_a_mark() -> None:
    segments = read("<speak><p><s>一</s><s>二</s></p><p>三</p></speak>")[0]
    assert [segment.text for segment in segments] == ["一", "二", "三"]
    assert Pause(0, 300, is_added=True) in segments[2].spans


def test_sound_files_and_what_nobody_knows_are_passed_over() -> None:
    text = (
        '<speak><meta name="x" content="y"/><audio src="http://example.org/a.mp3"><desc>铃声</desc>叮咚</audio>'
        '<lang xml:lang="en-US">Hi</lang><mark name="m"/><w>火车</w><par:foo bar="1">站</par:foo></speak>'
    )
    assert "".join(segment.text for segment in read(text)[0]) == "叮咚Hi火车站"


def test_a_fragment_is_read_as_if_it_stood_in_speak() -> None:
    segments, cues = read("好。<emotion category='happy'>太好了！</emotion>")
    assert [segment.text for segment in segments] == ["好。", "太好了！"]
    assert segments[1].offsets == (28, 29, 30, 31, 32)
    assert cues == [EmotionCue("happy")]


def test_several_documents_are_read_as_each_is_whole() -> None:
    cutter = TextCutter(reader=reader_for("ssml", Markup()))
    assert cutter.feed("<speak>一。</spe") == []
    assert not cutter.can_flush
    assert cutter.flush() == []
    assert [segment.text for segment in cutter.feed("ak>\n<speak>二。</speak><speak>三")] == ["一。", "二。"]
    assert [segment.offsets for segment in cutter.feed("。</speak>")] == [(42, 43, 44)]
    assert cutter.end() == []


DOCUMENTS = st.recursive(
    st.text("好吧。，！1a &<", max_size=4).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))
    | st.sampled_from(['<break time="200ms"/>', "<mark name='a'/>", "<![CDATA[<x>]]>", "&#20320;", "\n"]),
    lambda inner: st.tuples(
        st.sampled_from(
            ["emotion category='sad'", "s", "p", "prosody rate='0.8'", "voice name='x'", "sub alias='网'", "w"]
        ),
        st.lists(inner, max_size=3).map("".join),
    ).map(lambda made: f"<{made[0]}>{made[1]}</{made[0].split()[0]}>"),
    max_leaves=8,
)


@settings(max_examples=150)
@given(DOCUMENTS, st.integers(1, 9), st.sampled_from(["ssml", "auto"]))
def test_any_split_gives_the_same_segments_and_cues(inner: str, size: int, text_format: str) -> None:
    text = f"<speak>{inner}</speak>"
    assert read(text, size, text_format) == read(text, 0, text_format)


@settings(max_examples=200)
@given(st.text(st.sampled_from(list("<>/&;\"'=speak! [CDATA]-?好。\x00\ud800")), max_size=60), st.integers(1, 7))
def test_anything_else_is_an_error_or_is_read(text: str, size: int) -> None:
    def outcome(size: int) -> object:
        try:
            return read(text, size)
        except MarkupInvalid as error:
            return " at line " in str(error)

    assert (
        outcome(size) == outcome(0) or "</speak" in text
    )  # a whole first document has been read before a broken second


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<speak>你好<s>吧</speak>", "line 1, column 16"),
        ("<speak>\n你好", "line 2, column 3"),
        ("<speak>你 & 我</speak>", "line 1, column 11"),
        ("<speak>&nbsp;</speak>", "unknown entity"),
        ("<speak><s a=1>你</s></speak>", "line 1, column 13"),
        ("<speak>" + "<s>" * 1000 + "</s>" * 1000 + "</speak>", "deeper than 64 at line 1"),
        ("<speak" + "".join(f" a{n}='1'" for n in range(99)) + ">你</speak>", "more than 32 attributes"),
        ("<speak>" + "<s/>" * 40_000 + "</speak>", "more than 20000 elements"),
        (
            '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><speak>&b;</speak>',
            "is not allowed at line 1",
        ),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><speak>&a;</speak>', "is not allowed"),
    ],
    ids=[
        "crossed",
        "unclosed",
        "ampersand",
        "entity",
        "attribute",
        "deep",
        "attributes",
        "elements",
        "laughs",
        "external",
    ],
)
def test_broken_and_hostile_documents_are_refused_at_once(text: str, told: str) -> None:
    started = time.process_time()
    with pytest.raises(MarkupInvalid, match=told):
        read(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "make", [lambda n: "<speak>" + "你好。" * n + "</speak>", lambda n: "<speak>" + "<s>你</s>" * n, lambda n: "<" * n]
)
def test_a_long_document_that_trickles_in_takes_bounded_time_and_memory(make: Callable[[int], str]) -> None:
    text = make(6000)
    cutter = TextCutter(reader=reader_for("ssml", Markup()))
    tracemalloc.start()
    started = time.process_time()
    try:
        for char in text:
            cutter.feed(char)
        cutter.end()
    except MarkupInvalid:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert time.process_time() - started < 5
    assert peak < 40 * 2**20
