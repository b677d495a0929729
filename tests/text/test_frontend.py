"""The whole front end."""

import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markup.test_segments import TEXTS
from tests.support.growth import MOST, growth
from tests.text.cases import segment
from tts_server.markup.segments import TextCutter
from tts_server.text.frontend import analyse, describe, load
from tts_server.text.linguistic.segment import Pause, Reading, SayAs, Segment, Style
from tts_server.text.linguistic.utterance import Break, Prosody, Sentence

HAPPY = Prosody(emotion="happy")
WRITTEN = st.lists(
    st.sampled_from(
        [*"0159.,:/-~%$¥°²¹½→↑<>=()[]《》AIVXnmhsdC 年月日时分秒点度一", "am", "PM", "kWh", "2026", "'s", "Jan", "St."]
    ),
    max_size=24,
).map("".join)


def pinyin(sentence: Sentence) -> str:
    return " ".join(syllable.pinyin for run in sentence.runs for syllable in run.syllables)


@settings(max_examples=400)
@given(TEXTS | WRITTEN | st.text(st.characters(), max_size=120), st.sampled_from(["zh", "en"]))
def test_any_text_is_analysed_and_positions_lie_within_it(text: str, language: str) -> None:
    sentence = analyse(segment(text), language)
    json.dumps(describe([sentence]), ensure_ascii=False).encode()
    at = 0
    for run in sentence.runs:
        assert run.text
        assert at <= run.start < run.end <= len(text)
        at = run.start
        assert run.break_after >= Break.WORD
        assert bool(run.syllables) == (run.language == "zh")
        assert [word.first for word in run.words[1:]] == [word.last for word in run.words[:-1]]
        for piece in (*run.syllables, *run.words):
            assert run.start <= piece.start < piece.end <= run.end


@settings(max_examples=200)
@given(st.text(st.characters(), max_size=40), st.data())
def test_any_spans_are_taken(text: str, data: st.DataObject) -> None:
    place = st.integers(0, len(text))
    ends = st.tuples(place, place).map(sorted)
    spans = data.draw(
        st.lists(
            st.builds(lambda e: Style(e[0], e[1], HAPPY), ends)
            | st.builds(lambda e: Reading(e[0], e[1], "ni3 hao3"), ends)
            | st.builds(lambda e: SayAs(e[0], e[1], "digits"), ends)
            | st.builds(lambda at: Pause(at, 300), place),
            max_size=4,
        )
    )
    json.dumps(describe([analyse(segment(text, *spans))]), ensure_ascii=False).encode()


@pytest.mark.parametrize("text", ["", "。。。", "😀", "\ud800", "   ", "+-=", "“”", "\u200b"])
def test_nothing_to_say_gives_no_runs(text: str) -> None:
    assert analyse(segment(text)).runs == ()


def test_languages_make_runs_and_punctuation_stays_with_the_run_before() -> None:
    sentence = analyse(segment("打开WiFi，再用CPU。"))
    assert [(run.language, run.text, run.start, run.end) for run in sentence.runs] == [
        ("zh", "打开", 0, 2),
        ("en", "WiFi，", 2, 7),
        ("zh", "再用", 7, 9),
        ("en", "C P U。", 9, 13),
    ]
    assert [run.break_after for run in sentence.runs] == [1, 3, 1, 4]


def test_letters_that_are_neither_stay_out_of_mandarin() -> None:
    """豈 is written twice in Unicode; between the two stand the scripts of half of Asia."""
    sentence = analyse(segment("안녕 \uf900有"), "zh")
    assert [(run.text, run.language) for run in sentence.runs] == [("豈有", "zh")]


def test_a_japanese_voice_reads_japanese_with_its_own_characters() -> None:
    assert {run.language for run in analyse(segment("私は学生です。"), "ja").runs} == {"ja"}
    assert {run.language for run in analyse(segment("你好。"), "de").runs} == {"zh"}


