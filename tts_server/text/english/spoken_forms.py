# ruff: noqa: E501 - one row a line
"""How quantities are said in English, as a table of rules in order. Pure."""

import re
import unicodedata
from re import Match

from tts_server.text.english import grammar
from tts_server.text.english.formulas import FORMULAS
from tts_server.text.english.money import MONEY, is_counted
from tts_server.text.english.numbers import cardinal, digits, number, ordinal, quantity, year
from tts_server.text.english.rules import D, Rule, rules
from tts_server.text.english.units import ALONE, UNIT, UNITS, unit_name

_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}(?![0-9]))+|[0-9]+)(?:\.[0-9]+)?"
_N = r"(?<![0-9A-Za-z.,])"
_DASH = r" ?(?:-|–|—|~|to) ?"
_LETTERS = frozenset("BSN")  # right behind a number they are no bytes, siemens or newtons
_LOOK_BACK = 200
_DESCRIBED = re.compile(
    " (?!(?:since|in|of|by|at|and|or|on|from|to|over|is|was|fell|long|wide|tall|high|deep|thick)\\b)[A-Za-z]"
)
_ONE_OF = re.compile(r"\b(?:per|an?|each|every|one) $", re.IGNORECASE)
_PART = re.compile(
    r"(\band )?\b(?:an?|one|three|five|seven|nine|eleven|thirteen|fifteen) (?:half|quarters?|eighths?|sixteenths?)$"
)
_INCHES = re.compile(
    r"(?:(?<=[0-9])|(?<=half)|(?<=halves)|(?<=quarter)|(?<=quarters)|(?<=eighth)|(?<=eighths)|(?<=sixteenth)|(?<=sixteenths))[\"″”]"
)
_HEAT = re.compile(
    "(?i:thermostat|temperature|heat|cool|warm|cold|chill|outside|weather|degrees|oven|water|bake|roast|fridge|freez|boil)"
)
_PARTS = {2: ("half", "halves"), 4: ("quarter", "quarters")}


def _say_fraction(match: Match[str]) -> str | None:
    """1/2, 3/4 and 1 1/2."""
    above, below = int(match["a"]), int(match["b"])
    if below < 1:
        return None
    if below == 1 or below > 100 or above > 100:
        whole = f"{cardinal(int(match['w']))} and " if match["w"] else ""
        return f"{'minus ' * bool(match['s'])}{whole}{cardinal(above)} over {cardinal(below)}"
    one, several = _PARTS.get(below) or (ordinal(below), ordinal(below) + "s")
    said = f"{cardinal(above)} {one if above == 1 else several}"
    if match["w"]:
        said = f"{cardinal(int(match['w']))} and " + (f"a {one}" if above == 1 and below in _PARTS else said)
    return "minus " * bool(match["s"]) + said


def _say_chain(match: Match[str]) -> str:
    """31/31/100, which is no date: the numbers one after the other."""
    return "/".join(digits(part) if len(part) > 4 else cardinal(int(part)) for part in match[0].split("/"))


def _negative(match: Match[str]) -> str:
    return "minus " if match["s"] else ""


def _is_inches(match: Match[str]) -> bool:
    return (
        re.match(
            r"[.,;)]|$| ?(?:long|wide|tall|high|thick|deep|of|x|pans?|dish|skillet|screen|monitor|TV|board|pipe|frame|photo|print|tile|nails?|hose|pizza|tires?|wheels?)\b",
            match.string[match.end() :],
        )
        is not None
    )


def _is_no_heat(match: Match[str]) -> bool:
    """5K and i7-12700K; 2700K is the colour of a lamp."""
    return len(match["n"]) < 4 or match.string[match.start("n") - 1 : match.start("n")] == "-"


