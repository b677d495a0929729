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


# 收到[12]封邮件, 还有[4]天: how many of what; 表明有[3]个体差异 is a citation.
_BEFORE_COUNT: Final = frozenset("有到剩共余约了")
_COUNTED = re.compile("[封条台盏天份项个](?![体性别案款件目然湾气])")
_COUNTS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}:[0-9]{2}")
_NEGATIVE = re.compile("-[0-9]{1,4}")
_SLICE = re.compile("([0-9]{1,4}):([0-9]{1,4})")
# [^1] and the faces that chat programs write in brackets.
_FACES: Final = (
    "微笑|撇嘴|色|发呆|得意|流泪|害羞|闭嘴|睡|大哭|尴尬|发怒|调皮|呲牙|惊讶|难过|囧|抓狂|吐|偷笑|愉快|白眼|傲慢|困|惊恐|憨笑|悠闲|咒骂|疑问|嘘|晕|衰|骷髅|敲打|再见|擦汗|抠鼻|鼓掌|坏笑"
    "|右哼哼|鄙视|委屈|快哭了|阴险|亲亲|可怜|笑脸|生病|脸红|破涕为笑|恐惧|失望|无语|嘿哈|捂脸|奸笑|机智|皱眉|耶|吃瓜|加油|汗|天啊|社会社会|旺柴|好的|打脸|哇|翻白眼|让我看看|叹气|苦涩|裂开|嘴唇"
    "|爱心|心碎|拥抱|强|弱|握手|胜利|抱拳|勾引|拳头|合十|啤酒|咖啡|蛋糕|玫瑰|凋谢|菜刀|炸弹|便便|月亮|太阳|庆祝|哭笑不得|喜极而泣|泪流满面|目瞪口呆|嬉皮笑脸|欣喜若狂|面红耳赤|礼物|红包|发|福|烟花|爆竹|猪头|跳跳|发抖|转圈|doge|允悲|笑哭|泪|哈哈|赞|酷|心"
)
_CITED = re.compile(rf"\[(?:\^[^\[\]\s]{{1,32}}|{_FACES})\]")
_CITED_BEGUN = re.compile(r"\[\^[^\[\]\s]{0,32}")
_FACE_BEGINNINGS: Final = frozenset(face[:length] for face in _FACES.split("|") for length in range(1, len(face) + 1))
_LENTICULAR = re.compile(r"【([^【】\n]{1,64})】")
_LENTICULAR_BEGUN = re.compile(r"【(?:[0-9][^【】\n]{0,64}|[^【】\s，。！？]{0,16})")
_SOURCE = re.compile(r"[0-9]{1,4}(?::[0-9]{1,4})?†[^【】]{0,64}")


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
        if view.may_become(_TAG_BEGUN) or view.may_become(_CITED_BEGUN) or self._may_be_chinese(view):
            return None
        if cited := _CITED.match(view.held, view.at):
            return len(cited[0]), ""
        if tag := _TAG.match(view.held, view.at) or self._chinese(view):
            if view.may_become(_TARGET_BEGUN, tag.end()):
                return None
            if not _TARGET.match(view.held, tag.end()):
                return None if self._needs_more(view, tag) else self._tag(view, tag)
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

    @staticmethod
    def _needs_more(view: View, tag: re.Match[str]) -> bool:
        short = tag.end() + (2 if view.previous in _BEFORE_COUNT else 1) > len(view.held)
        return _COUNTS.fullmatch(tag[1]) is not None and short and not view.is_final

    def _tag(self, view: View, tag: re.Match[str]) -> Step:
        cue = cue_of(tag[1]) if self.tags else None
        following = view.held[tag.end() : tag.end() + 1]
        part = _SLICE.fullmatch(tag[1])
        if (
            part is not None
            and view.previous.isascii()
            and (view.previous.isalnum() or view.previous in ("_", "]", ")"))
        ):
            return len(tag[0]), f" {part[1]}~{part[2]} "  # a[2:5]
        if cue is None and _is_said(view, tag) and (following.isdigit() or tag[1][0] == "-" or tag[1] == "0"):
            return len(
                tag[0]
            ), f"〔{tag[1]}〕" if following.isdigit() else f" {tag[1]} "  # 京发[2024]3号 is not 20243号
        if cue is None and (self.speak_unknown or _is_said(view, tag)):
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
        return (
            begun is not None
            and not begun[0].endswith("]")
            and (may_become_a_chinese_tag(begun[1]) or begun[1] in _FACE_BEGINNINGS)
        )


def _is_said(view: View, tag: re.Match[str]) -> bool:
    """[3]条消息 and 京发[2024]3号 hold what is said; a number behind a word is a citation."""
    following = view.held[tag.end() : tag.end() + 1]
    if ("." in tag[1] and _COUNTS.fullmatch(tag[1])) or _NEGATIVE.fullmatch(tag[1]):
        return True  # nobody cites source 0.4 or -1
    if tag[1] == "0" and view.previous.isascii() and (view.previous.isalnum() or view.previous == "_"):
        return True
    if following == "`":
        return True  # `row[0]`: the end of code
    if not _COUNTS.fullmatch(tag[1]) or not following.isalnum() or following.isascii() != following.isdigit():
        return False
    if view.previous in _BEFORE_COUNT and _COUNTED.match(view.held, tag.end()):
        return True
    return following.isdigit() if view.previous.isalnum() else True


def lenticular(view: View, *, tags: bool) -> Step | None:
    """At 【: a citation goes, 【开心】 is an emotion; else text."""
    if view.may_become(_LENTICULAR_BEGUN):
        return None
    found = _LENTICULAR.match(view.held, view.at)
    if found is None:
        return 1, view.char
    if _SOURCE.fullmatch(found[1]):
        return len(found[0]), ""
    cue = cue_of(found[1]) if tags else None
    return (len(found[0]), cue) if isinstance(cue, EmotionCue) and cue.name is not None else (1, view.char)


def direction(view: View) -> Step | None:
    """At a parenthesis: a stage direction, or just a parenthesis."""
    if view.may_become(_DIRECTION_BEGUN):
        return None
    found = _DIRECTION.match(view.held, view.at)
    cue = direction_of(found[1]) if found else None
    return (1, view.char) if cue is None or found is None else (len(found[0]), cue)
