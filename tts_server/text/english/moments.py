# ruff: noqa: E501 - one row a line
"""How dates, times and durations are said in English, as a table of rules in order. Pure."""

import re
from re import Match

from tts_server.text.english.numbers import cardinal, digits, ordinal, pair, year
from tts_server.text.english.rules import D, Rule, rules

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_MONTH = r"(?P<month>(?i:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?))"
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:day)?"
_N = r"(?<![0-9A-Za-z.,])"
_DASH = r" ?(?:-|–|—|~|to) ?"
_HALF_DAY = r"(?: ?(?P<half>[AaPp])\.?[Mm]\b\.?)"
_AT_A_TIME = re.compile(r"(?:\b(?:[Aa]t|[Ss]ince|[Uu]ntil|[Bb]y|time is|time was|[Nn]ow)|@|T) ?$")
_DURATION = {"h": "hour", "hr": "hour", "hrs": "hour", "m": "minute", "min": "minute", "mins": "minute", "s": "second", "sec": "second", "secs": "second", "d": "day"}  # fmt: skip


def _month_of(name: str) -> str:
    return next(month for month in _MONTHS if month.startswith(name[:3].title()))


def _say_date(match: Match[str]) -> str | None:
    """2026-11-28 and 11/28/2026."""
    month, day = int(match["m"]), int(match["d"])
    if month > 12 >= day >= 1 and month <= 31:  # written as in Europe, and said in that order
        return f"the {ordinal(month)} of {_MONTHS[day - 1]}, {_year_of(match['y'])}"
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(day)}, {_year_of(match['y'])}"


def _year_of(written: str) -> str:
    """A year of four digits, or two of them: "oh" is for times, 05 is "zero five"."""
    if len(written) == 4:
        return year(int(written))
    return digits(written) if written[0] == "0" else cardinal(int(written))


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


def _say_days_of_month(match: Match[str]) -> str | None:
    """Jan 5-7."""
    first, last = int(match["d"]), int(match["to"])
    if not 1 <= first < last <= 31:
        return None
    said = f"{_month_of(match['month'])} {ordinal(first)} to {ordinal(last)}"
    return said + (f", {year(int(match['y']))}" if match["y"] else "")


def _say_days_and_month(match: Match[str]) -> str | None:
    """5-7 Jan."""
    first, last = int(match["d"].rstrip("stndrh")), int(match["to"])
    if not 1 <= first < last <= 31:
        return None
    the = "" if match.string[: match.start()].lower().endswith("the ") else "the "
    said = f"{the}{ordinal(first)} to the {ordinal(last)} of {_month_of(match['month'])}"
    return said + (f" {year(int(match['y']))}" if match["y"] else "")


def _say_month(match: Match[str]) -> str:
    return _month_of(match["m"])


def _say_month_and_year(match: Match[str]) -> str:
    return f"{_month_of(match['month'])} {year(int(match['y']))}"


def _say_month_of_year(match: Match[str]) -> str | None:
    """1/2007."""
    month = int(match["m"])
    return f"{_MONTHS[month - 1]} {year(int(match['y']))}" if 1 <= month <= 12 else None


def _say_day_of_month(match: Match[str]) -> str | None:
    """Behind "on" or a weekday: 2/22."""
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    before = re.sub("^(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\\b", lambda day: _day_of(day[0]), match["before"])
    return f"{before}{_MONTHS[month - 1]} {ordinal(day)}"


def _say_half_of_year(match: Match[str]) -> str:
    the = "" if match.string[: match.start()].lower().endswith("the ") else "the "
    which, when = match["h"] or match["k"], match["y"] or match["z"]
    return f"{the}{ordinal(int(which))} half of {_year_of(when)}"


def _say_era(match: Match[str]) -> str:
    """AD and BC, however they are dotted."""
    value = int(match["n"].replace(",", ""))
    front, back = divmod(value, 100)
    said = f"{cardinal(front)} {pair(back)}" if front and back and value < 1000 else year(value)
    return f"{said} {' '.join(re.findall('[A-Z]', match['e']))}" + "." * _ends_here(match)


def _ends_here(match: Match[str]) -> bool:
    """Whether the dot that a match ends with ends the text, too."""
    return match[0][-1] == "." and not match.string[match.end() :].strip()


def _day_of(name: str) -> str:
    return next(day for day in _DAYS if day.startswith(name[:3].title()))