def test_an_english_segment_is_one_run() -> None:
    [run] = analyse(segment("Hello, world. It's 5 o'clock!")).runs
    assert (run.language, run.text, run.end) == ("en", "Hello, world. It's five o'clock!", 29)


def test_positions_are_those_of_the_text_the_client_sent() -> None:
    text = "**你**[笑](http://a.b)😀2026年"
    [said] = [*(cutter := TextCutter()).feed(text), *cutter.flush()]
    for syllable in analyse(said).runs[0].syllables:
        written = text[syllable.start : syllable.end]
        assert written in ("你", "笑", "年", "2", "0", "6")


def test_styles_cut_runs_and_go_with_them() -> None:
    sentence = analyse(segment("今天很好明天下雨", Style(4, 8, HAPPY)))
    assert [(run.text, run.prosody) for run in sentence.runs] == [("今天很好", Prosody()), ("明天下雨", HAPPY)]


def test_a_pause_ends_the_run_before_it() -> None:
    first, second = analyse(segment("你好世界", Pause(2, 700))).runs
    assert (first.text, first.pause_ms, second.text, second.pause_ms) == ("你好", 700, "世界", None)
    silent, spoken = analyse(segment("你好", Pause(0, 500))).runs
    assert (silent.text, silent.pause_ms, spoken.text) == ("", 500, "你好")
    [whole] = analyse(segment("你好", Pause(2, 300))).runs
    assert whole.pause_ms == 300


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("请打开（客厅和卧室的）灯。", ["kai1", "de5"]),
        ("他(小明)来了。", ["ta1", "ming2"]),
        ("【通知】明天停水。", ["zhi1"]),
        ("价格（三元），好。", ["ge2", "yuan2"]),
        ("七点——也许八点。", ["dian3"]),
        ("苹果、香蕉。", ["guo3"]),
        ("他（她）来了。第（三）条。", []),
        ("他小明）来（小明了。", []),
    ],
)
def test_brackets_dashes_and_lists_pause_but_not_around_one_syllable(text: str, clauses: list[str]) -> None:
    syllables = [syllable for run in analyse(segment(text)).runs for syllable in run.syllables]
    assert [syllable.spoken for syllable in syllables if syllable.break_after == Break.CLAUSE] == clauses


def test_a_given_reading_wins() -> None:
    assert pinyin(analyse(segment("重庆行长", Reading(2, 4, "xing2 zhang3")))) == "chong2 qing4 xing2 zhang3"
    [run] = analyse(segment("Siri好", Reading(0, 4, "xi1 rui4"))).runs
    assert [(s.pinyin, s.start, s.end) for s in run.syllables] == [("xi1", 0, 4), ("rui4", 0, 4), ("hao3", 4, 5)]


def test_say_as_decides_how_a_number_is_read() -> None:
    assert analyse(segment("共1234人", SayAs(1, 5, "digits"))).normalised == "共幺二三四人"
    assert analyse(segment("房间号308", SayAs(3, 6, "cardinal"))).normalised == "房间号三百零八"
    assert [run.text for run in analyse(segment("写OK", SayAs(1, 3, "characters"))).runs] == ["写", "O K"]


