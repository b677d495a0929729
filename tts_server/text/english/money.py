# ruff: noqa: E501 - one row a line
"""How money is said in English, as a table of rules in order. Pure."""

import re
from re import Match

from tts_server.text.english.numbers import cardinal, quantity
from tts_server.text.english.rules import D, Rule, rules
from tts_server.text.english.units import CURRENCIES

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}(?![0-9]))+|[0-9]+)(?:\.[0-9]+)?"
_N = r"(?<![0-9A-Za-z.,])"
_DASH = r" ?(?:-|–|—|~|to) ?"
_SCALES = {"K": "thousand", "k": "thousand", "M": "million", "m": "million", "mn": "million", "mm": "million", "B": "billion", "b": "billion", "bn": "billion", "T": "trillion", "tn": "trillion"}  # fmt: skip
_CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_COUNT = re.compile(
    r"(?<![A-Za-z0-9.])(?:an?|each|every|one|two|three|four|five|six|seven|eight|nine|ten|[1-9][0-9]?) $", re.IGNORECASE
)
_THING = re.compile(
    r" (?!of|and|or|per|in|at|on|to|from|with|for|is|was|are|than|away|ago|left|more|less|long|wide|tall|high|thick|deep|as|by)[a-z]{3,}"
)


def is_counted(match: Match[str]) -> bool:
    """Things are counted that are so big: two 500 mg tablets, a 25¢ coin."""
    before = match.string[max(0, match.start() - 12) : match.start()]
    return _COUNT.search(before) is not None and _THING.match(match.string, match.end()) is not None


def _say_money(match: Match[str]) -> str:
    one, several, cents = CURRENCIES[match["c"]]
    whole, _, part = match["n"].replace(",", "").partition(".")
    whole, part = whole or "0", part.rstrip("0") if len(part) > 2 else part
    scale = match["x"] and (_SCALES.get(match["x"].strip()) or match["x"].strip())
    if scale:
        is_adjective = re.search(r"\b[Aa]n? $", match.string[max(0, match.start() - 3) : match.start()])
        return f"{'minus ' * bool(match['s'])}{quantity(match['n'])} {scale} {one if is_adjective else several}"
    before, behind = match.string[max(0, match.start() - 3) : match.start()], match.string[match.end() :][:2]
    is_single = re.search(r"\b[Aa]n? $", before) is not None or is_counted(match) or behind in ("-a", "-o", "-p")
    said = f"{cardinal(int(whole))} {one if whole == '1' or is_single else several}"
    coins = (part + "0")[:2] if part else "00"
    if len(part) > 2:
        said = f"{quantity(match['n'].rstrip('0'))} {several}"
    elif int(coins) and cents:
        few = f"{cardinal(int(coins))} {cents}" + "s" * (cents == "cent" and coins != "01")
        few = few.replace(" penny", " pence") if coins != "01" else few
        said = few if not int(whole) else f"{said} {few}"
    return "minus " * bool(match["s"]) + said


def _amount(written: str, currency: str) -> str:
    """$12.50 in words."""
    one, several, cents = CURRENCIES[currency]
    whole, _, part = written.replace(",", "").partition(".")
    said = f"{cardinal(int(whole))} {one if whole == '1' else several}"
    return said + (f" {cardinal(int(part))} {cents}s" if len(part) == 2 and int(part) and cents else "")


def _say_money_span(match: Match[str]) -> str:
    return f"{_amount(match['a'], match['c'])} to {_amount(match['b'], match['c'])}"


def _say_money_after(match: Match[str]) -> str:
    one, several, _ = CURRENCIES[match["c"]]
    return f"{quantity(match['n'])} {one if match['n'] == '1' else several}"


MONEY: tuple[Rule, ...] = rules(
    (r"(?:^|(?<=[:;] ))(?P<n>[0-9]{1,2})\. (?=[A-Z][a-z])|^(?P<m>[0-9]{1,3})、 ?", lambda match: cardinal(int(match["n"] or match["m"])) + ", ", D + "、"),
    (rf"(?<![A-Za-z0-9])(?P<c>{_CURRENCY}) ?(?P<a>{_NUMBER}){_DASH}(?:{_CURRENCY})?(?P<b>{_NUMBER})(?![0-9])", _say_money_span, D),
    (rf"(?<![A-Za-z0-9.])(?P<s>[-−])?(?P<c>{_CURRENCY}) ?(?P<n>{_NUMBER}|\.[0-9]+)(?P<x> (?:million|billion|trillion|thousand|hundred)\b| ?(?:bn|mn|mm|tn|[KkMmBbT])(?![A-Za-z0-9']))?(?![0-9])", _say_money, "$ACEGHJRU£¥₩€₹₽￥"),
    (rf"{_N}(?P<n>{_NUMBER}) ?(?P<c>{_CURRENCY})(?![A-Za-z0-9])", _say_money_after, D),
    (rf"{_N}(?P<n>{_NUMBER}) ?¢", lambda match: f"{quantity(match['n'])} cent" + "s" * (match["n"] != "1" and not is_counted(match)), "¢"),
)  # fmt: skip