def _say_days(match: Match[str]) -> str:
    """Mon.-Sun."""
    return f"{_day_of(match['a'])} to {_day_of(match['b'])}" + "." * _ends_here(match)


def _say_day(match: Match[str]) -> str:
    return _day_of(match["a"] or match["b"]) + "." * _ends_here(match)


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
    return f"{said} {match['half'].upper()} M" + "." * _ends_here(match)


def _say_clock(match: Match[str]) -> str | None:
    return _clock(int(match["h"]), match["min"]) if int(match["h"]) <= 24 else None


def _say_military(match: Match[str]) -> str:
    """0800 hours."""
    hour = f"oh {cardinal(int(match['h']))}" if match["h"][0] == "0" else cardinal(int(match["h"]))
    return f"{hour} " + (pair(int(match["min"])) if match["min"] != "00" else "hundred")


def _say_lasting(match: Match[str]) -> str | None:
    """0:05:00 and 1:30:00 left."""
    parts = [(int(match["h"]), "hour"), (int(match["min"]), "minute"), (int(match["s"]), "second")]
    following = match.string[match.end() : match.end() + 12]
    if match["half"]:
        clock = cardinal(parts[0][0]) if match["min"] == "00" else _clock(parts[0][0], match["min"])
        return f"{clock} {match['half'].upper()} M{_and_seconds(parts[2][0])}" + "." * _ends_here(match)
    before = match.string[: match.start()]
    if parts[0][0] and _AT_A_TIME.search(before) and not re.match(" ?(?:left|remaining|elapsed|long)", following):
        return _clock(parts[0][0], match["min"]) + _and_seconds(parts[2][0])
    said = [f"{cardinal(count)} {unit}" + "s" * (count != 1) for count, unit in parts if count]
    if len(said) > 1 and parts[2][0]:
        said.insert(-1, "and")
    return " ".join(said) or "zero seconds"


def _and_seconds(count: int) -> str:
    return f" and {cardinal(count)} second" + "s" * (count != 1) if count else ""


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


def _say_tens(match: Match[str]) -> str:
    """the 80s, his 30s, the low 40s."""
    said = cardinal(int(match["n"] or match["m"]))
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def _say_year(match: Match[str]) -> str:
    return year(int(match["n"]))


def _say_alone(match: Match[str]) -> str:
    """Four digits and nothing else are a year: 1219 is "twelve nineteen"."""
    return year(int(match["n"]))


def _say_ratio(match: Match[str]) -> str:
    return f"{cardinal(int(match['a']))} to {cardinal(int(match['b']))}"


_DATED = rf"(?:{_MONTH.replace('P<month>', ':')} [0-9]{{1,2}}(?:st|nd|rd|th)?|(?<![0-9])[0-9]{{1,2}}(?:st|nd|rd|th)? {_MONTH.replace('P<month>', ':')})(?:,? [12][0-9]{{3}})?"
_SHORT = r"(?P<m>Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)"

