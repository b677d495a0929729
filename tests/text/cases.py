"""Reads the golden cases of the front end."""

from pathlib import Path

from tts_server.text.linguistic.segment import Segment, Span

GOLDEN = Path(__file__).parent.parent / "golden"
FILES = ("frontend_cases.tsv", "frontend_more_cases.tsv")


def golden(kind: str) -> list[tuple[str, str]]:
    """Text and expectation of every case whose kind begins with `kind`."""
    lines = [line for name in FILES for line in (GOLDEN / name).read_text("utf-8").splitlines()]
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(text, expected) for found, text, expected in rows if found.startswith(kind)]


def reported(kind: str) -> list[tuple[str, str]]:
    """Text and expectation of every reported case of a kind."""
    lines = (GOLDEN / "frontend_reported.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(text, expected) for found, text, expected in rows if found == kind]


def golden_texts() -> list[str]:
    """What stands in any column of the golden files."""
    lines = [line for path in sorted(GOLDEN.glob("*.tsv")) for line in path.read_text("utf-8").splitlines()]
    return sorted({column for line in lines if not line.startswith("#") for column in line.split("\t") if column})


def segment(text: str, *spans: Span) -> Segment:
    """A segment as it comes from a client's text without markup."""
    return Segment(text, tuple(range(len(text) + 1)), spans)


def heard(text: str) -> str:
    """What is compared: no punctuation, small letters, 两 as 二 and 幺 as 一."""
    same = text.lower().replace("两", "二").replace("幺", "一")
    return "".join(char for char in same if char.isalnum())
