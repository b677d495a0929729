"""Nothing on the page is newer than Safari 15.4, the last one of many an old iPad, unless it has a fallback."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

WEB: Final = Path(str(files("tts_server.transports.http") / "web"))
# What came later, how it looks, and what must stand in the same file where it is used all the same.
NEWER: Final = [
    ("color-mix()", r"color-mix\(", r"@supports \(background: color-mix"),
    ("CSS nesting", r"^\s+&", None),
    ("container queries", r"@container", None),
    ("field-sizing", r"field-sizing", None),
    ("text-wrap", r"text-wrap", None),
    ("range syntax in media queries", r"@media[^{]*[<>]", None),
    ("CanvasRenderingContext2D.roundRect", r"\.roundRect\(", r"if \(\w+\.roundRect\)"),
    ("navigator.audioSession", r"audioSession\.", r"if \(navigator\.audioSession\)"),
    (
        "navigator.share and clipboard on plain HTTP",
        r"navigator\.(share|clipboard)\b[.(]",
        r"typeof navigator\.share|catch",
    ),
    ("popover", r"popover|showPopover", None),
    ("look-behind in regular expressions", r"\(\?<[=!]", None),
    ("static blocks", r"static \{", None),
    ("Array.toSorted, toReversed, with, findLast", r"\.(toSorted|toReversed|toSpliced|findLast|findLastIndex)\(", None),
    ("Object.groupBy", r"groupBy\(", None),
    ("Promise.withResolvers", r"withResolvers", None),
    ("AbortSignal.timeout, any", r"AbortSignal\.(timeout|any)\(", None),
    ("Array.fromAsync", r"fromAsync", None),
    ("requestIdleCallback", r"requestIdleCallback", None),
    ("structuredClone", r"structuredClone", None),
    ("inert", r"\binert\b", None),
    ("AudioWorklet, which plain HTTP lacks", r"audioWorklet|AudioWorkletNode", None),
    ("ElementInternals-like reflection of aria", r"\.aria[A-Z]\w+ =", None),
    ("import attributes", r"import .* with \{", None),
    ("scrollend", r"scrollend", None),
]


@pytest.mark.parametrize(("name", "looks", "fallback"), NEWER, ids=[name for name, _, _ in NEWER])
def test_what_came_after_safari_15_4_is_not_used_without_a_fallback(
    name: str, looks: str, fallback: str | None
) -> None:
    for path in WEB.rglob("*"):
        if path.suffix in (".js", ".css", ".html"):
            text = re.sub(r"^\s*//.*$|/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
            is_used = re.search(looks, text, re.MULTILINE) is not None
            assert not is_used or (fallback is not None and re.search(fallback, text)), f"{name} in {path.name}"
