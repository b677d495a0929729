"""Formulas as language models write them, in a notation that the normaliser can say; long ones by name. Pure.

pylatexenc parses them, also unclosed ones; it is imported when the first formula comes.
"""

import re
from functools import cache
from typing import Any, Final

from tts_server.markup.view import NOT_HERE, Step, View

_MAX_CHARS: Final = 400  # of a formula; a longer one is text with a stray sign
_MAX_SAID: Final = 40  # characters of one that is said sign by sign
_DOLLARS = re.compile(
    rf"\$\$(?P<display>[^$]{{1,{_MAX_CHARS}}})\$\$|\$(?P<inline>(?!\s)[^$\n]{{1,{_MAX_CHARS}}}(?<!\s))\$(?![0-9])"
)
_DOLLARS_BEGUN = re.compile(
    rf"\$|\$\$[^$]{{0,{_MAX_CHARS}}}\$?|\$(?:[^$\s0-9][^$\n]{{0,{_MAX_CHARS}}}|[0-9][^$\s]{{0,40}}|[0-9.]*\s?[\\^+=*/-][^$\n]{{0,{_MAX_CHARS}}})"
)
_SLASHED = re.compile(rf"\\\((?P<inline>.{{1,{_MAX_CHARS}}}?)\\\)|\\\[(?P<display>.{{1,{_MAX_CHARS}}}?)\\\]", re.DOTALL)
_SLASHED_BEGUN = re.compile(
    rf"\\|\\\((?:(?!\\\)).){{0,{_MAX_CHARS}}}\\?|\\\[(?:(?!\\\]).){{0,{_MAX_CHARS}}}\\?", re.DOTALL
)
_MATHS = re.compile(r"[\\^_={}<>≤≥±×÷√]|^[A-Za-z]'?$|[A-Za-z0-9)] ?[+*/-] ?[A-Za-z0-9(]|^[A-Za-z]\([A-Za-z]\)$")
_BIG = re.compile(
    r"\\(?:begin|sum|int|prod|lim|oint|matrix|binom|overline|underbrace|left)|\\frac\s?\{[^{}]*\\frac|\\\\"
)
_HAN = re.compile("[一-鿿]")
_NAMES: Final = {r"\triangle": "△", r"\degree": "°", r"\lt": "<", r"\gt": ">"}
_ROOT = re.compile(r"√\(([A-Za-z0-9.]+)\)")
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([A-Za-z0-9]{1,6})\}\s?\{([A-Za-z0-9]{1,6})\}")
_LONG_QUOTIENT = re.compile(r"[^0-9/\s][^/]*/|/[^/]*[^0-9/\s]")


def formula(view: View, is_chinese: bool) -> Step | None:
    """At `$` or a backslash: a formula, or NOT_HERE."""
    whole, begun = (_DOLLARS, _DOLLARS_BEGUN) if view.char == "$" else (_SLASHED, _SLASHED_BEGUN)
    if view.char == "$" and view.previous.isalpha() and view.previous.isascii():
        return NOT_HERE  # US$5
    found = whole.match(view.held, view.at)
    if found is None or (
        view.char == "$" and found.end() == len(view.held) and not view.is_final and not found["display"]
    ):
        return None if view.may_become(begun) or (found is not None and not view.is_final) else NOT_HERE
    written = found["display"] or found["inline"]
    if found["display"] is None and not _MATHS.search(written):
        return NOT_HERE
    said = spoken(written, is_chinese or _HAN.search(written) is not None)
    return len(found[0]), said if len(said) <= len(found[0]) else ""  # every character has a place of its own


def spoken(written: str, is_chinese: bool) -> str:
    """A short formula in plain signs; a long one is just called a formula."""
    name = "公式" if is_chinese else "formula"
    if _BIG.search(written):
        return name
    for command, sign in _NAMES.items():
        written = written.replace(command, sign)
    written = _FRACTION.sub(lambda match: _fraction(match[1], match[2], is_chinese), written)
    plain = " ".join(_converter().latex_to_text(written).replace("^∘", "°").split())
    plain = _ROOT.sub(r"√\1", plain).replace("_", "")
    if len(plain) > _MAX_SAID or (r"\frac" in written and _LONG_QUOTIENT.search(plain) and "√" in plain):
        return name
    return plain


def _fraction(above: str, below: str, is_chinese: bool) -> str:
    """Letters as Mandarin says them; the rest is left to the normaliser."""
    return f"{below}分之{above}" if is_chinese and not (above + below).isdecimal() else f"{above}/{below}"


@cache
def _converter() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False)
