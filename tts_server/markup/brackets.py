"""Square brackets: inline tags, links, `[[` for a bracket that is meant; and stage directions. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from tts_server.markup.tags import (
    MAX_DIRECTION_CHARS,
    cue_of,
    direction_of,
    may_become_a_chinese_tag,
    may_become_a_name,
)
from tts_server.markup.tokens import EmotionCue
from tts_server.markup.view import NOT_HERE, Step, View

_MAX_LINK_CHARS: Final = 2048
_MAX_CHINESE: Final = 16
_TAG = re.compile(r"\[(/?[A-Za-z0-9:._-]{1,32}|/)\]")
_TAG_BEGUN = re.compile(r"\[/?[A-Za-z0-9:._-]{0,32}\]?")
_CHINESE_TAG = re.compile(rf"\[([^\[\]\s]{{1,{_MAX_CHINESE}}})\]")
_CHINESE_TAG_BEGUN = re.compile(rf"\[([^\[\]\s]{{1,{_MAX_CHINESE}}})\]?")
_CUT = re.compile(r"([^\s\[\]]{1,24})\]")
_CUT_BEGUN = re.compile(r"[^\s\[\]]{1,24}")
_TARGET = re.compile(rf"\([!-'*-~]{{0,{_MAX_LINK_CHARS}}}\)")
_TARGET_BEGUN = re.compile(rf"(?:\([!-'*-~]{{0,{_MAX_LINK_CHARS}}})?")
_DIRECTION = re.compile(rf"[（(]([^（()）\n]{{1,{MAX_DIRECTION_CHARS}}})[）)]")
_DIRECTION_BEGUN = re.compile(rf"[（(][^（()）\n]{{0,{MAX_DIRECTION_CHARS}}}")


@dataclass(slots=True)
class Brackets:
    """Reads tags, and knows whether the text is inside the brackets of a link."""

    tags: bool  # whether tags act
    speak_unknown: bool  # tags that nobody knows are read, else dropped
    in_link: bool = False

    def open(self, view: View) -> Step | None:
        """At `[`."""
        if view.ahead(2) == "[[":
            return 2, "["
        if view.may_become(_TAG_BEGUN) or self._may_be_chinese(view):
            return None
        if tag := _TAG.match(view.held, view.at) or self._chinese(view):
            if view.may_become(_TARGET_BEGUN, tag.end()):
                return None
            if not _TARGET.match(view.held, tag.end()):
                return self._tag(tag)
        self.in_link = True
        return 1, ""

    def cut(self, view: View) -> Step | None:
        """At the very start of a text: a tag whose first bracket a client has cut off; NOT_HERE if there is none."""
        if not self.tags:
            return NOT_HERE
        if view.may_become(_CUT_BEGUN) and may_become_a_name(view.held[view.at :]):
            return None
        tag = _CUT.match(view.held, view.at)
        cue = cue_of(tag[1]) if tag else None
        return NOT_HERE if tag is None or not isinstance(cue, EmotionCue) or cue.name is None else (len(tag[0]), cue)

    def close(self, view: View) -> Step | None:
        """At `]`: the target of a link goes with it."""
        if self.in_link:
            if view.may_become(_TARGET_BEGUN, view.at + 1):
                return None
            self.in_link = False
            if target := _TARGET.match(view.held, view.at + 1):
                return target.end() - view.at, ""
        return 1, ""

    def _tag(self, tag: re.Match[str]) -> Step:
        cue = cue_of(tag[1]) if self.tags else None
        if cue is None and self.speak_unknown:
            self.in_link = True
            return 1, ""
        return len(tag[0]), "" if cue is None else cue

    def _chinese(self, view: View) -> re.Match[str] | None:
        """A tag in Chinese is one only if it is known: other brackets hold text."""
        tag = _CHINESE_TAG.match(view.held, view.at)
        return tag if tag is not None and cue_of(tag[1]) is not None else None

    @staticmethod
    def _may_be_chinese(view: View) -> bool:
        if view.is_final:
            return False
        begun = _CHINESE_TAG_BEGUN.fullmatch(view.held, view.at)
        return begun is not None and not begun[0].endswith("]") and may_become_a_chinese_tag(begun[1])


def direction(view: View) -> Step | None:
    """At a parenthesis: a stage direction, or just a parenthesis."""
    if view.may_become(_DIRECTION_BEGUN):
        return None
    found = _DIRECTION.match(view.held, view.at)
    cue = direction_of(found[1]) if found else None
    return (1, view.char) if cue is None or found is None else (len(found[0]), cue)
