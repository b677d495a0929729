"""What a check has to say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["fault", "note", "fact"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence. A fault breaks the contract, a note is worth a look, a fact is what was measured."""

    kind: Kind
    text: str


Findings = Iterator[Finding]


def fault(text: str) -> Finding:
    return Finding("fault", text)


def note(text: str) -> Finding:
    return Finding("note", text)


def fact(text: str) -> Finding:
    return Finding("fact", text)