def _say_unit(match: Match[str]) -> str | None:
    unit = match["u"]
    is_glued = match.end("n") == match.start("u")
    if unit == "in" and not is_glued and not _is_inches(match):
        return None
    if is_glued and (unit in _LETTERS or (unit == "K" and _is_no_heat(match))):
        return None  # 5K, 221B, an iPhone 4S
    several = match["n"] != "1" and not (
        unit == "in" and _DESCRIBED.match(match.string, match.end()) and not re.match(" x", match.string[match.end() :])
    )
    if is_counted(match):
        several = False  # two 500 mg tablets
    return f"{_negative(match)}{quantity(match['n'])}{match['x'] or ''} {unit_name(unit, several)}"


def _say_part_of_unit(match: Match[str]) -> str:
    """1/4 tsp is of one, 1 1/2 tsp of several."""
    is_mixed = re.search(
        r"(?:one|two|three|four|five|six|seven|eight|nine|ten|teen|ty) and (?:a|[a-z]+) [a-z]+ $",
        match.string[: match.start()][-32:],
    )
    return UNITS[match["u"]][is_mixed is not None]


def _say_heat(match: Match[str]) -> str | None:
    """Bake at 375F (190C), set the thermostat to 72F; but a gate of 12F."""
    degrees, scale = match["n"] or match["m"], match["u"] or match["v"]
    is_heat = match["p"] or (len(degrees) > 2 and int(degrees) < 600) or _HEAT.search(match.string)
    name = "Celsius" if scale == "C" else "Fahrenheit"
    return f"{match['before'] or match['p']}{quantity(degrees)} degrees {name}" if is_heat else None


def _say_unit_span(match: Match[str]) -> str | None:
    if match["u"] == "in" and not _is_inches(match):
        return None
    return f"{_negative(match)}{quantity(match['a'])} to {quantity(match['b'])} {unit_name(match['u'], True)}"


def _say_compound(match: Match[str]) -> str:
    """a 30-min walk."""
    return f"{quantity(match['n'])} {unit_name(match['u'], False)}"


def _say_inches(match: Match[str]) -> str:
    """6'2": feet and inches."""
    return f"{cardinal(int(match['f']))} foot {cardinal(int(match['i']))}"


def _is_quoted(before: str) -> bool:
    """Whether a quotation is open; the marks of inches do not count."""
    plain = _INCHES.sub("", before)
    return sum(plain.count(sign) for sign in '"“') % 2 == 1


def _say_inches_of_part(match: Match[str]) -> str | None:
    """5 1/8", where the number is in words by now; not where a quotation ends."""
    before = match.string[max(0, match.start() - _LOOK_BACK) : match.start()]
    found = _PART.search(before)
    if found is None or _is_quoted(before):
        return None
    is_one = _DESCRIBED.match(match.string, match.end()) or not found[1]
    return " inch" if is_one else " inches"


def _say_inches_span(match: Match[str]) -> str | None:
    """4-6" of snow; not where a quotation ends."""
    if _is_quoted(match.string[max(0, match.start() - _LOOK_BACK) : match.start()]):
        return None
    return f"{quantity(match['a'])} to {quantity(match['b'])} inches"


def _say_times(match: Match[str]) -> str | None:
    """3x as much, but neither 2x + 3 nor 2x alone."""
    left, right = match.string[max(0, match.start() - 2) : match.start()], match.string[match.end() :][:2]
    is_sum = re.match(" ?[-+*/^=<>≤≥²³]", right) or re.search("[-+*/^=<>] ?$", left)
    return None if is_sum or not (left + right).strip(" .!?") else f"{quantity(match['n'])} times"


def _say_screen(match: Match[str]) -> str | None:
    """A 27" monitor; not where a quotation ends."""
    if _is_quoted(match.string[max(0, match.start() - _LOOK_BACK) : match.start()]):
        return None
    several = match["n"] != "1" and not _DESCRIBED.match(match.string, match.end())
    return f"{quantity(match['n'])} {'inches' if several else 'inch'}"


def _say_span(match: Match[str]) -> str:
    if len(match["a"]) == len(match["b"]) == 4 and match["a"] < match["b"]:
        return f"{year(int(match['a']))} to {year(int(match['b']))}"
    return f"{number(match['a'])} to {number(match['b'])}"


