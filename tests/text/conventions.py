# ruff: noqa: E501 - rows of tables
"""What is forgiven on other people's suites of normalisation, and why.

A case that is listed counts when we say exactly what is listed. `conventions.tsv`: language, what is written, what we say, the reason. Patterns hold for what is said either way.
"""

import re
from functools import cache
from pathlib import Path

from tests.text.cases import heard

# What is said either way, and only written down differently by a suite: each pattern and what it becomes on both sides.
PATTERNS = {
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

# What an English suite may expect and we never say: American numbers without "and", "oh" in times, years and names
# only, and as people want it elsewhere: minus five, October first. (its name, how it shows, where it is no such thing)
NEVER_SAID = (
    ("“and” inside a number", r"\b(?:hundred|thousand|million) and (?!\w+ seconds?\b)", r"(?!)"),
    ("“oh” for a zero outside times", r"\boh\b", r"[0-9]:[0-9]|\b1[0-9]0[0-9]\b|\([kb]\)"),
    ("“negative” for minus", r"\bnegative\b", r"(?!)"),
    (
        "the day before the month",
        r"\bthe (?:\w+ )?\w+ of (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
        r"\b[0-9]{1,2}(?:st|nd|rd|th)? (?:of )?[A-Za-z]|\b(?:1[3-9]|2[0-9]|3[01])[-./]",
    ),
)


def never_said(written: str, expected: str) -> list[str]:
    """Which of our conventions make it impossible to say what a suite expects."""
    return [
        name for name, shows, but in NEVER_SAID if re.search(shows, expected.lower()) and not re.search(but, written)
    ]


def is_forgiven(written: str, said: str, expected: str, language: str) -> bool:
    """Whether only the convention differs: by a pattern, or because the case is listed with what we say."""
    if heard(_plain(said, language)) == heard(_plain(expected, language)):
        return True
    listed = _listed().get((language, written))
    return listed is not None and heard(listed) == heard(said)


def _plain(said: str, language: str) -> str:
    said = said.lower()
    for pattern, plain in PATTERNS[language]:
        said = re.sub(pattern, plain, said)
    return said


@cache
def _listed() -> dict[tuple[str, str], str]:
    lines = Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {(language, written): said for language, written, said, _ in rows}
