"""Written text to spoken text: digits and signs become the words that are said. Host's side.

Own rules (`spoken_forms.RULES`) go first: they read more than wetext and know which code points they read. wetext is
asked for measures our tables lack and never sees Latin runs; plain numbers are left to `spoken_forms.REST`. Text
without digits or signs costs one regex search.
"""

import re
import unicodedata
from bisect import bisect_left
from functools import cache
from re import Match

from tts_server.text.english import english
from tts_server.text.linguistic.aligned import Aligned, Piece
from tts_server.text.linguistic.language import own_language, with_chinese_no
from tts_server.text.linguistic.traditional import simplified
from tts_server.text.mandarin import grammar
from tts_server.text.mandarin.patterns import Rule

_WORTH_A_LOOK = re.compile(
    r"[0-9%‰$€£¥@/=+×÷±°℃℉㎡㎏㎎㎝㎜㎞㎢㎥§©≈≤≥≠<>^&#²³√∞Α-ω₩₹₽฿↑↓→⇒≦≧★]|[~～–—-]|[A-Za-z]\.[A-Za-z]|[（(][A-Za-z/³²]{2,8}[）)]|单位[是为：:]?\s?[A-Za-z]|[IVX][IVX]|第[IVX]|(?<![A-Za-z])[IV][型期级类度世]"
)
_DIGIT = re.compile("[0-9]")
# One blank in a sentence parts two clauses; several are between all words and mean nothing.
_GAP = re.compile("(?<=[一-龥]{2})[ 　](?=[一-龥]{3})(?![零一二两三四五六七八九十百千])")
# Many write a blank between a number and its neighbours: 还剩 2 小时, 2026 年. A day, 11/28 有雨, needs it.
_AROUND_NUMBER = re.compile(
    r"(?<=[一-龥])(?<![零一二三四五六七八九十百千万亿]) (?=[0-9])"
    r"|(?<=[0-9]) (?=[一-龥])(?!位置|点[亮击播]|台灯|度数|条件|场景|节点|口|号码|名称|[上下]线|层级|门锁|组合)"
)
_PART_OF_DAY = re.compile(r"[/:：][0-9]{1,4}$")
# A number with a unit or sign that our own tables lack; everything else that is left is a plain number.
_MEASURE = re.compile(
    r"[±∠]\s?[0-9]+(?:\.[0-9]+)?(?:\s?[A-Za-zμΩ%°′″]{1,8})?|(?<![0-9.A-Za-z])[0-9]+(?:\.[0-9]+)?\s?[A-Za-zμΩ°′″][A-Za-zμΩ°′″/²³]{0,7}(?![0-9A-Za-z])"
)
_ROMAN = {chr(0x2160 + value): str(value + 1) for value in range(12)} | {
    chr(0x2170 + value): str(value + 1) for value in range(12)
}
_CIRCLED = {chr(0x2460 + value): f"{value + 1}、" for value in range(20)} | {  # ①②③ is not 123
    chr(first + value): f"{value + 1}、" for first in (0x2776, 0x2780, 0x278A) for value in range(10)
}
_ALIKE = {"∶": ":", "∕": "/", "✕": "×", "⨯": "×"}  # typed for signs they look like
_POWERS = dict(zip("⁰¹⁴⁵⁶⁷⁸⁹⁻", "01456789-", strict=True))  # NFKC would make 105 of 10⁵
_KEPT = frozenset(
    "，。！？；：、（）～【】《》「」『』“”‘’…—℃℉㎡㎢㎥㎞㎝㎜㎏㎎°²³Ω€£￥·"
)  # NFKC would take these apart or narrow them


def normalise(text: str, forced: tuple[Piece, ...] = (), language: str = "zh") -> Aligned:
    """Say `text`. forced: stretches whose spoken form is already decided, in order (say-as).

    language: what a text is said in that does not tell of itself.
    """
    aligned = compatible(Aligned.identity(text))
    if len(_GAP.findall(text)) == 1:
        aligned = aligned.substitute(_GAP, lambda match: "，")
    if forced:
        aligned = _replace_original(aligned, forced)
    if (own_language(aligned.text) or language) == "en":
        return english.normalise(aligned)
    if not _WORTH_A_LOOK.search(aligned.text):
        return aligned
    aligned = aligned.substitute(_AROUND_NUMBER, _close_up)
    rules, rest = _rules()
    for pattern, say in rules:
        aligned = aligned.substitute(pattern, say)
    if _DIGIT.search(aligned.text):
        aligned = aligned.substitute(_MEASURE, lambda match: grammar.say(match[0]))
    for pattern, say in rest:
        aligned = aligned.substitute(pattern, say)
    return aligned


def _close_up(match: Match[str]) -> str | None:
    return None if _PART_OF_DAY.search(match.string, max(0, match.start() - 6), match.start()) else ""


def load() -> None:
    """Make the rules ready, English ones too, and read wetext's grammar, if it is there."""
    _rules()
    english.load()
    grammar.load()


@cache
def _rules() -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules before and after wetext. Their patterns take 0.1 s: text without digits or signs is said before."""
    from tts_server.text.mandarin.spoken_forms import REST, RULES

    return RULES, REST


def compatible(aligned: Aligned) -> Aligned:
    """Full-width, traditional and other compatibility forms as plain ones; lone surrogates go."""
    if aligned.text.isascii():
        return aligned
    aligned = Aligned(with_chinese_no(simplified(aligned.text)), aligned.starts, aligned.ends)
    if not any(_plain(char) != char for char in set(aligned.text)):
        return aligned
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for char, start, end in zip(aligned.text, aligned.starts, aligned.ends, strict=True):
        plain = _plain(char)
        before = texts[-1] if texts else ""
        if plain.isdecimal() and char != plain and texts[-2:-1] and before == "，" and texts[-2].isdecimal():
            texts[-1] = ","  # １，０００
        if plain[:1] == before[:1] == "^":
            plain = plain[1:]
        elif "⁄" in plain and before.isdigit():
            plain = " " + plain  # 3½
        texts.append(plain)
        starts += [start] * len(plain)
        ends += [end] * len(plain)
    return Aligned("".join(texts), tuple(starts), tuple(ends))


def _plain(char: str) -> str:
    if char in _KEPT or "一" <= char <= "鿿":
        return char
    if char == "º":  # typed for a degree
        return "°"
    if char in _ALIKE:
        return _ALIKE[char]
    if char in _POWERS:
        return "^" + _POWERS[char]
    if "\ud800" <= char <= "\udfff":
        return ""
    return _ROMAN.get(char) or _CIRCLED.get(char) or unicodedata.normalize("NFKC", char)


def _replace_original(aligned: Aligned, forced: tuple[Piece, ...]) -> Aligned:
    pieces = []
    for spoken, start, end in forced:
        first, last = bisect_left(aligned.starts, start), bisect_left(aligned.starts, end)
        if first < last:
            pieces.append(("".join(map(_plain, spoken)), first, last))
    return aligned.replace(pieces)
