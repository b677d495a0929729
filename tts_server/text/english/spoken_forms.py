# ruff: noqa: E501 - one row a line
"""How dates, times and quantities are said in English, as a table of rules in order. Pure."""

import re
from re import Match

from tts_server.text.english import grammar
from tts_server.text.english.numbers import cardinal, number, ordinal, pair, quantity, year
from tts_server.text.english.spoken_codes import Rule, rules
from tts_server.text.english.units import ALONE, CURRENCIES, UNIT, UNITS, unit_name

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_MONTH = r"(?P<month>(?i:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?))"
_NUMBER = r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?"
_N = r"(?<![0-9A-Za-z.,])"
_DASH = r" ?(?:-|–|—|~|to) ?"
_SCALES = {"K": "thousand", "k": "thousand", "M": "million", "m": "million", "mn": "million", "mm": "million", "B": "billion", "b": "billion", "bn": "billion", "T": "trillion", "tn": "trillion"}  # fmt: skip
_HALF_DAY = r"(?: ?(?P<half>[AaPp])\.?[Mm]\b\.?)"
_CURRENCY = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}
_DURATION = {"h": "hour", "hr": "hour", "hrs": "hour", "m": "minute", "min": "minute", "mins": "minute", "s": "second", "sec": "second", "secs": "second", "d": "day"}  # fmt: skip

# -- dates and times --------------------------------------------------------------------------------------------------


def _month_of(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3].title()))


def _say_date(match: Match[str]) -> str | None:
    """2026-11-28 and 11/28/2026."""
    month, day = int(match["m"]), int(match["d"])
    if month > 12 >= day:
        month, day = day, month  # written as in Europe
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(day)}, {_year_of(match['y'])}"


def _year_of(written: str) -> str:
    return year(int(written)) if len(written) == 4 else pair(int(written))


def _say_month_and_day(match: Match[str]) -> str | None:
    day = int(match["d"])
    if not 1 <= day <= 31:
        return None
    return f"{_month_of(match['month'])} {ordinal(day)}" + (f", {year(int(match['y']))}" if match["y"] else "")


def _say_day_and_month(match: Match[str]) -> str | None:
    """4 July 2024: in the order in which it is written."""
    day = int(match["d"])
    if not 1 <= day <= 31:
        return None
    said = f"the {ordinal(day)} of {_month_of(match['month'])}"
    return said + (f" {year(int(match['y']))}" if match["y"] else "")


def _say_month_and_year(match: Match[str]) -> str:
    return f"{_month_of(match['month'])} {year(int(match['y']))}"


def _say_time_stamp(match: Match[str]) -> str | None:
    date = _say_date(match)
    return date and f"{date}, {_clock(int(match['h']), match['min'])}"


def _clock(hour: int, minute: str) -> str:
    if minute == "00":
        return f"{cardinal(hour)} o'clock" if hour <= 12 else f"{cardinal(hour)} hundred"
    return f"{cardinal(hour)} {pair(int(minute))}"


def _say_half_day(match: Match[str]) -> str | None:
    """10:05 AM; on the hour the minutes are left out."""
    hour, minute = int(match["h"]), match["min"] or "00"
    if hour > 24:
        return None
    said = cardinal(hour) if minute == "00" else _clock(hour, minute)
    stop = "." if match[0][-1] == "." and not match.string[match.end() :].strip() else ""
    return f"{said} {match['half'].upper()} M{stop}"


def _say_clock(match: Match[str]) -> str | None:
    return _clock(int(match["h"]), match["min"]) if int(match["h"]) <= 24 else None


