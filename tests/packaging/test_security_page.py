"""docs/SECURITY.md names tests that exist, and its twin names the same ones."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named_tests(page: str) -> set[str]:
    return set(re.findall(r"`(tests/[^`]+)`", (ROOT / "docs" / page).read_text(encoding="utf-8")))


def test_every_test_that_holds_a_promise_is_there() -> None:
    named = named_tests("SECURITY.md")
    assert named
    assert [name for name in named if not any(ROOT.glob(name))] == []


def test_the_chinese_page_names_the_same_tests() -> None:
    assert named_tests("SECURITY.zh-CN.md") == named_tests("SECURITY.md")
