"""What tags and stage directions mean: `[happy]`, `[angry:1.4]`, `[开心]`, `[/]`, `[pause:500]`, `（开心地）`. Pure."""

import re
from typing import Final

from protocol.emotions import ALIASES, EMOTIONS, MAX_INTENSITY, canonical, is_known
from tts_server.markup.tokens import EmotionCue, Gap

MAX_PAUSE_MS: Final = 10_000
USUAL_PAUSE_MS: Final = 500
MAX_DIRECTION_CHARS: Final = 12

_NUMBER = r"[0-9]{1,5}(?:\.[0-9]{1,3})?"
_EMOTION = re.compile(rf"(?P<name>[^\s:：/]+)(?:[:：](?P<intensity>{_NUMBER}))?")
_PAUSE = re.compile(rf"(?:pause|break|停顿)(?:[:：](?P<length>{_NUMBER})(?P<unit>ms|s|毫秒|秒)?)?", re.IGNORECASE)
_CHINESE_NAMES: Final = tuple(name for name in ALIASES if not name.isascii())
_NAME_BEGINNINGS: Final = frozenset(
    name[:length] for name in (*EMOTIONS, *ALIASES) for length in range(1, len(name) + 1)
)
# What a tag in Chinese can begin with: other brackets are text, and need not be waited for.
_BEGINNINGS: Final = frozenset(
    name[:length] for name in (*_CHINESE_NAMES, "停顿") for length in range(len(name) + 1)
) | {"/"}
_DEGREES: Final = {
    **dict.fromkeys(("非常", "十分", "极其", "特别", "很", "超", "超级", "极度"), 1.4),
    **dict.fromkeys(("有点", "有些", "略", "略带", "稍微", "微微", "一点", "轻微"), 0.6),
}
_DIRECTION = re.compile(
    rf"(?P<degree>{'|'.join(sorted(_DEGREES, key=len, reverse=True))})?(?P<name>.+?)"
    r"(?:地|的|着|了)?(?:笑|说|说道|语气|口吻|声音|样子|起来)?(?:地|着|了)?"
)


def cue_of(tag: str) -> EmotionCue | Gap | None:
    """What a tag means, given without its brackets; None for one that nobody knows."""
    if tag.startswith("/"):
        return EmotionCue(None) if tag == "/" or canonical(tag[1:]) else None
    if pause := _PAUSE.fullmatch(tag):
        return Gap(_pause_ms(pause["length"], pause["unit"]))
    emotion = _EMOTION.fullmatch(tag)
    if emotion is None or not is_known(emotion["name"]):
        return None
    intensity = emotion["intensity"]
    return EmotionCue(emotion["name"], None if intensity is None else min(float(intensity), MAX_INTENSITY))


def pause_of(time: str | None) -> Gap:
    """The pause of an SSML break: "1s", "500ms"; None is the usual one."""
    found = re.fullmatch(rf"({_NUMBER})(ms|s)", (time or "").lower())
    return Gap(_pause_ms(found[1], found[2]) if found else USUAL_PAUSE_MS)


def may_become_a_chinese_tag(begun: str) -> bool:
    """Whether a bracket that begins so can still turn out to be a tag."""
    name, colon, number = begun.replace("：", ":").partition(":")
    if colon:
        return (name in _CHINESE_NAMES or name == "停顿") and len(number) <= 9
    return name.removeprefix("/") in _BEGINNINGS


def may_become_a_name(begun: str) -> bool:
    """Whether a text that begins so can still turn out to begin with an emotion's name."""
    name, colon, number = begun.replace("：", ":").partition(":")
    name = name.casefold()
    return (canonical(name) is not None and len(number) <= 9) if colon else name in _NAME_BEGINNINGS


def direction_of(written: str) -> EmotionCue | None:
    """What a stage direction means, given without its parentheses; None where they hold text to be read."""
    written = written.strip()
    if not 0 < len(written) <= MAX_DIRECTION_CHARS or written in EMOTIONS:
        return EmotionCue(written) if written in EMOTIONS else None
    direction = _DIRECTION.fullmatch(written)
    if direction is None:
        return None
    name = next((name for name in (written, direction["name"]) if name in _CHINESE_NAMES), None)
    return None if name is None else EmotionCue(name, _DEGREES.get(direction["degree"]))


def _pause_ms(length: str | None, unit: str | None) -> int:
    if length is None:
        return USUAL_PAUSE_MS
    return min(round(float(length) * (1000 if unit in ("s", "秒") else 1)), MAX_PAUSE_MS)