def _say_lasting(match: Match[str]) -> str | None:
    """0:05:00 and 1:30:00 left."""
    parts = [(int(match["h"]), "hour"), (int(match["min"]), "minute"), (int(match["s"]), "second")]
    following = match.string[match.end() : match.end() + 12]
    if parts[0][0] and not re.match(r" ?(?:left|remaining|elapsed|long|to go|until)|$", following):
        return f"{_clock(parts[0][0], match['min'])}" + (f" and {cardinal(parts[2][0])} seconds" if parts[2][0] else "")
    said = [f"{cardinal(count)} {unit}" + "s" * (count != 1) for count, unit in parts if count]
    return " ".join(said) or "zero seconds"


def _say_duration(match: Match[str]) -> str:
    """2h 34m: the m after hours are minutes."""
    said = []
    for count, unit in re.findall(r"([0-9]+) ?([A-Za-z]+)", match[0]):
        said.append(f"{cardinal(int(count))} {_DURATION[unit]}" + "s" * (count != "1"))
    return " ".join(said)


def _say_decade(match: Match[str]) -> str:
    """the 1990s, the 2000s, the '90s."""
    said = year(int(match["n"])) if len(match["n"]) == 4 else cardinal(int(match["n"]))
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def _say_year(match: Match[str]) -> str:
    return year(int(match["n"]))


# -- money ------------------------------------------------------------------------------------------------------------


def _say_money(match: Match[str]) -> str:
    one, several, cents = CURRENCIES[match["c"]]
    whole, _, part = match["n"].replace(",", "").partition(".")
    whole, part = whole or "0", part.rstrip("0") if len(part) > 2 else part
    scale = match["x"] and (_SCALES.get(match["x"].strip()) or match["x"].strip())
    if scale:
        return f"{'minus ' * bool(match['s'])}{quantity(match['n'])} {scale} {several}"
    said = f"{cardinal(int(whole))} {one if whole == '1' else several}"
    coins = (part + "0")[:2] if part else "00"
    if len(part) > 2:
        said = f"{quantity(match['n'])} {several}"
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


# -- quantities -------------------------------------------------------------------------------------------------------


def _say_fraction(match: Match[str]) -> str | None:
    """1/2, 3/4 and 1 1/2."""
    above, below = int(match["a"]), int(match["b"])
    if below < 2 or below > 1000:
        return None
    one, several = _PARTS.get(below) or (ordinal(below), ordinal(below) + "s")
    said = f"{cardinal(above)} {one if above == 1 else several}"
    if match["w"]:
        said = f"{cardinal(int(match['w']))} and " + (f"a {one}" if above == 1 and below in _PARTS else said)
    return "minus " * bool(match["s"]) + said


def _negative(match: Match[str]) -> str:
    return "minus " if match["s"] else ""


def _say_unit(match: Match[str]) -> str | None:
    unit = match["u"]
    if unit == "in" and not re.match(
        r"[.,;)]|$| ?(?:long|wide|tall|high|thick|deep|of|x)\b", match.string[match.end() :]
    ):
        return None
    return f"{_negative(match)}{quantity(match['n'])}{match['x'] or ''} {unit_name(unit, match['n'] != '1')}"


def _say_unit_span(match: Match[str]) -> str:
    return f"{_negative(match)}{quantity(match['a'])} to {quantity(match['b'])} {unit_name(match['u'], True)}"


def _say_compound(match: Match[str]) -> str:
    """a 30-min walk."""
    return f"{quantity(match['n'])} {unit_name(match['u'], False)}"


def _say_inches(match: Match[str]) -> str:
    """6'2": feet and inches."""
    return f"{cardinal(int(match['f']))} foot {cardinal(int(match['i']))}"


def _say_ratio(match: Match[str]) -> str:
    return f"{cardinal(int(match['a']))} to {cardinal(int(match['b']))}"


def _say_span(match: Match[str]) -> str:
    if len(match["a"]) == len(match["b"]) == 4 and match["a"] < match["b"]:
        return f"{year(int(match['a']))} to {year(int(match['b']))}"
    return f"{number(match['a'])} to {number(match['b'])}"


def _say_percent(match: Match[str]) -> str:
    return f"{_negative(match)}{quantity(match['n'])} percent"


