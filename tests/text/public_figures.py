# ruff: noqa: E501 - lines of a report
"""How the front end does on public test sets: a section of REPORT.md, with what is forgiven as mere convention."""

import random
from collections.abc import Iterable, Iterator

from tests.text import public_sets
from tests.text.cases import heard
from tests.text.conventions import NEVER_SAID, is_forgiven, never_said
from tts_server.cli.frontend import analyse

_WORDS = 20_000  # of CC-CEDICT, drawn with a fixed seed


def section() -> Iterator[str]:
    """The lines of the section; sets that cannot be had are left out."""
    yield "\n## Public test sets: nobody of this project wrote them\n"
    yield "Fetched into a cache by whoever runs this (`tests/text/public_sets.py`). A neutral tone and its full tone count as"
    yield "the same. Forgiven conventions, each with its reason: `tests/text/conventions.py` and `.tsv`. English suites are"
    yield "said as they stand by an English voice, and again inside an English sentence.\n"
    yield "| set | cases | right | with convention forgiven |\n|---|---|---|---|"
    yield from _readings()
    for suite in ("wetext_zh", "nemo_zh", "paddlespeech", "wetext_en", "nemo_en"):
        yield from _row(suite, list(public_sets.normalisation(suite)))
    yield from _reach()


def _reach() -> Iterator[str]:
    """How many cases of the English suites can be said at all as they expect, and what keeps the others from it."""
    suites = {suite: list(public_sets.normalisation(suite)) for suite in ("wetext_en", "nemo_en")}
    if not all(suites.values()):
        return
    never = {suite: [never_said(*case) for case in cases] for suite, cases in suites.items()}
    yield "\nWhat English suites expect and we never say (`NEVER_SAID` in `tests/text/conventions.py`), cases that expect it:\n"
    yield f"| expected | {' | '.join(suites)} |\n|---|---|---|"
    for name, *_ in NEVER_SAID:
        yield f"| {name} | {' | '.join(str(sum(name in found for found in rows)) for rows in never.values())} |"
    within = {suite: sum(not found for found in rows) for suite, rows in never.items()}
    shares = (f"{count} of {len(suites[suite])} ({count / len(suites[suite]):.1%})" for suite, count in within.items())
    yield f"| none of it: the most that can be right | {' | '.join(shares)} |"
    right = (sum(heard(_said(*case[:1], "en")) == heard(case[1]) for case in cases) for cases in suites.values())
    yield f"| of these right | {' | '.join(f'{count} ({count / within[suite]:.1%})' for count, suite in zip(right, suites, strict=True))} |"


def _row(suite: str, cases: list[tuple[str, str]]) -> Iterator[str]:
    if not cases:
        return
    language = suite[-2:] if suite[-2:] in ("zh", "en") else "zh"
    yield _counts(suite, cases, language, "{}")
    if language == "en":
        yield _counts(f"{suite}, inside a sentence", cases, language, "It says {} here.")


def _counts(name: str, cases: list[tuple[str, str]], language: str, around: str) -> str:
    right = forgiven = 0
    before, _, after = around.partition("{}")
    for written, expected in cases:
        said, wanted = _said(around.format(written), language), around.format(expected)
        right += heard(said) == heard(wanted)
        bare = said.removeprefix(before).removesuffix(after)
        forgiven += is_forgiven(written, said, wanted, language) or is_forgiven(written, bare, expected, language)
    size = len(cases)
    return f"| {name} | {size} | {right} ({right / size:.1%}) | {forgiven} ({forgiven / size:.1%}) |"


def _said(written: str, language: str) -> str:
    sentences = analyse(written, language)
    if language == "zh":
        return "".join(sentence.normalised for sentence in sentences)
    return " ".join(run.text for sentence in sentences for run in sentence.runs)


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
