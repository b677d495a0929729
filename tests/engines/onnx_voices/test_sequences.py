"""What models that cannot be tried here are given: 50 sentences as symbols, read by hand against the rules.

`python -m tests.engines.onnx_voices.test_sequences` writes the files anew; read what has changed.
"""

from pathlib import Path
from typing import Final

import pytest

from tts_server.engines.onnx_voices.clauses.clauses import Alphabet, clauses_of
from tts_server.engines.onnx_voices.install.sherpa import with_marks
from tts_server.engines.onnx_voices.kokoro.zhuyin import zhuyin
from tts_server.engines.onnx_voices.sherpa.spelling import Spelling, learn
from tts_server.text import frontend
from tts_server.text.linguistic.segment import Segment

GOLDEN: Final = Path(__file__).parents[2] / "golden"
SENTENCES: Final = [
    line.split("\t")[0] for line in (GOLDEN / "piper/mandarin.tsv").read_text(encoding="utf-8").splitlines()
]
SYLLABLES: Final = [
    line.split("\t") for line in (GOLDEN / "kokoro/misaki_zhuyin.tsv").read_text(encoding="utf-8").splitlines()
]


def kokoro() -> Alphabet:
    """The symbols of v1.1-zh that Mandarin needs, numbered anyhow."""
    symbols = dict.fromkeys("/ ,.!?;:—…12345R" + "".join(said for _, said in SYLLABLES))
    return Alphabet({s: n for n, s in enumerate(symbols, 1)}, lambda syllable: zhuyin(syllable.spoken), "/")


def matcha() -> Alphabet:
    """As icefall's models of the Baker voice: a token a syllable, neutral tones written as the first."""
    plain = [name.replace("v", "u") if name[0] in "jqxy" else name for name, _ in SYLLABLES]
    written = [f"{name}{tone}" for name in plain for tone in "1234"]
    spelling = Spelling(learn((chr(0x4E00 + number), [token]) for number, token in enumerate(written)))
    ids = with_marks({token: number for number, token in enumerate(["，", "。", "！", "？", *written])})
    return Alphabet(ids, lambda syllable: spelling.tokens(syllable.spoken), "")


FAMILIES: Final = {"kokoro/zhuyin.tsv": (kokoro, ""), "sherpa/matcha.tsv": (matcha, " ")}


def sequence(text: str, alphabet: Alphabet, joint: str) -> str:
    names = {number: symbol for symbol, number in alphabet.ids.items()}
    runs = frontend.analyse(Segment(text, tuple(range(len(text) + 1)))).runs
    said = [joint.join(names[n] for n in clause.ids) for run in runs for clause in clauses_of(run, alphabet)]
    return " | ".join(said)


@pytest.mark.parametrize("file", FAMILIES)
def test_sentences_are_the_symbols_that_were_read_by_hand(file: str) -> None:
    family, joint = FAMILIES[file]
    alphabet = family()
    rows = [line.split("\t") for line in (GOLDEN / file).read_text(encoding="utf-8").splitlines()]
    assert [text for text, _ in rows] == SENTENCES
    assert [text for text, said in rows if sequence(text, alphabet, joint) != said] == []


def test_syllables_are_what_misaki_writes() -> None:
    assert len(SYLLABLES) > 400
    assert [name for name, said in SYLLABLES if zhuyin(f"{name}4") != said] == []


@pytest.mark.parametrize(
    ("pinyin", "said"), [("huar1", "ㄏ穵R1"), ("ger1", "ㄍㄦ1"), ("er2", "ㄦ2"), ("shir4", "ㄕ十R4"), ("hng1", "")]
)
def test_erhua_is_written_before_the_tone(pinyin: str, said: str) -> None:
    assert zhuyin(pinyin) == said


if __name__ == "__main__":
    for file, (family, joint) in FAMILIES.items():
        lines = [f"{text}\t{sequence(text, family(), joint)}\n" for text in SENTENCES]
        (GOLDEN / file).write_text("".join(lines), encoding="utf-8")
