"""Mandarin text to words with parts of speech, by jieba's dictionary; what it cuts amiss is put right. Host's side.

Numbers stay in one piece however jieba cuts them, 儿 goes back to the word it belongs to, and what its model for
unknown words glues together (把门, 那本书) comes apart again.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tts_server.text.mandarin.cutting import cutter

# The model for unknown words likes to glue these to a neighbour: 高兴|地说, 我教|你, 姓乐.
_LOOSE_FIRST = frozenset("地得着了的我你他她它咱不很还把被让给就都也姓叫是在有没")
_LOOSE_LAST = frozenset("地得着了的过我你他她它是在")
_GLUED = frozenset(("地走了",))  # the dictionary itself has it
# 满意|地点|了 is 满意|地|点了: after a word of manner, before what only follows a verb.
_GROUND_OR_VERB = frozenset(("地下", "地点", "地道", "地转", "地上"))
_HOW = frozenset(("伤心地",))  # the dictionary has it as a place
_GROUND_NOUN = re.compile(
    "(?:的|据|在|源|民|住|生|息|集|散|阔|碱|墓|草|林|耕|田|园|工|场|基|营|属|产|种|养|战|阵|领|租|界|驻|宅|湿|洼|山|坡|沙|荒|空|飞|泽|土|居|区|省|市|县|乡|原|牧|殖|圣|死|险|盆|腹|高|低|平|外|内|本|当|各|异"
    "|落|发|登|起|停|交|供|采|销|消费|主|客|目|到|始|处女|不毛|婚|葬|旅游|度假|流放|避难|朝圣|祖籍|户籍|所|陆|洼|片|块|拨)地$"
)
_AFTER_A_VERB = frozenset(("着", "了", "起", "起来", "过", "点头", ""))
_MANNER = tuple("adizo")
_VERY = frozenset(("很", "更", "最", "太", "较", "极", "非常", "更加", "十分"))
# 做|得到|位 is 做|得|到位: what begins with a particle is cut anew where the rest makes a word with what follows.
_PARTICLES = frozenset("地得了着")
_BEFORE_A_WORD = frozenset(
    "想能要会来去先多请帮让为未不没可应该肯敢难易何怎使令有是的"
)  # 想了解, 能得到: no particle follows
_LIKE_GROUND = re.compile("潮湿|光滑|坚硬|湿滑|平整|冰冷|粗糙|干燥|干净|松软|泥泞|开阔|空旷|陌生|美丽|偏僻|遥远|神秘")
_NO_PREDICATE = frozenset("是有在能会")
_THIS = frozenset("这那哪每某各")
MEASURES = frozenset(
    "个只条张件位名本次台辆把块杯瓶碗间座层头匹棵朵颗粒支枝根双对套份片封首部家所道门顿趟遍下种类样天年月日号周点分秒时岁倍"
    "元角毛人口米里斤克升吨度篇幅组排队批场届股滴盒包袋箱桶罐盘节轮句段行架艘亩桌回户笔期级楼栋期世刻寸尺丈两章页集课路班"
)
_NUMERALS = "零〇一二三四五六七八九十百千万亿两幺"
_DIGITS = "零〇一二三四五六七八九"
_FRACTION = rf"点[{_DIGITS}]+(?![{_DIGITS}十分]|百(?!帕))"  # 三点五, not the clock's 三点五分 or 三点五十
_NUMBER = re.compile(
    rf"(?:第|负|百分之|千分之|几)?(?:[{_NUMERALS}]{{2,}}(?:{_FRACTION})?|[{_NUMERALS}]{_FRACTION})[万亿]*(?:分之[{_NUMERALS}]+)?"
    rf"|(?:百分之|千分之|[{_NUMERALS}]分之)[{_NUMERALS}]+"
)
_SPLIT_NUMBER = 8  # a longer number has a seam after 万 and 亿
_SEAM = re.compile("[^万亿]*(?:万亿|万|亿)|[^万亿]+")
_HERE = frozenset(("这边", "那边", "哪边", "这块", "那块", "哪块", "这样", "那样"))  # 儿 may be said behind them
_NICKNAME = frozenset("小老阿")
_AGAIN_AND_AGAIN = re.compile(r"一([^，。]{1,2})一\1$")  # 一阵一阵地|下
# 儿 after these is a child, or a syllable of its own, not the light ending of 花儿.
_CHILD = re.compile(
    "(?:女|婴|幼|孤|少|健|胎|宠|混血|弃|男|孙|侄|患|妻|育|乞|产|新生|早产|幸运|弄潮|(?<![小女男])孩|低能|畸形|私生|巨|流浪|富家|宁馨|我|你|他|爱|娇|宝|生|托|的|和|是|有|之|小|生养"
    "|护|为|救|寻|盼|丧|携|瘫|连体|体|症|胞|唐|患病|独|管|留守|难|助|慈|逆|吾|犬|麒麟|龙|游子)儿$"
)
# Given names: 雪儿, 可儿 of two characters, or behind 小: 小芳儿.
_NAMED = re.compile(
    "^小?[雪可安欣梦果莲瑶灵婉倩薇琪玲莹颖娟娜丽芳萍珊珍玉翠秀兰梅萱芸蕊蓉菲晴月星云霞怜宛馨怡悦欢嫣凝诗紫碧香柔媚妙思忆慧敏静淑贞宁贝心彤涵雨露晓冰朵婷妍媛瑾璇琳瑞"
    "容燕菱荷茜蝶萌莺鹂凤黛岚楠琴鸾沁筱韵芷蔓]儿$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a Mandarin text, code points [start, end) of it."""

    text: str
    start: int
    end: int
    tag: str  # jieba's part of speech: "n", "v", "r", …; "m" for a number in one piece


