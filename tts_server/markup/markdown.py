"""Markdown marks, which are never read aloud. Pure.

Emphasis, headings, quotes, bullets, rules and code blocks are known in every text, since language models write them
everywhere. Escapes, images and tables only where the text is said to be markdown.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Final

from tts_server.markup.view import NOT_HERE, Step, View

Rule = Callable[[View], Step | None]

_KEYCAP: Final = ("\ufe0f", "\u20e3")
_LINE_MARK = re.compile(r"(?:#{1,6}|>|[-*+])(?=[ \t])")
_LINE_MARK_BEGUN = re.compile(r"#{1,6}|>|[-*+]")
_NUMBERED = re.compile(r"([0-9]{1,3})\.(?=[ \t])")
_NUMBERED_BEGUN = re.compile(r"[0-9]{1,3}\.?")
_ENTITY = re.compile(r"&(?:#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5}|[A-Za-z]{2,10});")
_ENTITY_BEGUN = re.compile(r"&(?:#[xX]?[0-9A-Fa-f]{0,6}|[A-Za-z]{0,10})")
_RULER = re.compile(r"[ \t|:-]{3,256}(?=[\n])")  # under the head of a table
_RULER_BEGUN = re.compile(r"[ \t|:-]{1,256}")
_TABLE_LINE = re.compile(r"[ \t|:-]{3,256}")


class Fence:
    """``` begins and ends a stretch of code, which is not read; other backticks only go."""

    def __init__(self) -> None:
        self.is_open = False

    def step(self, view: View) -> Step | None:
        """At a backtick, or inside code."""
        ticks = view.ahead(3)
        if ticks == "```":
            self.is_open = not self.is_open
            return 3, ""
        if "```".startswith(ticks) and not view.is_final:
            return None
        if ticks[0] == "`":
            return 1, ""
        end = view.held.find("`", view.at)
        return (len(view.held) if end < 0 else end) - view.at, ""


def begins_line(char: str) -> bool:
    """Whether a character may begin a mark at the start of a line."""
    return char in "#>-*+0123456789"


def line_mark(view: View) -> Step | None:
    """A heading, quote, bullet or number at the start of a line; NOT_HERE where there is none."""
    rest = view.ahead(8)
    if mark := _LINE_MARK.match(rest):
        return mark.end(), ""
    if numbered := _NUMBERED.match(rest):
        return numbered.end(), f"{numbered[1]}、"  # "1. milk": the dot ends no sentence
    if not view.is_final and (_LINE_MARK_BEGUN.fullmatch(rest) or _NUMBERED_BEGUN.fullmatch(rest)):
        return None
    return NOT_HERE


def keycap(view: View, end: int) -> Step | None:
    """An ASCII word or number up to `end`; the digit of a keycap emoji is the number of an item."""
    if view.held[end - 1].isdigit():
        following = View(view.held, end - 1, "", view.is_final).next
        if following is None or following in _KEYCAP:
            if end - 1 > view.at:
                end -= 1
            else:
                return _numbered_by_keycap(view)
    return end - view.at, view.held[view.at : end]


def _numbered_by_keycap(view: View) -> Step | None:
    """1 in a keycap counts, as "1." does; a mark that only looks like one stays a digit."""
    rest = view.ahead(3)
    if keycapped := re.match("[0-9]\ufe0f?\u20e3", rest):
        return len(keycapped[0]), f"{rest[0]}、"
    return None if len(rest) < 3 and not view.is_final else (1, rest[0])


def star(view: View) -> Step | None:
    """Emphasis goes, a product stays."""
    if view.next is None:
        return None
    multiplies = (view.next.isdigit() and view.previous.isascii() and view.previous.isalnum()) or (
        view.next == view.previous == " "
    )
    return 1, "*" if multiplies else ""


def underscore(view: View) -> Step | None:
    """Emphasis goes, a part of a name stays."""
    if view.next is None:
        return None
    return 1, "_" if view.next.isalnum() and view.previous.isalnum() else ""


def repeated(view: View) -> Step | None:
    """A single - or ~ means something; two ~ or three - are decoration."""
    if view.previous == view.char:
        return 1, ""
    enough = 3 if view.char == "-" else 2
    run = view.ahead(enough)
    if run == view.char * enough:
        return enough, ""
    if run == view.char * len(run) and not view.is_final:
        return None
    length = len(run) - len(run.lstrip(view.char))
    return length, view.char * length


def hash_mark(view: View) -> Step | None:
    """Stays, but in a keycap emoji."""
    if view.next is None:
        return None
    return 1, "" if view.next in _KEYCAP else "#"


def _ampersand(view: View) -> Step | None:
    if entity := _ENTITY.match(view.held, view.at):
        said = html.unescape(entity[0])
        if said == entity[0]:
            return 1, "&"
        return len(entity[0]), said if len(said) == 1 and said.isprintable() else " "
    return None if view.may_become(_ENTITY_BEGUN) else (1, "&")


def _escape(view: View) -> Step | None:
    if view.next is None:
        return None
    return (2, view.next) if view.next and view.next in "\\`*_{}[]()#+-.!|<>~&" else (1, "\\")


def _exclamation(view: View) -> Step | None:
    if view.next is None:
        return None
    return 1, "" if view.next == "[" else "!"


def _bar(view: View) -> Step | None:
    """Between two cells of a table there is a pause; around the row there is none."""
    if view.previous == "\n" or view.next in ("\n", ""):
        return 1, ""
    return None if view.next is None else (1, "，")


def ruler(view: View) -> Step | None:
    """The line under a table's head; NOT_HERE where there is none."""
    if _RULER.match(view.held, view.at) or (view.is_final and _TABLE_LINE.fullmatch(view.held, view.at)):
        line = _TABLE_LINE.match(view.held, view.at)
        if line is not None and "-" in line[0] and "|" in line[0]:
            return len(line[0]), ""
        return NOT_HERE
    return None if view.may_become(_RULER_BEGUN) else NOT_HERE


RULES: Final[Mapping[str, Rule]] = {
    "*": star,
    "_": underscore,
    "~": repeated,
    "-": repeated,
    "#": hash_mark,
    "|": lambda view: (1, " "),
    "&": _ampersand,
}
MARKDOWN_RULES: Final[Mapping[str, Rule]] = {
    **RULES,
    "\\": _escape,
    "!": _exclamation,
    "|": _bar,
}
