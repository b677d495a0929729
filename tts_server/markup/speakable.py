"""Which characters may be spoken at all, and emoji as cues. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from protocol.emoji import emotion_of
from tts_server.markup.tokens import EmotionCue
from tts_server.markup.view import Step, View

LINE_ENDS: Final = "\n\x0b\x0c\x85\u2028\u2029"
_PICTURE: Final = "[\u203c\u2049\u2190-\u21ff\u231a-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_ARROWS: Final = "↑→↓⇒"  # they are said
_DRESS: Final = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
_MAX_JOINED: Final = 6  # signs in one emoji; the longest families and flags have fewer
_CLUSTER = re.compile(rf"{_PICTURE}{_DRESS}(?:\u200d{_PICTURE}{_DRESS}){{0,{_MAX_JOINED}}}")
_CLUSTER_BEGUN = re.compile(rf"{_CLUSTER.pattern}\u200d?")
_MAX_CLUSTER: Final = 32


@lru_cache(maxsize=4096)
def speakable(char: str) -> str:
    """What of one character goes on: itself, a plain space or newline in its place, or nothing."""
    if char in LINE_ENDS:
        return "\n"
    category = unicodedata.category(char)
    if category == "Zs" or char == "\t":
        return " "
    if category[0] == "C" or char in "\ufe0e\ufe0f\u20e3" or char >= "\U000e0000":
        return ""
    if char in "─━":
        return "—"
    if char in "ヽヾ":
        return ""  # arms of faces; nobody here reads them
    if char in _ARROWS:
        return char
    if "\u2190" <= char <= "\u21ff" or "\U0001f000" <= char <= "\U0001faff":
        return ""
    if category == "So" and char not in "°©★☆⌘" and (char in "®™" or unicodedata.normalize("NFKC", char) == char):
        return ""  # ☀ goes; ℃ and ㎡ are units and stay, as do the stars that somebody gives
    return char


def is_picture(char: str) -> bool:
    """Whether a character may begin an emoji."""
    return char >= "\u203c" and re.match(_PICTURE, char) is not None


def picture(view: View) -> Step | None:
    """An emoji, whole with its skin and joined signs: a cue, or nothing when it tells no mood."""
    cluster = _CLUSTER.match(view.held, view.at)
    assert cluster is not None
    if len(cluster[0]) < _MAX_CLUSTER and view.may_become(_CLUSTER_BEGUN):
        return None
    found = emotion_of(cluster[0])
    return len(cluster[0]), "" if found is None else EmotionCue(*found)