MOMENTS: tuple[Rule, ...] = rules(
    (r"^(?P<n>(?:1[1-9]|2[1-9])(?!00)[0-9]{2})(?=[.!?]?$)", _say_alone, "12"),
    # dates
    (rf"(?P<a>{_DATED})(?: ?[–—-] ?)(?={_DATED})", lambda match: f"{match['a']} to ", "-–—"),
    (rf"(?P<d>(?<![0-9A-Za-z.,-])[0-9]{{1,2}}(?:st|nd|rd|th)?) ?[–—-] ?(?P<to>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (?P<y>[12][0-9]{{3}}))?(?![0-9A-Za-z])", _say_days_and_month, "-–—"),
    (rf"(?:(?<=\b[Mm]id-)|(?<=\b[Mm]id )|(?<=\b[Ee]arly )|(?<=\b[Ll]ate )|(?<=\b[Ii]n )|(?<=\b[Bb]y )|(?<=\b[Ss]ince )|(?<=\b[Uu]ntil )|(?<=\b[Tt]ill )|(?<=\b[Oo]f )|(?<=\b[Ff]rom )|(?<=\b[Tt]hrough )|(?<=\b[Tt]his )|(?<=\b[Ll]ast )|(?<=\b[Nn]ext )|(?<=\b[Ee]very )){_SHORT}\b(?:\.(?! *$))?(?! ?[0-9])", _say_month, "ADFJMNOS"),
    (rf"(?<![A-Za-z]){_SHORT}\.?(?P<s> ?[-–—] ?)(?P<n>Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\b(?:\.(?! *$))?(?! [0-9]{{1,2}}(?![0-9]))", lambda match: f"{_month_of(match['m'])} to {_month_of(match['n'])}", "-–—"),
    (r"(?<=[A-Z][1-4])['’](?=[0-9]{2}(?![0-9'’\"”]))", lambda match: " ", "'’"),
    (r"(?<![A-Za-z0-9])['’]0(?P<n>[0-9])(?![0-9A-Za-z])", lambda match: pair(int(match["n"])), "0"),
    (_N + r"(?P<y>[12][0-9]{3})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})[T ](?P<h>[0-9]{2}):(?P<min>[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9])", _say_time_stamp, "-"),
    (_N + r"(?P<y>[12][0-9]{3})(?P<sep>[-/.])(?P<m>[0-9]{1,2})(?P=sep)(?P<d>[0-9]{1,2})(?![0-9]|[-/.][0-9])", _say_date, "12"),
    (rf"\b{_MONTH}-(?P<d>[0-9]{{1,2}})(?:-(?P<y>[12][0-9]{{3}}))?(?![0-9A-Za-z-])", _say_month_and_day, "-"),
    (rf"{_N}(?P<d>[0-9]{{1,2}})-{_MONTH}(?:-(?P<y>[12][0-9]{{3}}))?(?![0-9A-Za-z-])", _say_day_and_month, "-"),
    (rf"(?P<before>\b(?:{_DAY}\.?,?|[Oo]n|[Dd]ue|[Ww]eek of|[Ss]tarting|[Dd]ated|[Tt]hru|[Uu]ntil|[Ss]ince|[Bb]y) \(?)(?P<m>[0-9]{{1,2}})/(?P<d>[0-9]{{1,2}})(?![0-9/A-Za-z%]| of\b)", _say_day_of_month, "/"),
    (r"(?<![A-Za-z0-9])(?P<h>[12])H ?(?P<y>20[0-9]{2}|[0-9]{2})(?![0-9A-Za-z])|(?<![A-Za-z0-9])H(?P<k>[12]) (?P<z>20[0-9]{2})(?![0-9A-Za-z])", _say_half_of_year, "H"),
    (_N + r"(?P<q>[1-4])Q(?P<y>[0-9]{2}|20[0-9]{2})(?![0-9A-Za-z])", lambda match: f"the {ordinal(int(match['q']))} quarter of {_year_of(match['y'])}", "Q"),
    (rf"\b(?P<a>{_DAY})\.? ?(?:-|–|—|~|to|thru|through) ?(?P<b>{_DAY})\b\.?", _say_days, "FMSTW"),
    (r"\b(?P<a>Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)(?:\.,?|,)?(?=,? (?:(?:@|at) ?[0-9]|[0-9]{1,2}(?:[:/][0-9]| ?[ap]\.?m)|(?:Jan|Feb|Mar|Apr|May|Ju[nl]|Aug|Sep|Oct|Nov|Dec)[a-z.]*[ -][0-9]|(?:the )?[0-9]{1,2}(?:st|nd|rd|th)? (?:of )?(?:Jan|Feb|Mar|Apr|May|Ju[nl]|Aug|Sep|Oct|Nov|Dec)|(?:the )?[0-9]{1,2}(?:st|nd|rd|th)\b)|,? [A-Z][a-z]+ [a-z]+ of )", _say_day, "FMSTW"),
    (r"\b(?P<a>Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\.|(?:(?<=\. and )|(?<=\. or )|(?<=day and )|(?<=day to )|(?<=day or )|(?<=\b[Oo]n )|(?<=every )|(?<=next )|(?<=this )|(?<=[ap]\.m\. )|(?<=[0-9 ][AaPp][Mm] ))(?P<b>Sat|Sun)\.", _say_day, "FMSTW"),
    (r"(?:(?<=[ap]\.m\. )|(?<=[0-9 ][AaPp][Mm] ))(?P<a>Mon|Tues?|Wed|Thu(?:rs?)?|Fri)(?P<b>)\b|(?:(?<=[ap]\.m\. )|(?<=[0-9 ][AaPp][Mm] )|(?<=\b[Oo]n )|(?<=until )|(?<=\bby )|(?<=since )|(?<=next )|(?<=this )|(?<=every )|(?<=(?:Mon|Tue|Wed|Thu|Fri), ))(?P<c>Mon|Tue|Wed|Thu|Fri|Sat)(?= [a-z]|[,;!?]|$)", lambda match: _day_of(match["a"] or match["c"]), "FMSTW"),
    (_N + r"(?P<n>[0-9]{1,4}|[0-9]{1,2},[0-9]{3}) ?(?P<e>B\.?C\.?E|A\.?D|B\.?C|C\.?E(?=\b))(?![A-Za-z0-9])\.?", _say_era, "ABC"),
    (_N + r"(?P<m>[0-9]{1,2})(?P<sep>[-/.])(?P<d>[0-9]{1,2})(?P=sep)(?P<y>[12][0-9]{3}|[0-9]{2})(?![0-9]|[-/.][0-9])", _say_date, D),
    (r"(?<![0-9A-Za-z.,/-])(?P<m>0?[1-9]|1[0-2])/(?P<y>(?:19|20)[0-9]{2})(?![0-9/A-Za-z]|[.,][0-9])", _say_month_of_year, "/"),
    (rf"\b{_MONTH} (?:the )?(?!\S+ ?[-–—] ?[0-9]{{1,2}}(?![0-9]))(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>[12][0-9]{{3}}))?(?![0-9:%]|[.,][0-9]|(?<=[0-9])[A-Za-z])", _say_month_and_day),
    (rf"{_N}(?:[Tt]he )?(?P<d>[0-9]{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? (?P<y>[12][0-9]{{3}}))?(?![0-9A-Za-z])", _say_day_and_month, D),
    (rf"\b{_MONTH},? (?P<y>[12][0-9]{{3}})(?![0-9])", _say_month_and_year, "12"),
    (rf"\b{_MONTH} (?P<d>[0-9]{{1,2}}) ?[-–—] ?(?P<to>[0-9]{{1,2}})(?:,? (?P<y>[12][0-9]{{3}}))?(?![0-9%/-]|[.,:][0-9])", _say_days_of_month, "-–—"),
    (rf"(?P<a>{_DAY})\.?(?P<b>(?:/{_DAY}){{1,6}})(?![A-Za-z/])", lambda match: ", ".join(map(_day_of, match[0].split("/"))), "/"),
    (r"\bM ?[-–] ?F\b(?=[ ,:;]? ?[0-9(]|[.,;)]|$)", lambda match: "Monday to Friday", "M"),
    (r"\b(?P<a>Sat)\.? (?P<c>&|and|or) (?P<b>Sun)\b\.?", lambda match: f"Saturday {match['c'].replace('&', 'and')} Sunday" + "." * _ends_here(match), "S"),
    (rf"\b{_MONTH} ['’](?P<y>[0-9]{{2}})(?![0-9A-Za-z'’])", lambda match: f"{_month_of(match['month'])} {pair(int(match['y']))}", "'’"),
    (r"\b(?P<q>Q[1-4]|H[12]) ?[-–] ?(?=[QH][1-4]\b)", lambda match: f"{match['q']} to ", "QH"),
    # times
    (r"(?<![0-9A-Za-z.,:])(?P<h>[01][0-9]|2[0-3])(?P<min>[0-5][0-9])(?= (?:hours|hrs)\b)", _say_military, D),
    (r"(?<=noon)[-–](?=[0-9])|(?<=midnight)[-–](?=[0-9])|(?<=[0-9])[-–](?=(?:noon|midnight)\b)", lambda match: " to ", "-–"),
    (r"(?<![0-9:.,/$-])(?P<h>1[0-2]|[1-9]) ?[-–—] ?(?=(?:1[0-2]|[1-9]):[0-5][0-9](?![0-9:]))", lambda match: f"{cardinal(int(match['h']))} to ", ":"),
    (r"(?<=[0-9]:[0-5][0-9]) ?[-–—] ?(?=(?:1[0-2]|[1-9])(?![0-9:/-]|\.[0-9]))", lambda match: " to ", ":"),
    (r"(?<=[0-9]:[0-5][0-9]) ?[-–—] ?(?=[0-9]{1,2}:[0-5][0-9](?![0-9:]))", lambda match: " to ", ":"),
    (r"(?:(?<=\bat )|(?<=until )|(?<=\bby ))0(?P<h>[1-9])(?P<min>[0-5][0-9])(?![0-9:])", lambda match: f"oh {cardinal(int(match['h']))} " + (pair(int(match["min"])) if match["min"] != "00" else "hundred"), "0"),
    (_N + r"(?P<h>[1-9]):(?P<min>[0-5][0-9])(?= (?:left|remaining|to go))", lambda match: f"{cardinal(int(match['h']))} hour" + "s" * (match["h"] != "1") + (f" {cardinal(int(match['min']))} minute" + "s" * (match["min"] != "01")) * (match["min"] != "00"), ":"),
    (_N + r"0:(?P<min>[0-5][0-9])(?= (?:left|remaining|to go))", lambda match: f"{cardinal(int(match['min']))} minute" + "s" * (match["min"] != "01"), "0"),
    (_N + r"(?P<h>[0-9]{1,2}):(?P<min>[0-5][0-9]):(?P<s>[0-5][0-9])(?![0-9:])" + f"{_HALF_DAY}?", _say_lasting, ":"),
    (_N + rf"(?P<h>[0-9]{{1,2}})(?:[:.](?P<min>[0-5][0-9]))?{_HALF_DAY}", _say_half_day, D),
    (r"(?<=\bM)-(?=ish\b)", lambda match: " ", "M"),
    (r"(?<=\bM)(?: ?(?:-|–|—|~) ?)(?=[a-z])|(?<=[a-z])(?: ?(?:-|–|—|~) ?)(?=[0-9]{1,2}(?::[0-9]{2})? ?[AP]M)", lambda match: " to ", "M"),
    (_N + r"(?P<h>[01]?[0-9]|2[0-4]):(?P<min>[0-5][0-9])(?![0-9:])(?=(?: ?[-–] ?)?)(?<!16:9)", _say_clock, ":"),
    (_N + r"(?P<a>[0-9]{1,4}):(?P<b>[0-9]{1,4})(?![0-9:])", _say_ratio, ":"),
    (_N + r"(?:[0-9]+ ?d )?[0-9]+ ?(?:h|hrs?) ?[0-9]+ ?(?:mins?|m)(?: ?[0-9]+ ?(?:secs?|s))?(?![0-9A-Za-z])", _say_duration, D),
    (_N + r"[0-9]+ ?(?:mins?|m) [0-9]+ ?(?:secs?|s)(?![0-9A-Za-z])", _say_duration, D),
    (_N + r"(?P<n>[12][0-9]{2}0)'?s(?![0-9A-Za-z])", _say_decade, "0"),
    (r"(?<=ies)[-–](?P<n>[1-9]0)'?s(?![0-9A-Za-z])", lambda match: f" to {cardinal(int(match['n']))[:-1]}ies", "0"),
    (r"(?:(?<=\b[Tt]he )|(?<=\b[Mm]id[- ])|(?<=\b[Ll]ate )|(?<=\b[Ee]arly )|(?<=\b[Ll]ow )|(?<=\b[Hh]igh )|(?<=\b[Uu]pper )|(?<=\b[Ll]ower )|(?<=\b[Hh]is )|(?<=\b[Hh]er )|(?<=\btheir )|(?<=\bmy )|(?<=\byour )|(?<=\bour ))['’]?(?P<n>[1-9]0)['’]?s(?![0-9A-Za-z])|['’](?P<m>[1-9]0)s\b", _say_tens, "0"),
    (r"(?:(?<=ies and )|(?<=ies or )|(?<=ies, )|(?<=ies to ))['’]?(?P<n>[1-9]0)['’]?s(?P<m>)(?![0-9A-Za-z])", _say_tens, "0"),
    (r"(?:(?<=ies and )|(?<=ies or )|(?<=\b[Tt]he )|(?<=\bearly )|(?<=\blate )|['’])00['’]?s(?![0-9A-Za-z])", lambda match: "two thousands", "0"),
    (r"(?<=ies)[-–](?=(?:[a-z]+ )?[a-z]+ies\b)", lambda match: " to ", "-–"),
    (r"(?:(?<=\bin )|(?<=\bIn )|(?<=\bsince )|(?<=\bSince )|(?<=\buntil )|(?<=\bfrom )|(?<=\byear )|(?<=\bof )|(?<=\bby )|(?<=\bto )|(?<=\bIn the year )|(?<=\bsummer )|(?<=\bcirca ))(?P<n>1[1-9][0-9]{2}|10[1-9][0-9](?= *[,.])|20[0-9]{2})(?![0-9A-Za-z]|[.,:/%-][0-9]| ?(?:%|people|files|items|units|times|meters|euros|dollars))", _say_year, "12"),
)  # fmt: skip