def _say_percent(match: Match[str]) -> str:
    return f"{_negative(match)}{quantity(match['n'])} percent" + " " * (match["a"] is not None)


def _say_percent_span(match: Match[str]) -> str:
    return f"{quantity(match['a'])} to {quantity(match['b'])} percent"


def _say_power(match: Match[str]) -> str:
    """10^8 m/s."""
    exponent = int(match["m"])
    name = {2: " squared", 3: " cubed"}.get(exponent) or f" to the {'minus ' * (exponent < 0)}{ordinal(abs(exponent))}"
    return name + (f" {unit_name(match['u'], True)}" if match["u"] else "")


def _say_nth(match: Match[str]) -> str:
    return ordinal(int(match["n"].replace(",", "")))


_MATH = {"+": " plus ", "−": " minus ", "-": " minus ", "×": " times ", "x": " times ", "*": " times ", "÷": " divided by ", "/": " divided by ", "=": " equals ", "≈": " is about ",
         "<": " less than ", ">": " greater than ", "≤": " less than or equal to ", "≥": " greater than or equal to ", "<=": " less than or equal to ", ">=": " greater than or equal to ", "≠": " not equal to ", "±": " plus or minus "}  # fmt: skip


def _say_math(match: Match[str]) -> str:
    return _MATH[match[0].strip()]


def _say_greek(match: Match[str]) -> str:
    """A lone letter: π, Δ. Its name is Unicode's."""
    name = unicodedata.name(match[0]).split()[-1].lower().replace("lamda", "lambda")
    return (
        " " * match.string[match.start() - 1 : match.start()].isalnum()
        + name
        + " " * match.string[match.end() :][:1].isalnum()
    )


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

