"""Which reading a polyphone has where the dictionary of phrases is silent: rules over context. Pure.

Most rules are rows of `polyphone_rules.tsv`; 得, 地, 为, 还, 应 and surnames need parts of speech and stand here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tts_server.text.mandarin.reading_tables import ONLY_AFTER_XING, SURNAMES, TITLES, polyphones, rows
from tts_server.text.mandarin.words import Token

_REACH = 8
_TITLE = re.compile(TITLES)
_BEFORE_SURNAME = re.compile(r"(?:^|[姓叫是和跟与找请给向对让小老阿问说的位名见由被把同听了着到为])$")
_GAINS = re.compile(
    r"了(?!吧|$)|过|到|第|奖|病|分(?!开)|知|出|益|救|冠军|金牌|一|三|两|满分|名|癌|罪|逞|主|空|闲|胜|人心|高分|分数|感冒|逃|意|体|逞|失"
)
_ADVERBS = frozenset("很太最更挺真好不没多这那")
_MUST_FOLLOW = frozenset(("还", "就", "可", "也", "都", "总", "非", "是", "要", "不", "又", "才", "再", "真", "必"))
# Verb and object in one word: what follows 得 is not how it is done but what must be: 上班得打卡.
_VERB_WITH_OBJECT = re.compile(
    "[上下坐开出吃做睡结看买写办说洗过付交请排种喝][班车门饭觉婚病票课事学字业话澡路钱税队菜药水人假地街题]$"
)
_COMPLEMENT = re.compile("[很太真更非特好不最越极直像要连让使哭笑跳发说睡喘流满]")
# 为 before these is "is, becomes"; the verbs after it belong to what it is.
_HELPERS = frozenset(("是", "有", "在", "为", "会", "能", "可以", "要", "想"))


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule sees of a character: the text on both sides, its word and the words after and before it."""

    left: str
    right: str
    word: Token
    previous: Token | None
    after: Sequence[Token]  # up to _REACH words

    @property
    def following(self) -> Token | None:
        """The next word."""
        return self.after[0] if self.after else None


def choose(
    text: str, tokens: Sequence[Token], base: int, found: Sequence[str | None], alone: Mapping[str, str]
) -> list[str | None]:
    """Fill in what the rules can tell; `found` holds what the dictionary knew.

    base: where the first token starts. alone: readings of characters that are words of their own.
    """
    chosen = list(found)
    rules = polyphones()
    for index, token in enumerate(tokens):
        first = token.start - base
        for at in range(first, first + len(token.text)):
            char = text[at]
            known = char in rules or char in alone or char in _WITH_FUNCTIONS
            if char not in SURNAMES and (chosen[at] is not None or not known):
                continue
            context = Context(
                text[max(0, at - _REACH) : at],
                text[at + 1 : at + 1 + _REACH],
                token,
                tokens[index - 1] if index else None,
                tokens[index + 1 : index + 1 + _REACH],
            )
            reading = _surname(char, at - first, context, is_known=chosen[at] is not None)
            if reading is None and chosen[at] is None:
                reading = _read(char, at - first, context) or (
                    alone.get(char) if _is_alone(at - first, token) else None
                )
            if reading is not None:
                chosen[at] = reading
    return chosen


def _read(char: str, place: int, context: Context) -> str | None:
    """The reading of a character the dictionary did not settle; None to take its usual one."""
    alone = len(context.word.text) == 1
    if char == "得":
        return _de_of_degree(context) if alone else "de5" if place else None  # 跑得快, 看得见
    if char == "地" and alone:
        return _de_of_manner(context)
    if char == "地" and place >= 2 and context.word.text[0] == context.word.text[1]:
        return "de5"  # 静静地
    for row in rows(char):
        if row.left.search(context.left) and row.right.match(context.right):
            return row.reading
    if not alone:
        return None
    if char == "为":
        return _wei(context)
    if char == "还":
        return _huan(context)
    if char == "应":
        return "ying1" if context.following is not None and context.following.tag[:1] in ("v", "d", "p", "a") else None
    return None


def _is_alone(place: int, word: Token) -> bool:
    """Say whether a character is a word of its own, or the adjective after an adverb that segmentation glued to it."""
    return len(word.text) == 1 or (place == 1 and word.text[0] in _ADVERBS)


def _surname(char: str, place: int, context: Context, *, is_known: bool) -> str | None:
    """Surnames with a reading of their own: after 姓, before a title or a name, or where the word is a name."""
    reading = SURNAMES.get(char)
    if reading is None or place:
        return None
    if context.left.endswith("姓") and not context.left.endswith("百姓"):
        return reading
    if char in ONLY_AFTER_XING:
        return None
    alone = len(context.word.text) == 1
    if alone and _TITLE.match(context.right) and _BEFORE_SURNAME.search(context.left):
        return reading
    after = context.following
    if alone and after is not None and after.tag == "nr" and _BEFORE_SURNAME.search(context.left):
        return reading
    return reading if context.word.tag == "nr" and len(context.word.text) in (2, 3) and not is_known else None


def _de_of_degree(context: Context) -> str:
    """得: must (dei3), get (de2), or the particle after a verb (de5)."""
    before, after = context.previous, context.following
    if before is not None and before.tag[:1] in ("v", "a", "z", "i") and before.tag != "vd":
        acts = after is not None and after.tag[:1] in ("v", "p", "n", "r") and not _COMPLEMENT.match(context.right)
        if _VERB_WITH_OBJECT.search(before.text) and acts:
            return "dei3"
        if before.text not in _MUST_FOLLOW:
            return "de5"
    if _GAINS.match(context.right):
        return "de2"
    if after is not None and after.tag[:1] in ("v", "p", "d", "r", "a", "n", "t", "m"):
        return (
            "dei3" if before is None or before.tag[:1] in ("r", "n", "d", "t", "c", "f", "v", "u", "m", "y") else "de5"
        )
    return "de5"


def _de_of_manner(context: Context) -> str:
    """地: the particle between manner and verb (de5), or ground (di4)."""
    before, after = context.previous, context.following
    if before is None or after is None:
        return "di4"
    manner = before.tag[:1] in ("a", "d", "z", "i", "l", "v", "o", "b") or before.text[-1:] in tuple("然样般似性")
    doubled = len(before.text) >= 2 and before.text[-1] == before.text[-2]
    phrase = (
        re.search("(?:^|[^这那])(?:不[^，。]|一[^块片]{1,3}|[^，。]着|[^，。]也不[^，。])$", context.left) is not None
    )
    acts = after.tag[:1] in ("v", "p", "d", "a", "i", "l", "z", "r") and not after.text.startswith(
        ("上", "下", "里", "面", "方", "处")
    )
    return "de5" if ((manner and len(before.text) >= 2) or doubled or phrase) and acts else "di4"


def _wei(context: Context) -> str:
    """为: for (wei4) when something is done for it, 为人民服务; is, becomes (wei2) when nothing more comes."""
    if context.following is None:
        return "wei2"
    acts = any(token.tag[:1] == "v" and token.text not in _HELPERS for token in context.after[1:])
    return "wei4" if acts or context.after[0].tag[:1] in ("r", "v") else "wei2"


def _huan(context: Context) -> str:
    """还: give back (huan2) with a thing as its object and no other verb; still (hai2) otherwise."""
    after = [token.tag[:1] for token in context.after]
    if not after or after[0] not in ("n", "r"):
        return "hai2"
    return "hai2" if any(tag in ("v", "a", "d") for tag in after[1:]) else "huan2"


_WITH_FUNCTIONS = frozenset("得地为还应")