def load() -> None:
    """Read the dictionary."""
    cutter.load()


def cut(text: str) -> list[Token]:
    """Cut a stretch of Chinese characters into words."""
    tokens: list[Token] = []
    start = 0
    for word, tag in _with_light_er(_with_numbers(text, _with_loose_de(_with_freed_particles(_pieces(text))))):
        tokens.append(Token(word, start, start + len(word), tag))
        start += len(word)
    return tokens


def has_light_er(word: str) -> bool:
    """Say whether the 儿 at a word's end is no syllable of its own: 花园儿, not 女儿."""
    return len(word) > 1 and word[-1] == "儿" and _CHILD.search(word) is None and _NAMED.search(word) is None


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for word, tag in cutter.tag(text):
        if len(word) == 2 and (word[0] in _LOOSE_FIRST or word[1] in _LOOSE_LAST) and not cutter.has_word(word):
            yield _single(word[0], tag)
            yield _single(word[1], tag)
        elif len(word) == 3 and word[0] in _THIS and word[1] in MEASURES:
            yield word[:2], "r"
            yield _single(word[2], tag)
        elif word[0] in "儿地" and (word in _GLUED or (len(word) > 1 and not cutter.has_word(word))):
            yield _single(word[0], tag)
            yield from cutter.tag(word[1:])
        else:
            yield word, tag