def _say_percent_span(match: Match[str]) -> str:
    return f"{quantity(match['a'])} to {quantity(match['b'])} percent"


def _say_nth(match: Match[str]) -> str:
    return ordinal(int(match["n"].replace(",", "")))


_MATH = {"+": " plus ", "−": " minus ", "-": " minus ", "×": " times ", "x": " times ", "*": " times ", "÷": " divided by ", "/": " divided by ", "=": " equals ", "≈": " is about ",
         "<": " less than ", ">": " greater than ", "≤": " less than or equal to ", "≥": " greater than or equal to ", "<=": " less than or equal to ", ">=": " greater than or equal to ", "≠": " not equal to ", "±": " plus or minus "}  # fmt: skip


def _say_math(match: Match[str]) -> str:
    return _MATH[match[0].strip()]


def _say_measure(match: Match[str]) -> str | None:
    return grammar.say(match[0])


def _say_number(match: Match[str]) -> str:
    """A plain number; one that touches letters, as in MP3, is set apart."""
    before, after = match.string[match.start() - 1 : match.start()], match.string[match.end() :][:1]
    glued = before.isalpha() or (before == "-" and match.start() > 1 and match.string[match.start() - 2].isalpha())
    minus = "minus " if match["s"] and not glued else ""
    return " " * before.isalpha() + minus + number(match["n"]) + " " * after.isalpha()


_SIGNED = r"(?P<s>(?<![0-9A-Za-z)])[-−–])?"
_ALONE = "|".join(re.escape(unit) for unit in sorted(ALONE, key=len, reverse=True))

