"""What stands in angle brackets in a plain text: reasoning, tool calls, control tokens, HTML, a lone SSML break. Pure.

Reasoning and tool calls go with all they hold, closed or not; HTML goes and leaves its text, a new line and a paragraph
end a line; a lone `<break time="1s"/>` acts. A tag that is talked about, as in "the tag <p>" or in backticks, is named.
"""

import re
from typing import Final

from tts_server.markup.tags import pause_of
from tts_server.markup.view import Step, View

_HIDDEN: Final = (
    "think|thinking|reasoning|reason|thought|thoughts|reflection|scratchpad|analysis|tool_calls?|tool_code|tool_response"
    "|function_calls?|function_results?|function|script|style|details_reasoning"
)
_OPENING = re.compile(rf"<(?P<name>{_HIDDEN})(?:\s[^<>]{{0,256}})?>", re.IGNORECASE)
_ATTRIBUTES = r"(?:\s+[A-Za-z_:][A-Za-z0-9_:.-]{0,32}\s?=\s?(?:\"[^\"<>]{0,256}\"|'[^'<>]{0,256}'|[^\s\"'<>=]{1,64}))*"
_TAG = re.compile(
    rf"</?(?P<name>[A-Za-z][A-Za-z0-9_:-]{{0,31}}){_ATTRIBUTES}(?:=[^\s<>]{{1,32}})?\s?/?>|<!--[^<>]{{0,256}}-->"
)
# Chat templates name who speaks behind the token: <|im_start|>assistant and a line's end.
_CONTROL = re.compile(
    r"<[|｜](?:im_start|start_header_id)[|｜]>(?:system|user|assistant|tool)(?=<[|｜]|\n)|<[|｜][^|｜<>\n]{1,64}[|｜]>"
)
_ROLE_BEGUN = re.compile(r"<[|｜](?:im_start|start_header_id)[|｜]>[a-z]{0,9}(?:<[|｜]?)?")
# What may still become one of these: bounded, so that "a < b" is not held for long.
_BEGUN = re.compile(
    r"<|</?[A-Za-z][A-Za-z0-9_:-]{0,31}(?:\s[^<>\n]{0,256}|=[^\s<>]{0,32})?/?|</|<!-{0,2}|<!--[^<>]{0,256}|<[|｜][^|｜<>\n]{0,64}[|｜]?"
)
_LINES: Final = frozenset(
    ("br", "p", "div", "li", "tr", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre")
)
# These may stand within a word; any other tag between two letters parts them.
_WITHIN: Final = frozenset(
    (
        "a",
        "abbr",
        "b",
        "big",
        "code",
        "del",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "small",
        "span",
        "strong",
    )
) | {"sub", "sup", "u", "wbr"}
NAMED = re.compile(r"(?:\b(?:tags?|elements?) ?|(?:标签|元素) ?|`)$", re.IGNORECASE)
BEFORE_CHARS: Final = 10  # enough for what is looked for before a tag
_BREAK = re.compile(r"(?:time|strength)\s?=\s?[\"']?(?P<time>[0-9.]{1,8}m?s)?", re.IGNORECASE)
_MIN_WORD: Final = 3  # shorter names of tags are spelled
_MAX_CLOSING: Final = 34  # characters of the longest closing tag


class Elements:
    """Knows whether the text is inside an element that nobody wants to hear."""

    def __init__(self) -> None:
        self._closing: re.Pattern[str] | None = None

    @property
    def is_inside(self) -> bool:
        """Whether everything up to a closing tag goes."""
        return self._closing is not None

    def step(self, view: View) -> Step | None:
        """Inside such an element: nothing is said up to its end, which may never come."""
        assert self._closing is not None
        closed = self._closing.search(view.held, view.at)
        if closed is not None:
            self._closing = None
            return closed.end() - view.at, ""
        left = len(view.held) - view.at
        tail = view.held.rfind("<", max(view.at, len(view.held) - _MAX_CLOSING))
        if tail >= 0 and not view.is_final:
            return None if tail == view.at else (tail - view.at, "")
        return left, ""

    def open(self, view: View, before: str) -> Step | None:
        """At `<`. before: the last raw characters before it."""
        if NAMED.search(before) and (tag := _TAG.match(view.held, view.at)) and (name := tag["name"]):
            return len(tag[0]), name.upper() if len(name) < _MIN_WORD else name
        if view.may_become(_ROLE_BEGUN):
            return None
        if control := _CONTROL.match(view.held, view.at):
            return len(control[0]), ""
        if opened := _OPENING.match(view.held, view.at):
            self._closing = re.compile(rf"</\s?{re.escape(opened['name'])}\s?>", re.IGNORECASE)
            return len(opened[0]), ""
        if tag := _TAG.match(view.held, view.at):
            return self._tag(tag, view)
        return None if view.may_become(_BEGUN) else (1, "<")

    @staticmethod
    def _tag(tag: re.Match[str], view: View) -> Step | None:
        name = (tag["name"] or "").lower()
        if name == "break":
            found = _BREAK.search(tag[0])
            return len(tag[0]), pause_of(found["time"] if found else None)
        if name in _LINES or name in _WITHIN or not (view.previous.isascii() and view.previous.isalnum()):
            return len(tag[0]), "\n" if name in _LINES else ""
        following = view.held[tag.end() : tag.end() + 1]
        if not following and not view.is_final:
            return None
        return len(tag[0]), " " if following.isalnum() else ""