def _with_freed_particles(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same words, but 得|到位 for 得到|位 behind a verb, and 地|面对 for 地面|对 behind a manner."""
    words = list(pieces)
    index = 0
    while index < len(words):
        word, tag = words[index]
        joined = word[1:] + words[index + 1][0] if index + 1 < len(words) else ""
        if index and len(word) == len(joined) == 2 and word[0] in _PARTICLES and _frees(words, index, joined):
            yield _single(word[0], tag)
            yield from cutter.tag(joined)
            index += 2
        else:
            yield word, tag
            index += 1


def _frees(words: list[tuple[str, str]], index: int, joined: str) -> bool:
    before, tag = words[index - 1]
    if not cutter.has_word(joined):
        return False
    if words[index][0][0] != "地":
        return tag[:1] in ("v", "a") and before[-1] not in _BEFORE_A_WORD
    after = words[index + 2][0] if index + 2 < len(words) else ""
    is_manner = tag[:1] in _MANNER and (len(before) > 1 or (index > 1 and words[index - 2][0] in _VERY))
    return is_manner and not _LIKE_GROUND.search(before) and after[:1] not in _NO_PREDICATE


def _with_loose_de(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same words, but 地 between manner and verb stands alone: 骄傲地|对, 满意|地点|了."""
    words = list(pieces)
    if not any("地" in word for word, _ in words):
        yield from words
        return
    for index, (word, tag) in enumerate(words):
        before = words[index - 1] if index else ("", "")
        after = words[index + 1][0] if index + 1 < len(words) else ""
        acts = index + 1 < len(words) and words[index + 1][1][:1] in tuple("vpdr")
        again = _AGAIN_AND_AGAIN.search("".join(piece for piece, _ in words[max(0, index - 2) : index])) is not None
        if len(word) > 2 and word[-1] == "地" and (_tells_how(word) or (acts and not _GROUND_NOUN.search(word))):
            yield word[:-1], cutter.tag(word[:-1])[0][1]
            yield "地", "uv"
        elif (
            word in _GROUND_OR_VERB
            and len(before[0]) > 1
            and ((after in _AFTER_A_VERB and before[1][:1] in (*_MANNER, "v")) or again)
        ):
            yield "地", "uv"
            yield _single(word[1], tag)
        else:
            yield word, tag


def _tells_how(word: str) -> bool:
    """Whether what stands before a 地 that is glued to it is a manner: 骄傲地, not 目的地."""
    manner = cutter.tag(word[:-1])
    return word in _HOW or not cutter.has_word(word) or (len(manner) == 1 and manner[0][1][:1] in _MANNER)


def _single(char: str, tag: str) -> tuple[str, str]:
    """A part of a word that was glued together: its own part of speech, else that of the whole."""
    [(_, own)] = cutter.tag(char)
    return char, own if own != "x" else tag


def _with_numbers(text: str, pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same words, but each number one word. A word that holds a whole number and more stays: 三十五届."""
    numbers = [match.span() for match in _NUMBER.finditer(text)]
    if not numbers:
        yield from pieces
        return
    words = _placed(pieces)
    starts = [start for start, _, _ in words]
    kept = {(start, end): tag for start, end, tag in words}
    places = {*starts, len(text)}
    for first, last in numbers:
        start, end, _ = words[bisect_right(starts, first) - 1]
        if (start, end) != (first, last) and end >= last and text[start] != "点":  # 十一|点四十五分
            continue
        places.difference_update(range(first + 1, last))
        places.update((first, last))
        kept[first, last] = "m"
    for start, end in pairwise(sorted(places)):
        word, tag = text[start:end], kept.get((start, end))
        if tag == "m":
            yield from ((seam, "m") for seam in _seams(word))
        else:
            yield (word, tag) if tag else _whole(word)


def _placed(pieces: Iterable[tuple[str, str]]) -> list[tuple[int, int, str]]:
    placed, at = [], 0
    for word, tag in pieces:
        placed.append((at, at + len(word), tag))
        at += len(word)
    return placed


def _seams(number: str) -> list[str]:
    return _SEAM.findall(number) if len(number) > _SPLIT_NUMBER else [number]


def _whole(word: str) -> tuple[str, str]:
    """What is left of a word that a number was taken from, and its own part of speech."""
    found = cutter.tag(word)
    return word, found[0][1] if len(found) == 1 and found[0][1] != "x" else "n"


def _with_light_er(pieces: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A lone 儿 joins the word before it, and 小 a surname: 花园|儿, 小|李."""
    held: tuple[str, str] | None = None
    for word, tag in pieces:
        light = (
            held is not None
            and word == "儿" != held[0][-1]
            and (held[1][:1] in tuple("nstqmfvad") or held[0] in _HERE)
            and has_light_er(held[0] + word)
        )
        nicknamed = held is not None and held[0] in _NICKNAME and tag == "nr" and len(word) == 1
        if held is not None and (light or nicknamed):
            held = (held[0] + word, tag if tag == "nr" else held[1])
            continue
        if held is not None:
            yield held
        held = (word, tag)
    if held is not None:
        yield held
