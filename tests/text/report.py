"""Writes REPORT.md: how many golden cases the front end gets right, by set and kind, beside other packages.

python -m tests.text.report
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pypinyin
import rjieba
import wetext

from tests.text import public_figures
from tests.text.cases import GOLDEN, heard
from tests.text.test_everyday import wrong
from tts_server.cli.frontend import analyse

REPORT = Path(__file__).parent / "REPORT.md"
SETS = {
    "frontend_cases.tsv": "the project's reference cases; every rule was written with them in sight",
    "frontend_more_cases.tsv": "further cases, in sight as well",
    "frontend_dev.tsv": "one half of 543 cases written before the rules were tuned; tuned on",
    "frontend_heldout.tsv": "the other half, drawn at random (fixed seed); only its totals were looked at while tuning",
    "frontend_fresh_dev.tsv": "one half of 591 further cases, written later, before the rules they led to; tuned on",
    "frontend_fresh_heldout.tsv": "their other half, drawn at random (fixed seed); only its totals were looked at",
    "frontend_third.tsv": "281 cases written after that round; what they found missing was added afterwards",
    "frontend_fourth.tsv": "156 cases, written last and judged the same way",
    "frontend_reported.tsv": "what was reported of other programs and met on real data, with relatives; tuned on",
}
# What the front end got right before it was tuned: sentences, readings.
BEFORE = {
    "frontend_dev.tsv": ("103 of 114", "257 of 277"),
    "frontend_heldout.tsv": ("103 of 114", "244 of 267"),
    "frontend_fresh_dev.tsv": ("111 of 117", "254 of 268"),
    "frontend_fresh_heldout.tsv": ("113 of 118", "239 of 261"),
    "frontend_third.tsv": ("92 of 94", "188 of 197"),
    "frontend_fourth.tsv": ("70 of 72", "169 of 173"),
    "frontend_reported.tsv": ("41 of 242", "about 180 of 430"),
}

EVERYDAY = {
    "everyday.tsv": "280 of 303 (92.4 %)",
    "everyday_second.tsv": "182 of 199 (91.5 %)",
    "everyday_third.tsv": "277 of 300 (92.3 %)",
    "relatives.tsv": "268 of 292 (91.8 %)",
    "relatives_second.tsv": "356 of 393 (90.6 %)",
    "relatives_third.tsv": "297 of 351 (84.6 %)",
    "relatives_fourth.tsv": "269 of 303 (88.8 %)",
}

Read = Callable[[str], dict[int, str]]


def normalised(text: str) -> str:
    """What our front end says, all sentences together."""
    return "".join(sentence.normalised for sentence in analyse(text))


def ours(text: str) -> dict[int, str]:
    """Our reading of each character."""
    runs = [run for sentence in analyse(text) for run in sentence.runs]
    return {syllable.start: syllable.pinyin for run in runs for syllable in run.syllables}


def with_pypinyin(text: str) -> dict[int, str]:
    """pypinyin on the whole text."""
    return _read(text, [text])


def with_pypinyin_and_words(text: str) -> dict[int, str]:
    """pypinyin on rjieba's words."""
    return _read(text, rjieba.cut(text))


def _read(text: str, words: list[str]) -> dict[int, str]:
    style = pypinyin.Style.TONE3
    sounds = pypinyin.lazy_pinyin(words, style=style, neutral_tone_with_five=True, errors=list)
    return dict(enumerate(sounds)) if len(sounds) == len(text) else {}


@dataclass
class Score:
    """Right answers by system, of how many."""

    right: Counter[str] = field(default_factory=Counter)
    total: int = 0


def measure(name: str) -> tuple[dict[str, Score], Score, Score]:
    """One set: sentences by kind, poly sentences, poly readings."""
    normalisers = {"ours": normalised, "wetext": wetext.Normalizer(lang="zh", operator="tn").normalize}
    readers: dict[str, Read] = {
        "ours": ours, "pypinyin": with_pypinyin, "pypinyin + rjieba": with_pypinyin_and_words,
    }  # fmt: skip
    kinds: dict[str, Score] = defaultdict(Score)
    sentences, readings = Score(), Score()
    for kind, text, expected in rows(name):
        if kind == "yi":
            continue  # tones that sandhi makes: `test_reported.py` has them
        if kind == "poly":
            pairs = [(int(at), pinyin.split("/")) for at, _, pinyin in (one.partition(":") for one in expected.split())]
            sentences.total += 1
            readings.total += len(pairs)
            for system, read in readers.items():
                found = read(text)
                right = [found.get(at) in allowed for at, allowed in pairs]
                readings.right[system] += sum(right)
                sentences.right[system] += all(right)
        else:
            kinds[kind].total += 1
            allowed = [heard(one) for one in expected.split("|")]
            for system, normalise in normalisers.items():
                kinds[kind].right[system] += heard(normalise(text)) in allowed
    return kinds, sentences, readings


def rows(name: str) -> Iterator[tuple[str, str, str]]:
    """Kind, text and expectation of each case of a set."""
    for line in (GOLDEN / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, text, expected = line.split("\t")
            yield kind, text, expected


def _percent(right: int, total: int) -> str:
    return f"{right} ({right / total:.1%})"


def _section(name: str) -> Iterator[str]:
    kinds, sentences, readings = measure(name)
    yield f"\n## {name}: {SETS[name]}\n"
    if name in BEFORE:
        yield "Before tuning: {} sentences, {} readings.\n".format(*BEFORE[name])
    yield "| text normalisation | cases | ours | wetext |\n|---|---|---|---|"
    for kind, score in sorted(kinds.items()):
        yield f"| {kind} | {score.total} | {score.right['ours']} | {score.right['wetext']} |"
    total = sum(score.total for score in kinds.values())
    sums = [sum(score.right[system] for score in kinds.values()) for system in ("ours", "wetext")]
    yield f"| all | {total} | {_percent(sums[0], total)} | {_percent(sums[1], total)} |"
    systems = ("ours", "pypinyin", "pypinyin + rjieba")
    yield "\n| polyphones | cases | " + " | ".join(systems) + " |\n|---|---|---|---|---|"
    for label, score in (("readings", readings), ("whole sentences", sentences)):
        counts = " | ".join(_percent(score.right[system], score.total) for system in systems)
        yield f"| {label} | {score.total} | {counts} |"


def main() -> None:
    """Measure every set and write the report."""
    lines = [
        "# The Mandarin front end on its golden cases\n",
        "Made by `make report`. A sentence is right when what is heard is, punctuation left out; alternatives count.",
        "Numbers are sentences, or single readings of polyphones. All cases were written by those who wrote the",
        "rules; the figures before tuning of the last two sets are the best guess at other sentences of these kinds.",
    ]
    for name in SETS:
        lines += _section(name)
    lines.append("\n## Everyday sentences and relatives of what was reported, written and judged before any tuning\n")
    lines.append(
        "Without any wrong reading. Who wrote the third set had not read the rules; a second reader judged it.\n"
    )
    lines.append("| set | before | now |\n|---|---|---|")
    for name, before in EVERYDAY.items():
        total = sum("\t" in line for line in (GOLDEN / name).read_text("utf-8").splitlines())
        lines.append(f"| {name} | {before} | {total - len(wrong(name))} of {total} |")
    lines += public_figures.section()
    REPORT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
