"""Symbols for Piper's voices: English as espeak-ng writes it, Mandarin as initial, final and tone."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engines.onnx_voices.tiny import voice_json
from tts_server.engine import Break, Run, Syllable
from tts_server.engines.english import g2p
from tts_server.engines.onnx_voices.packs.pack import Pack
from tts_server.engines.onnx_voices.packs.trial import english_run, mandarin_run
from tts_server.engines.onnx_voices.piper.config import Settings, parse
from tts_server.engines.onnx_voices.piper.ipa import espeak_ipa
from tts_server.engines.onnx_voices.piper.symbols import MAX_IDS, Line, lines_of, split_pinyin
from tts_server.text import frontend
from tts_server.text.linguistic.segment import Segment

pytestmark = pytest.mark.timeout(90)  # whichever test comes first installs a voice of 60 or 90 MB

ESPEAK = json.loads((Path(__file__).parents[2] / "golden/piper/phonemes.json").read_text(encoding="utf-8"))
MANDARIN = Path(__file__).parents[2] / "golden/piper/mandarin.tsv"


@pytest.fixture(scope="module")
def english(joe: Pack) -> Settings:
    return replace(Settings.of(joe.settings), espeak="")  # whether or not that program is installed here


@pytest.fixture(scope="module")
def mandarin() -> Settings:
    return parse(voice_json())[0]


def shown(line: Line, settings: Settings) -> str:
    names = {ids[0]: symbol for symbol, ids in reversed(settings.ids.items())}
    return " ".join(names[number] for number in line.ids)


def edits(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for index, a in enumerate(one, 1):
        last, row[0] = row[0], index
        for place, b in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (a != b))
    return row[-1]


def plain(phonemes: str, left_out: str) -> str:
    return "".join(symbol for symbol in phonemes if symbol not in left_out)


@pytest.mark.parametrize(("left_out", "most"), [(" .,!?", 0.065), (" .,!?ˈˌ", 0.04)], ids=["with stress", "without"])
def test_english_is_nearly_what_espeak_writes(left_out: str, most: float) -> None:
    wrong = length = 0
    for text, expected in ESPEAK.items():
        ours = " ".join(espeak_ipa(word) for sentence in g2p.phonemes(text) for word in sentence.split())
        wrong += edits(plain(ours, left_out), plain(expected, left_out))
        length += len(plain(expected, left_out))
    assert length > 800
    assert wrong / length <= most


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Wait… what?", "^ _ w _ ˈ _ e _ ɪ _ t _ . _   _ w _ ˌ _ ʌ _ t _ ? _ $"),
        ("Go，go。", "^ _ ɡ _ ˌ _ o _ ʊ _ , _   _ ɡ _ ˌ _ o _ ʊ _ . _ $"),
    ],
)
def test_marks_stay_between_words(english: Settings, text: str, said: str) -> None:
    assert [shown(line, english) for line in lines_of(english_run(text), english)] == [said]


def test_a_phoneme_that_the_voice_does_not_know_is_left_out(english: Settings) -> None:
    fewer = Settings(**{**vars_of(english), "ids": {k: v for k, v in english.ids.items() if k != "ʊ"}})
    (line,) = lines_of(english_run("No."), fewer)
    assert shown(line, fewer) == "^ _ n _ ˈ _ o _ . _ $"


def vars_of(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


def test_each_word_owns_its_ids(english: Settings) -> None:
    run = english_run("It is 2024, isn't it?")
    lines = lines_of(run, english)
    places = [unit[:2] for line in lines for unit in line.units]
    assert places == [(word.start, word.end) for word in run.words]
    for line in lines:
        assert all(first < last for *_, first, last in line.units)
        assert line.units[-1][3] == len(line.ids) - line.tail


def test_long_sentences_are_divided_where_a_mark_stands(english: Settings) -> None:
    text = "and then we went home, " * 30
    lines = lines_of(english_run(text), english)
    assert len(lines) > 2
    assert all(len(line.ids) <= MAX_IDS + 20 for line in lines)
    assert all(line.break_after == Break.CLAUSE for line in lines[:-1])
    assert sum(len(line.units) for line in lines) == 150


@pytest.mark.parametrize(
    ("pinyin", "symbols"),
    [
        ("zhong1", ("zh", "ong", "1")),
        ("ai3", ("Ø", "ai", "3")),
        ("er2", ("Ø", "er", "2")),
        ("yuan2", ("y", "uan", "2")),
        ("wen4", ("w", "en", "4")),
        ("lve4", ("l", "ve", "4")),
        ("xue2", ("x", "ue", "2")),
        ("ju4", ("j", "u", "4")),
        ("shi4", ("sh", "i", "4")),
        ("liu2", ("l", "iu", "2")),
        ("gui4", ("g", "ui", "4")),
        ("huar1", ("h", "ua", "1", "Ø", "er", "5")),
        ("wanr2", ("w", "an", "2", "Ø", "er", "5")),
        ("n2", ("Ø", "n", "2")),
    ],
)
def test_pinyin_is_split_as_piper_does(pinyin: str, symbols: tuple[str, ...]) -> None:
    assert split_pinyin(Syllable("字", pinyin, pinyin, 0, 1)) == symbols


def test_citation_tones_are_given_not_those_of_sandhi(mandarin: Settings) -> None:
    syllables = tuple(Syllable("字", "ni3", "ni2", n, n + 1) for n in range(2))
    (line,) = lines_of(Run("zh", "字字", 0, 2, syllables=syllables), mandarin)
    assert shown(line, mandarin) == "^ n i 3 _ n i 3 _ $"


def test_pads_stand_behind_syllables_and_marks(mandarin: Settings) -> None:
    (line,) = lines_of(mandarin_run("ni3 hao3, zai4 jian4."), mandarin)
    assert shown(line, mandarin) == "^ n i 3 _ h ao 3 _ ， _ z ai 4 _ j ian 4 _ 。 _ $"
    assert [unit[:2] for unit in line.units] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert line.tail == 3


def test_sentences_are_lines(mandarin: Settings) -> None:
    first, second = lines_of(mandarin_run("ni3 hao3. zai4 jian4."), mandarin)
    assert (first.break_after, second.break_after) == (Break.SENTENCE, Break.SENTENCE)


def _sentences() -> list[tuple[str, str]]:
    return [tuple(line.split("\t")) for line in MANDARIN.read_text(encoding="utf-8").splitlines()]  # type: ignore[misc]


def test_mandarin_sentences_have_the_symbols_that_were_checked_by_hand(mandarin: Settings) -> None:
    frontend.load()
    assert len(_sentences()) == 50
    for text, expected in _sentences():
        runs = frontend.analyse(Segment(text, tuple(range(len(text) + 1)))).runs
        said = " | ".join(shown(line, mandarin) for run in runs for line in lines_of(run, mandarin))
        assert said == expected, text


def test_every_syllable_of_the_front_end_has_symbols(mandarin: Settings) -> None:
    table = Path(__file__).parents[2] / "golden/sambert/syllables.tsv"
    syllables = {line.split("\t")[0] for line in table.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()}
    named: Callable[[str], tuple[str, ...]] = lambda plain: split_pinyin(Syllable("字", f"{plain}1", "", 0, 1))  # noqa: E731
    unknown = {plain for plain in syllables if not set(named(plain)) <= set(mandarin.ids)}
    assert unknown <= {"m", "n", "ng", "hm", "hng", "ê", "io", "yo", "lo"}