FORMS: tuple[Rule, ...] = rules(
    (r"^(?P<n>[0-9]{1,3})、 ?", lambda match: cardinal(int(match["n"])) + ", "),
    # dates
    (_N + r"(?P<y>[12][0-9]{3})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})[T ](?P<h>[0-9]{2}):(?P<min>[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9])", _say_time_stamp),
    (_N + r"(?P<y>[12][0-9]{3})(?P<sep>[-/.])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})(?![0-9]|[-/.][0-9])", _say_date),
    (_N + r"(?P<m>[0-9]{1,2})(?P<sep>[-/.])(?P<d>[0-9]{1,2})(?P=sep)(?P<y>[12][0-9]{3}|[0-9]{2})(?![0-9]|[-/.][0-9])", _say_date),
    (rf"\b{_MONTH} (?:the )?(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>[12][0-9]{{3}}))?(?![0-9:%]|[.,][0-9]|(?<=[0-9])[A-Za-z])", _say_month_and_day),
    (rf"{_N}(?:the )?(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (?P<y>[12][0-9]{{3}}))?(?![0-9A-Za-z])", _say_day_and_month),
    (rf"\b{_MONTH},? (?P<y>[12][0-9]{{3}})(?![0-9])", _say_month_and_year),
    # times
    (_N + r"(?P<h>[0-9]{1,2}):(?P<min>[0-5][0-9]):(?P<s>[0-5][0-9])(?![0-9:])", _say_lasting),
    (_N + rf"(?P<h>[0-9]{{1,2}})(?:[:.](?P<min>[0-5][0-9]))?{_HALF_DAY}", _say_half_day),
    (r"(?<=\bM)(?: ?(?:-|–|—|~) ?)(?=[a-z])|(?<=[a-z])(?: ?(?:-|–|—|~) ?)(?=[0-9]{1,2}(?::[0-9]{2})? ?[AP]M)", lambda match: " to "),
    (_N + r"(?P<h>[01]?[0-9]|2[0-4]):(?P<min>[0-5][0-9])(?![0-9:])(?=(?: ?[-–] ?)?)(?<!16:9)", _say_clock),
    (_N + r"(?P<a>[0-9]{1,4}):(?P<b>[0-9]{1,4})(?![0-9:])", _say_ratio),
    (_N + r"(?:[0-9]+ ?d )?[0-9]+ ?(?:h|hrs?) ?[0-9]+ ?(?:mins?|m)(?: ?[0-9]+ ?(?:secs?|s))?(?![0-9A-Za-z])", _say_duration),
    (_N + r"[0-9]+ ?(?:mins?|m) [0-9]+ ?(?:secs?|s)(?![0-9A-Za-z])", _say_duration),
    (_N + r"(?P<n>[12][0-9]{2}0)'?s(?![0-9A-Za-z])", _say_decade),
    (r"(?<=ies)[-–](?P<n>[1-9]0)'?s(?![0-9A-Za-z])", lambda match: f" to {cardinal(int(match['n']))[:-1]}ies"),
    (r"(?<=ies)[-–](?=[a-z]+ [a-z]+ies\b)", lambda match: " to "),
    (r"(?:(?<=the )|(?<=mid-)|(?<=late )|(?<=early ))['’]?(?P<n>[1-9]0)'?s(?![0-9A-Za-z])|['’](?P<m>[1-9]0)s\b", lambda match: cardinal(int(match["n"] or match["m"]))[:-1] + "ies"),
    (r"(?:(?<=\bin )|(?<=\bIn )|(?<=\bsince )|(?<=\bSince )|(?<=\buntil )|(?<=\bfrom )|(?<=\byear )|(?<=\bof )|(?<=\bby )|(?<=\bto )|(?<=\bsummer )|(?<=\bcirca ))(?P<n>1[1-9][0-9]{2}|20[0-9]{2})(?![0-9A-Za-z]|[.,:/%-][0-9]| ?(?:%|people|files|items|units|times|meters|euros|dollars))", _say_year),
    # money
    (rf"(?<![A-Za-z0-9])(?P<c>{_CURRENCY}) ?(?P<a>{_NUMBER}){_DASH}(?:{_CURRENCY})?(?P<b>{_NUMBER})(?![0-9])", _say_money_span),
    (rf"(?<![A-Za-z0-9.])(?P<s>[-−])?(?P<c>{_CURRENCY}) ?(?P<n>{_NUMBER}|\.[0-9]+)(?P<x> (?:million|billion|trillion|thousand|hundred)\b|(?:bn|mn|mm|tn|[KkMmBbT])(?![A-Za-z0-9]))?(?![0-9])", _say_money),
    (rf"{_N}(?P<n>{_NUMBER}) ?(?P<c>{_CURRENCY})(?![A-Za-z0-9])", _say_money_after),
    (rf"{_N}(?P<n>{_NUMBER}) ?¢", lambda match: f"{quantity(match['n'])} cent" + "s" * (match["n"] != "1")),
    # quantities
    (r" ?(?:<=|>=|[≤≥≈≠±]) ?(?=[-−]?\$?[0-9])|(?:(?<= )|^)[<>] ?(?=[-−]?\$?[0-9])", _say_math),
    (r"(?<![0-9A-Za-z])~ ?(?=\$?[0-9])", lambda match: "about "),
    (_N + r"(?P<q>[1-4])Q(?P<y>[0-9]{2}|20[0-9]{2})(?![0-9A-Za-z])", lambda match: f"the {ordinal(int(match['q']))} quarter of {_year_of(match['y'])}"),
    (_N + r"(?P<n>[0-9]{1,4}) ?(?P<e>[AB])\.? ?(?P<f>[DC])\.?(?![A-Za-z0-9])(?<=D|C|\.)(?=[ ,.;]|$)", lambda match: f"{year(int(match['n']))} {match['e']} {match['f']}" if match["e"] + match["f"] in ("AD", "BC") else None),
    (r"(?<![0-9])24/7(?![0-9])", lambda match: "twenty four seven"),
    (_N + r"(?P<s>(?<![0-9A-Za-z)])[-−])?(?:(?P<w>[0-9]+) )?(?P<a>[0-9]{1,3})[/⁄](?P<b>[0-9]{1,4})(?:th|rd|nd|st|ths)?(?![0-9/A-Za-z])(?! ?=)", _say_fraction),
    (_N + r"(?P<f>[3-8])['′’] ?(?P<i>[0-9]|1[01])(?:[\"″”]|'')", _say_inches),
    (rf"{_N}(?P<a>{_NUMBER}) ?%?{_DASH}(?P<b>{_NUMBER}) ?%", _say_percent_span),
    (rf"{_N}{_SIGNED}(?P<n>{_NUMBER}) ?%", _say_percent),
    (rf"{_N}{_SIGNED}(?P<a>{_NUMBER}) ?(?:{UNIT})?{_DASH}(?P<b>{_NUMBER}) ?(?P<u>{UNIT})(?![A-Za-z0-9])", _say_unit_span),
    (rf"{_N}(?P<n>{_NUMBER})-(?P<u>{UNIT})(?![A-Za-z0-9])(?= [a-z])", _say_compound),
    (rf"{_N}{_SIGNED}(?P<n>{_NUMBER}|\.[0-9]+)(?P<x> (?:thousand|million|billion))? ?(?P<u>{UNIT})(?![A-Za-z0-9²³]|'[a-z])", _say_unit),
    (r"(?:(?<=half )|(?<=halves )|(?<=third )|(?<=thirds )|(?<=quarter )|(?<=quarters )|(?<=eighths ))(?P<u>lbs?|oz|tsp|tbsp|kg|mi|km|ml|ft|gal|qt|hrs?|mins?)(?![A-Za-z])", lambda match: UNITS[match["u"]][1]),
    (rf"(?<=[a-z])/(?P<u>{UNIT})(?![A-Za-z0-9])", lambda match: " per " + unit_name(match["u"], False)),
    (rf"(?<![A-Za-z0-9/])(?P<u>{_ALONE})(?![A-Za-z0-9/])", lambda match: UNITS[match["u"]][1]),
    (_N + r"(?P<n>[0-9]{1,3}(?:,[0-9]{3})*|[0-9]+)(?:st|nd|rd|th)(?![A-Za-z0-9])", _say_nth),
    (_N + r"(?P<a>[0-9]+(?:\.[0-9]+)?) ?(?:-|–|—|~) ?(?P<b>[0-9]+(?:\.[0-9]+)?)(?![0-9-])", _say_span),
    (r"(?<=[0-9]) ?[-−] ?(?=[0-9]+ ?=)", _say_math),
    (r"(?<=[0-9]) ?[+×*÷=≈±] ?(?=[-−]?[0-9(])|(?<=[0-9]) (?:[-−x<>/]|<=|>=) (?=[0-9])|(?<=[0-9])[x×](?=[0-9])", _say_math),
    (r"(?<![0-9A-Za-z.,])[0-9]+(?:\.[0-9]+)? ?[A-Za-z]{1,5}(?:/[A-Za-z]{1,3})?[²³]?(?![A-Za-z0-9])(?<![0-9]D)(?<![0-9][GPKkXx])(?<! [a-z]{4}[a-z])", lambda match: _say_measure(match) if match[0][-1] in "²³" or "/" in match[0] else None),
    (r"(?<=[A-Za-z0-9)])(?:\^2|²)(?![0-9])", lambda match: " squared"),
    (r"(?<=[A-Za-z0-9)])(?:\^3|³)(?![0-9])", lambda match: " cubed"),
    (r"√\(?(?=[A-Za-z0-9])", lambda match: "the square root of "),
    (rf"{_SIGNED}(?P<n>{_NUMBER}|(?<![0-9])\.[0-9]+)", _say_number),
    (r"(?<=[a-z)]) ?= ?(?=[a-z(])", lambda match: " equals "),
    (r"(?<=[A-Za-z0-9%]) ?[→⇒] ?(?=[A-Za-z0-9])", lambda match: " to "),
)  # fmt: skip