_FIRST: tuple[Rule, ...] = rules(
    (r"(?<![A-Za-z0-9])(?P<a>[a-z])/(?P<b>[a-z])(?![A-Za-z0-9/])", lambda match: f"{match['a']} over {match['b']}" if "=" in match.string and not match.string[max(0, match.start() - 2) : match.start()].rstrip()[-1:].isdigit() else None, "/"),
    (rf"(?<=[0-9]) ?[x×] ?(?=[0-9.]+(?: ?[x×] ?[0-9.]+){{0,2}}[ -]?(?:{UNIT}|[\"″]|inch|inches|foot|feet|meters?|yards?|pan|pans|board|photos?|prints?|grid|matrix|table|room|rug|tiles?)(?![A-Za-z0-9])|[0-9]{{3,4}}(?![0-9]))|(?<=[0-9])(?P<two>) ?[*×] ?(?=[0-9])", lambda match: " by " if match["two"] is None else " times ", D + "*×"),
    (r"(?<=[0-9]) ?[-−] ?(?=[0-9]+ ?=)", _say_math, "="),
    (r"(?<=/)(?P<n>mo|yr|wk|hr|min|sec)\.(?= [a-z]|[,;)])", lambda match: match["n"], "/"),
    (rf"(?<=[0-9])/(?P<u>{UNIT})(?![A-Za-z0-9])", lambda match: " per " + unit_name(match["u"], False), "/"),
    (r"(?:(?<=[0-9])|(?<=dollar)|(?<=dollars)|(?<=cents)|(?<=euros)|(?<=pounds)|(?<=yuan))/(?=(?:day|week|month|quarter|year|hour|minute|second|night|person|piece|dozen|serving|share|pack|box|bottle|ton|gallon|pound|mile)(?![A-Za-z]))", lambda match: " per ", "/"),
    (r"(?<=[0-9] )(?P<u>tsp|[Tt]bsp|oz|lbs?|pt|qt|gal|hrs?|mins?|secs?|yds?|mi|pkg|doz)\.(?= [a-z]|,|\))", lambda match: match["u"], D),
    (r"(?<![0-9/])(?P<n>(?:[0-9]{1,2} )?[0-9]{1,2}(?:/[0-9]{1,2})?) c\.(?= [a-z])", lambda match: f"{match['n']} cup" + "s" * (match["n"] != "1" and ("/" not in match["n"] or " " in match["n"])), D),
    (r"(?P<before>\b(?:[Tt]o|[Aa]t|[Oo]f|is|was|around|about|below|above|reach|reaches|hit|hits|oven|from|and) )(?P<n>[1-9][0-9]{1,2})(?P<u>[CF])(?![A-Za-z0-9])|(?<=[0-9][CF])(?P<p> ?[(/] ?)(?P<m>[1-9][0-9]{1,2}) ?(?P<v>[CF])(?![A-Za-z0-9])", _say_heat, "CF"),
    (r"(?P<a>[\w)]) ?&& ?(?=[\w(!])", lambda match: f"{match['a']} and ", "&"),
    (r"\bsqrt\((?P<x>[^()]{1,24})\)", lambda match: f"the square root of {match['x']}", "("),
    (r"(?<![0-9A-Za-z.,/])(?P<a>[1-9])x(?P<b>[1-9])(?![0-9A-Za-z.,/])(?! ?[=+*-])", lambda match: f"{cardinal(int(match['a']))} by {cardinal(int(match['b']))}", "123456789"),
    (r"(?<![0-9A-Za-z.,/-])(?P<n>[1-9][0-9]?)x ?(?:/|a |per )(?P<u>day|week|month|year|night)\b", lambda match: f"{cardinal(int(match['n']))} times per {match['u']}", "123456789"),
    (r"(?<=[0-9])° ?(?P<w>[NSEW])(?![A-Za-z])", lambda match: " degrees " + {"N": "north", "S": "south", "E": "east", "W": "west"}[match["w"]], "°"),
    (r"(?<![0-9A-Za-z.,])(?P<a>[0-9](?:\.[0-9]{1,6})?)e(?P<m>-?[0-9]{1,3})(?![0-9A-Za-z]|\.[0-9])", lambda match: f"{number(match['a'])} times ten to the {'minus ' * (match['m'][0] == '-')}{ordinal(abs(int(match['m'])))}" if "." in match["a"] or match["m"][0] == "-" else None, D),
    (r"(?<=[0-9] )pts\b\.?(?! of)", lambda match: "points" + "." * (match[0][-1] == "." and not match.string[match.end() :].strip()), D),
    (rf"{_N}(?P<a>{_NUMBER}){_DASH}(?={_NUMBER}[x×](?![A-Za-z0-9(]))", lambda match: f"{quantity(match['a'])} to ", D),
    (rf"{_N}(?P<n>{_NUMBER})[x×](?![A-Za-z0-9(])(?! ?[0-9])", _say_times, D),
)  # fmt: skip
_THEN: tuple[Rule, ...] = rules(
    (r" ?(?:<=|>=|[≤≥≈≠±]) ?(?=[-−]?\$?[0-9])|(?:(?<= )|^)[<>] ?(?=[-−]?\$?[0-9])", _say_math, "<>±≈≠≤≥"),
    (r"(?<![0-9A-Za-z])~ ?(?=\$?[0-9])", lambda match: "about ", "~"), (r"(?<![0-9A-Za-z)\]+])\+(?=[0-9])", lambda match: "plus ", "+"),
    (r"(?<![0-9/])(?P<a>1?[0-9])/(?P<b>1?[0-9])[cC](?![A-Za-z0-9])", lambda match: f"{cardinal(int(match['a']))}, {cardinal(int(match['b']))} central" if (int(match["a"]) - int(match["b"])) % 12 == 1 else None, "/"),
    (r"(?<![0-9])24[/x]7(?![0-9])", lambda match: "twenty four seven", "2"), (r"(?P<before>\b(?i:step|page|part|episode|slide|question|item|level|round|stage|lesson|day|task) )(?P<a>[0-9]{1,3})/(?P<b>[0-9]{1,3})(?![0-9/])", lambda match: f"{match['before']}{cardinal(int(match['a']))} of {cardinal(int(match['b']))}", "/"), (r"(?<![0-9/])50/50(?![0-9/])", lambda match: "fifty fifty", "5"),
    (rf"(?<=[0-9A-Za-z)])\^(?P<m>-?[0-9]{{1,3}})(?: ?(?P<u>{UNIT})(?![A-Za-z0-9]))?", _say_power, "^"),
    (r"(?<![0-9A-Za-z.,/-])[0-9]{1,12}(?:/[0-9]{1,12}){2,6}(?![0-9A-Za-z/]|[.,][0-9])", _say_chain, "/"),
    (_N + r"(?P<s>(?<![0-9A-Za-z)])[-−])?(?:(?P<w>[0-9]+) )?(?P<a>[0-9]{1,5})[/⁄](?P<b>[0-9]{1,5})(?i:ths?|r?ds?|nds?|sts?)?(?![0-9/A-Za-z])(?! ?=)", _say_fraction, "/⁄"),
    (_N + r"(?P<f>[0-9]{1,2})['′’] ?(?P<i>[0-9]|1[01])(?:[\"″”]|'')(?= (?:long|wide|high|thick|deep)\b)", lambda match: f"{cardinal(int(match['f']))} feet {cardinal(int(match['i']))} inch" + "es" * (match["i"] != "1"), "'’′"),
    (_N + r"(?P<f>[3-8])['′’] ?(?P<i>[0-9]|1[01])(?:[\"″”]|'')", _say_inches, "'’′"),
    (_N + r"(?P<f>[0-9]{1,3})['′](?: ?(?P<x>[x×]|by) ?(?=[0-9])|(?= (?:long|wide|tall|high|thick|deep)\b)|(?P<t>(?= (?:ceilings?|ladders?|boards?|fences?|trees?|poles?|tables?|walls?|Christmas))))", lambda match: f"{cardinal(int(match['f']))} f{'oo' if match['f'] == '1' or match['t'] is not None else 'ee'}t" + " by " * (match["x"] is not None), "'′"),
    (r"(?<![0-9.,])(?P<n>[1-9][0-9]?,[0-9]{3}|[1-9][0-9]{2,4})['′](?= (?:of|above|below|up|elevation|from|tall|long|high|deep)\b|[,.;)]|$)", lambda match: f"{quantity(match['n'])} feet", "'′"),
    (r"(?<=feet by )(?P<f>[0-9]{1,3})['′]", lambda match: f"{cardinal(int(match['f']))} feet", "'′"),
    (r"(?<=[0-9a-z]) ?[\"″](?<=[a-z][\"″])(?P<a>)", _say_inches_of_part, "\"″"),
    (r"(?<![0-9.,-])(?P<a>[0-9]{1,2}(?:\.[0-9])?) ?[-–] ?(?P<b>[0-9]{1,2}(?:\.[0-9])?) ?[\"″”](?!\w)", _say_inches_span, "-–"),
    (r"(?<![0-9.,])(?P<n>[0-9]{1,3}(?:\.[0-9]{1,2})?)[\"″”](?!\w)", _say_screen, "\"”″"),
    (rf"{_N}(?P<a>{_NUMBER}) ?%?{_DASH}(?P<b>{_NUMBER}) ?%", _say_percent_span, "%"),
    (rf"{_N}{_SIGNED}(?P<n>{_NUMBER}) ?%(?P<a>(?=[A-Za-z]))?", _say_percent, "%"),
    (_N + r"(?P<n>[0-9]{1,3}\.[0-9])(?P<u>[CF])(?![A-Za-z0-9])", lambda match: f"{quantity(match['n'])} degrees {'Celsius' if match['u'] == 'C' else 'Fahrenheit'}", "CF"),
    (rf"{_N}{_SIGNED}(?P<a>{_NUMBER}) ?(?:{UNIT})?{_DASH}(?P<b>{_NUMBER}) ?(?P<u>{UNIT})(?![A-Za-z0-9])", _say_unit_span, D),
    (rf"{_N}(?P<n>{_NUMBER})-(?P<u>(?![BSNJK] ){UNIT})(?![A-Za-z0-9])(?= [a-z])", _say_compound, "-"),
    (r"(?<=\bby )(?P<n>[0-9]{1,3}) bps\b", lambda match: f"{cardinal(int(match['n']))} basis points"),
    (rf"{_N}{_SIGNED}(?P<n>{_NUMBER}|\.[0-9]+)(?P<x> (?:thousand|million|billion))? ?(?P<u>{UNIT})(?![A-Za-z0-9²³]|'[a-z])", _say_unit, D + "."),
    (r"(?:(?<=half )|(?<=halves )|(?<=third )|(?<=thirds )|(?<=quarter )|(?<=quarters )|(?<=eighths ))(?P<u>lbs?|oz|tsp|tbsp|kg|mi|km|ml|ft|gal|qt|hrs?|mins?)(?![A-Za-z])", _say_part_of_unit),
    (rf"(?<=[a-z])/(?P<u>{UNIT})(?![A-Za-z0-9])", lambda match: " per " + unit_name(match["u"], False), "/"),
    (rf"(?<![A-Za-z0-9/])(?P<u>{_ALONE})(?![A-Za-z0-9/])", lambda match: UNITS[match["u"]][_ONE_OF.search(match.string[max(0, match.start() - 8) : match.start()]) is None]),
    (_N + r"(?P<n>[0-9]{1,3}(?:,[0-9]{3})*|[0-9]+)(?:st|nd|rd|th)(?![A-Za-z0-9])", _say_nth, D),
    (_N + r"(?<![A-Za-z]-)(?P<a>[0-9]+(?:\.[0-9]+)?) ?(?:-|–|—|~) ?(?P<b>[0-9]+(?:\.[0-9]+)?)(?![0-9-])", _say_span, "-~–—"),
    (r"(?<=[0-9]) ?[+×*÷=≈±] ?(?=[-−]?[0-9(])|(?<=[0-9]) (?:[-−x<>/]|<=|>=) (?=[0-9])|(?<=[0-9])[x×](?=[0-9])", _say_math),
    (r"(?<![0-9A-Za-z.,])[0-9]+(?:\.[0-9]+)? ?[A-Za-z]{1,5}(?:/[A-Za-z]{1,3})?[²³]?(?![A-Za-z0-9])(?<![0-9]D)(?<![0-9][GPKkXx])(?<! [a-z]{4}[a-z])", lambda match: _say_measure(match) if match[0][-1] in "²³" or "/" in match[0] else None, D),
    (r"(?<![Α-ωἀ-ῼ])[αβγδεζηθικλμνξπρσςτυφχψωΓΔΘΛΞΠΣΦΨΩ](?![Α-ωἀ-ῼ])", _say_greek),
    (r"(?<=[A-Za-z0-9)])²(?![0-9])", lambda match: " squared", "²"),
    (r"(?<=[A-Za-z0-9)])³(?![0-9])", lambda match: " cubed", "³"),
    (r"√\(?(?=[A-Za-z0-9])", lambda match: "the square root of ", "√"),
    (rf"{_SIGNED}(?P<n>{_NUMBER}|(?<![0-9.])\.[0-9]+)", _say_number, D + "."),
    (r"(?<=[a-z)]) ?= ?[-−] ?(?=[a-z(])", lambda match: " equals minus ", "="),
    (r"(?<=[a-z)]) ?\+ ?(?=[a-z(])", lambda match: " plus ", "+"),
    (r"(?<=[a-z)]) ?= ?(?=[a-z(])", lambda match: " equals ", "="),
    (r"(?<=[A-Za-z0-9%]) ?[→⇒] ?(?=[A-Za-z0-9])", lambda match: " to ", "→⇒"),
)  # fmt: skip
FORMS: tuple[Rule, ...] = (*MONEY, *_FIRST, *FORMULAS, *_THEN)
