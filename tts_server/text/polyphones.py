"""Which reading a polyphone has where the dictionary of phrases is silent: rules over context. Pure.

Most rules are rows of `polyphone_table`; 得, 地 and surnames need parts of speech and stand here as functions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from re import Pattern

from tts_server.text.polyphone_table import ADVERBS, DEFAULTS, ONLY_AFTER_XING, SURNAMES, TABLE, TITLES
from tts_server.text.words import Token

_REACH = 8
_ROWS: dict[str, list[tuple[Pattern[str], Pattern[str], str]]] = {
    char: [(re.compile(f"(?:{left})$"), re.compile(f"(?:{right})"), reading) for left, right, reading in rows]
    for char, rows in TABLE.items()
}
_TITLE = re.compile(TITLES)
_BEFORE_SURNAME = re.compile(r"(?:^|[姓叫是和跟与找请给向对让小老阿问说的位名见由被把同听])$")
_GAINS = re.compile(r"了(?!吧|$)|过|到|第|奖|病|分(?!开)|知|出|益|救|冠军|金牌|一|三|两|满分|名|癌|罪|逞|主|空|闲|胜")


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule sees of a character: the text on both sides, its word and the neighbouring words."""

    left: str
    right: str
    word: Token
    previous: Token | None
    following: Token | None


def choose(text: str, tokens: Sequence[Token], base: int, found: Sequence[str | None]) -> list[str | None]:
    """Fill in what the rules can tell; `found` holds what the dictionary knew. base: where the first token starts."""
    chosen = list(found)
    for index, token in enumerate(tokens):
        first = token.start - base
        for at in range(first, first + len(token.text)):
            char = text[at]
            if char not in _INTERESTING or (chosen[at] is not None and char not in SURNAMES):
                continue
            context = Context(
                text[max(0, at - _REACH) : at],
                text[at + 1 : at + 1 + _REACH],
                token,
                tokens[index - 1] if index else None,
                tokens[index + 1] if index + 1 < len(tokens) else None,
            )
            reading = _surname(char, at - first, context, is_known=chosen[at] is not None)
            if reading is None and chosen[at] is None:
                reading = _read(char, at - first, context)
            if reading is not None:
                chosen[at] = reading
    return chosen


def _read(char: str, place: int, context: Context) -> str | None:
    """The reading of a character the dictionary did not settle; None to take its usual one."""
    if char == "得" and len(context.word.text) == 1:
        return _de_of_degree(context)
    if char == "地" and len(context.word.text) == 1:
        return _de_of_manner(context)
    if char == "得" and place:
        return "de5"  # 跑得快, 看得见
    if char == "地" and place >= 2 and context.word.text[0] == context.word.text[1]:
        return "de5"  # 静静地
    for left, right, reading in _ROWS.get(char, ()):
        if left.search(context.left) and right.match(context.right):
            return reading
    alone = len(context.word.text) == 1 or (place == 1 and context.word.text[0] in ADVERBS)
    return DEFAULTS.get(char) if alone else None


def _surname(char: str, place: int, context: Context, *, is_known: bool) -> str | None:
    """Surnames with a reading of their own: after 姓, before a title or a name, or where the word is a name."""
    reading = SURNAMES.get(char)
    if reading is None or place:
        return None
    if context.left.endswith("姓"):
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
    after_verb = before is not None and before.tag[:1] in ("v", "a", "z", "i") and before.tag != "vd"
    if (
        after_verb
        and before is not None
        and before.text not in ("还", "就", "可", "也", "都", "总", "非", "是", "要", "不")
    ):
        return "de5"
    if _GAINS.match(context.right):
        return "de2"
    if after is not None and after.tag[:1] in ("v", "p", "d", "r", "a", "n", "t", "m"):
        return "dei3" if before is None or before.tag[:1] in ("r", "n", "d", "t", "c", "f", "v", "u", "m") else "de5"
    return "de5"


def _de_of_manner(context: Context) -> str:
    """地: the particle between manner and verb (de5), or ground (di4)."""
    before, after = context.previous, context.following
    if before is None or after is None:
        return "di4"
    manner = before.tag[:1] in ("a", "d", "z", "i", "l", "v", "o", "b") or before.text[-1:] == "然"
    doubled = len(before.text) >= 2 and before.text[-1] == before.text[-2]
    acts = after.tag[:1] in ("v", "p", "d", "a", "i", "l", "z", "r") and not after.text.startswith(
        ("上", "下", "里", "面")
    )
    return "de5" if ((manner and len(before.text) >= 2) or doubled) and acts else "di4"


_INTERESTING = frozenset(_ROWS) | frozenset(DEFAULTS) | frozenset(SURNAMES)
