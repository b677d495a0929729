# ruff: noqa: E501 - rows of tables
"""How the front end does on public test sets: a section of REPORT.md, with what is forgiven as mere convention."""

import random
import re
from collections.abc import Iterable, Iterator

from tests.text import public_sets
from tests.text.cases import heard
from tts_server.cli.frontend import analyse

# What is said either way, and only written down differently by a suite: each pattern and what it becomes on both sides.
CONVENTIONS = {
    "zh": (
        (r"公元前", "前"), (r"号", "日"), (r"人民币|元整", ""), (r"零(?=[一二三四五六七八九]分)", ""), (r"摄氏度", "度"), (r"零十", "十"), (r"零一十", "十"),
        (r"[呃儿]", ""), (r"钟", ""), (r"两百", "二百"), (r"每小时(.+?)(公里|千米)", r"\1\2每小时"), (r"零(?=百分之|元|度|%|$)", ""),
    ),
    "en": (
        (r"\b(hundred|thousand|million|billion|dollars?|pounds?|euros?|hours?|minutes?)\s+and\b", r"\1"), (r"\boh?\b", "zero"), (r"\bnegative\b", "minus"),
        (r"\bthe (\w+(?: \w+)?) of (january|february|march|april|may|june|july|august|september|october|november|december)\b", r"\2 \1"),
        (r"\byen\b", "yuan"), (r"\bone (?=hundred|thousand)", ""), (r"\b(?:us|u s) dollars\b", "dollars"), (r"\bmister\b", "mr"), (r"\bdoctor\b", "dr"), (r"\bmisses\b", "mrs"),
    ),
}  # fmt: skip
_WORDS = 20_000  # of CC-CEDICT, drawn with a fixed seed


def section() -> Iterator[str]:
    """The lines of the section; sets that cannot be had are left out."""
    yield "\n## Public test sets: nobody of this project wrote them\n"
    yield "Fetched into a cache by whoever runs this (`tests/text/public_sets.py`). A neutral tone and its full tone count as"
    yield "the same. Forgiven conventions: `CONVENTIONS` in `tests/text/public_figures.py`.\n"
    yield "| set | cases | right | with convention forgiven |\n|---|---|---|---|"
    yield from _readings()
    for suite in ("wetext_zh", "nemo_zh", "paddlespeech", "wetext_en", "nemo_en"):
        yield from _row(suite, list(public_sets.normalisation(suite)))


def _row(suite: str, cases: list[tuple[str, str]]) -> Iterator[str]:
    if not cases:
        return
    language = suite[-2:] if suite[-2:] in CONVENTIONS else "zh"
    exact = forgiven = 0
    for written, expected in cases:
        said = _said(written, language)
        exact += heard(said) == heard(expected)
        forgiven += heard(_plain(said, language)) == heard(_plain(expected, language))
    yield f"| {suite} | {len(cases)} | {exact} ({exact / len(cases):.1%}) | {forgiven} ({forgiven / len(cases):.1%}) |"


def _said(written: str, language: str) -> str:
    sentences = analyse(written, language)
    if language == "zh":
        return "".join(sentence.normalised for sentence in sentences)
    return " ".join(run.text for sentence in sentences for run in sentence.runs)


def _plain(said: str, language: str) -> str:
    said = said.lower()
    for pattern, plain in CONVENTIONS[language]:
        said = re.sub(pattern, plain, said)
    return said


def _readings() -> Iterator[str]:
    sentences = [_whole_sentence(text, labels) for text, labels in public_sets.biaobei()]
    yield from _counted(
        "Biaobei, sentences without a wrong reading", [right for right in sentences if right is not None]
    )
    yield from _counted("CPP test", (_at(text, place, label) for text, place, label in public_sets.cpp()))
    words = list(public_sets.cedict())
    random.Random(1).shuffle(words)
    yield from _counted("CC-CEDICT words", (bool(_whole_sentence(word, labels)) for word, labels in words[:_WORDS]))


def _counted(name: str, results: Iterable[bool]) -> Iterator[str]:
    found = list(results)
    if found:
        yield f"| {name} | {len(found)} | {sum(found)} ({sum(found) / len(found):.1%}) | |"


def _same(ours: str, label: str) -> bool:
    if len(label) > 2 and label[-2] == "r" and not label.startswith("er"):
        label = label[:-2] + label[-1]
    if len(ours) > 2 and ours[-2] == "r" and not ours.startswith("er"):
        ours = ours[:-2] + ours[-1]
    free = ours[:-1] in ("yi", "bu") or "5" in (ours[-1], label[-1]) or (ours[-1], label[-1]) == ("3", "2")
    return ours == label or (ours[:-1] == label[:-1] and free)


def _whole_sentence(text: str, labels: list[str]) -> bool | None:
    """Whether every syllable is as labelled; None where the numbers of syllables differ."""
    ours = [s for sentence in analyse(text) for run in sentence.runs for s in run.syllables]
    apart: list[str] = []
    for syllable in ours:
        apart.append(syllable.pinyin)
        if len(syllable.char) == 2 and len(ours) < len(labels):
            apart.append("er5")
    if len(apart) != len(labels):
        return None
    return all(
        _same(mine, label.lower().replace("ü", "v").replace("u:", "v"))
        for mine, label in zip(apart, labels, strict=True)
    )


def _at(text: str, place: int, label: str) -> bool:
    for sentence in analyse(text):
        for run in sentence.runs:
            for syllable in run.syllables:
                if syllable.start <= place < syllable.end:
                    if text[place] == "儿" and len(syllable.char) == 2:
                        return label in ("er5", "r5")
                    return _same(syllable.pinyin, label.replace("u:", "v"))
    return False