def test_a_light_er_melts_into_its_syllable() -> None:
    [run] = analyse(segment("花儿和女儿")).runs
    assert [(s.char, s.pinyin, s.start, s.end) for s in run.syllables] == [
        ("花儿", "huar1", 0, 2), ("和", "he2", 2, 3), ("女", "nv3", 3, 4), ("儿", "er2", 4, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [("花园儿里", "huar"), ("冰棍儿", "gun4r"), ("墙根儿", "gen1r"), ("河边儿", "bian1r"), ("一会儿", "hui4r")],
)
def test_an_er_cut_off_as_a_word_melts_as_well(text: str, expected: str) -> None:
    [run] = analyse(segment(text)).runs
    [merged] = [syllable for syllable in run.syllables if syllable.char.endswith("儿")]
    assert len(merged.char) == 2
    assert merged.end - merged.start == 2
    assert merged.pinyin[-2] == "r"
    assert merged.pinyin[:-2] + merged.pinyin[-1] + "r" == expected or expected == "huar"


@pytest.mark.parametrize("text", ["女儿", "婴儿", "幼儿园", "儿童节", "新生儿", "儿子"])
def test_a_child_keeps_its_syllable(text: str) -> None:
    [run] = analyse(segment(text)).runs
    assert [syllable.char for syllable in run.syllables] == list(text)


def test_the_description_has_the_stable_form() -> None:
    [described] = describe([analyse(segment("你好，OK。"))])["sentences"]
    assert described == {
        "text": "你好，OK。",
        "normalized": "你好，OK。",
        "words": ["你好", "OK"],
        "syllables": [
            {"char": "你", "pinyin": "ni3", "spoken": "ni2", "from": 0, "to": 1},
            {"char": "好", "pinyin": "hao3", "spoken": "hao3", "from": 1, "to": 2},
        ],
        "breaks": [{"after": 1, "level": 3}],
        "runs": [{"language": "zh", "from": 0, "to": 3}, {"language": "en", "from": 3, "to": 6}],
    }


def test_threads_share_it() -> None:
    text = "银行行长在2026年3月5日说3.5%的人有iPhone 15。"
    expected = analyse(segment(text))
    wrong: list[Sentence] = []

    def work() -> None:
        wrong.extend(found for _ in range(50) if (found := analyse(segment(text))) != expected)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("char", ["好", "a", "1", "，", "A ", "😀", "一", "得", "\u0301", "儿", "1/", "%", "①"])
def test_a_long_repetition_takes_linear_time(char: str) -> None:
    load()
    assert growth(analyse, lambda length: segment(char * length), 10_000) < MOST


@pytest.mark.parametrize("char", ["1", "还", "\u0301", "儿"])
def test_fifty_kilobytes_of_one_character_take_linear_time(char: str) -> None:
    load()
    assert growth(analyse, lambda size: segment(char * (size // len(char.encode()))), 50_000) < MOST


@pytest.mark.parametrize("char", ["\u202e", "\u200b", "\x00", "😀", "\ud800", "“", "ا", "\n"])
def test_a_hundred_kilobytes_that_nobody_says_are_cut_and_analysed_in_linear_time(char: str) -> None:
    def work(text: str) -> None:
        cutter = TextCutter()
        said = [analyse(found) for found in [*cutter.feed(text), *cutter.flush()]]
        json.dumps(describe(said))

    load()
    assert growth(work, lambda size: char * (size // len(char.encode("utf-8", "surrogatepass"))), 100_000) < MOST


def test_lone_surrogates_reach_nobody() -> None:
    said = analyse(Segment("好\ud800的", (0, 1, 2, 3)))
    assert describe([said])["sentences"][0]["text"] == "好?的"
    assert [run.text for run in said.runs] == ["好的"]
    spelled = analyse(segment("好\ud8005", SayAs(0, 3, "characters"), Reading(1, 3, "wu3")))
    assert "".join(run.text for run in spelled.runs).encode()


FOOTPRINT = """
def rss(): return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
before = rss()
from tts_server.text import frontend
from tts_server.text.linguistic.segment import Segment
frontend.load()
for text in ("今天上海晴转多云，气温23到25度，记得带伞。", "他还没有把图书馆的书还给那位长得很高的老师。"):
    frontend.analyse(Segment(text, tuple(range(len(text) + 1))))
print(rss() - before)
"""


def test_it_is_small() -> None:
    """How quick it is, `tests.text.speed` measures."""
    said = subprocess.run([sys.executable, "-c", FOOTPRINT], check=True, capture_output=True, text=True).stdout
    assert float(said) < 130
