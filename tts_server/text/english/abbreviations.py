# ruff: noqa: E501 - rows of a table
"""Words that are written short, and how they are said in full: Dept., approx., 4th Fl., Fig. 3. Pure."""

from re import Match
from typing import Final

from tts_server.text.english.rules import D, Rule, rules

# Never a word of their own, with a full stop or without one.
_ALWAYS: Final = {
    "dept": "department", "govt": "government", "intl": "international", "mgmt": "management", "mtg": "meeting", "bldg": "building", "approx": "approximately",
    "incl": "including", "excl": "excluding", "qty": "quantity", "asst": "assistant", "acct": "account", "hwy": "highway", "blvd": "boulevard", "pkwy": "parkway",
    "univ": "university", "assn": "association", "attn": "attention", "msg": "message", "msgs": "messages", "pkg": "package", "reqs": "requirements", "pls": "please", "plz": "please",
}  # fmt: skip
# Short for something only with their full stop, and not where a sentence ends.
_DOTTED: Final = {
    "apt": "apartment", "avg": "average", "max": "maximum", "min": "minimum", "temp": "temperature", "misc": "miscellaneous", "mgr": "manager", "natl": "national", "mfg": "manufacturing",
    "cont": "continued", "assoc": "associate", "exec": "executive", "dir": "director", "supt": "superintendent", "ofc": "office", "ctr": "center", "est": "established", "ed": "edition", "cust": "customer", "conf": "conference", "esq": "esquire",
    "viz": "namely", "cf": "compare", "ca": "circa", "elem": "elementary", "mo": "month", "wk": "week", "yr": "year", "ref": "reference", "ste": "suite", "sq": "square", "cu": "cubic", "tel": "telephone", "fwd": "forward",
}  # fmt: skip
_SLASHED: Final = {"b/c": "because", "b/w": "between", "c/o": "care of", "n/a": "N A", "a/c": "A C"}
_LASTS: Final = {"yr": "year", "mo": "month", "wk": "week", "hr": "hour"}
# Short only before a number.
_NUMBERED: Final = {
    "fig": "figure", "figs": "figures", "col": "column", "sec": "section", "secs": "sections", "ch": "chapter", "chap": "chapter", "eq": "equation", "para": "paragraph",
    "pp": "pages", "pg": "page", "p": "page", "vol": "volume", "ver": "version", "ep": "episode", "ste": "suite", "fl": "floor", "bldg": "building",
}  # fmt: skip


def _same_case(said: str, written: str) -> str:
    return said.capitalize() if written[:1].isupper() else said


def _say_always(match: Match[str]) -> str:
    """The full stop stays where the text ends."""
    return _same_case(_ALWAYS[match["n"].lower()], match["n"]) + "." * (
        match[0][-1] == "." and not match.string[match.end() :].strip()
    )


def _say_dotted(match: Match[str]) -> str:
    return _same_case(_DOTTED[match["n"].lower()], match["n"])


def _say_numbered(match: Match[str]) -> str:
    return _same_case(_NUMBERED[match["n"].lower()], match["n"]) + " "


def _names(table: dict[str, str]) -> str:
    return "|".join(sorted(table, key=len, reverse=True))


ABBREVIATIONS: tuple[Rule, ...] = rules(
    (rf"(?<![A-Za-z0-9.'-])(?<![0-9] )(?P<n>(?i:{_names(_NUMBERED)}))\. ?(?=[0-9]|[IVXivx]+\b)", _say_numbered),
    (r"(?<![A-Za-z0-9.'-])(?P<n>(?i:figs?|pp|pg|vol|chap|ste)) (?=[0-9])", _say_numbered),
    (rf"(?<![A-Za-z0-9.'/-])(?P<n>(?i:{_names(_ALWAYS)}))\b\.?(?![A-Za-z0-9@/]|\.[A-Za-z])", _say_always),
    (rf"(?<![A-Za-z0-9.'/-])(?<![0-9] )(?P<n>(?i:{_names(_DOTTED)}))\.(?=[ ,;:)][^\n]|[)-])(?<!^Ed\.)(?<! Ed\.)", _say_dotted),
    (r"(?<=[0-9](?:st|nd|rd|th) )(?P<n>[Ff])l\b\.?(?! [a-z])", lambda match: _same_case("floor", match["n"]) + "." * (match[0][-1] == "." and not match.string[match.end() :].strip()), D),
    (r"(?<![A-Za-z])(?P<n>[JS])r\. (?=[a-z])", lambda match: {"J": "Junior ", "S": "Senior "}[match["n"]], "JS"),
    (r"\bet al\.", lambda match: "et al"), (r"(?<![A-Za-z])[Ww]/o(?![A-Za-z])", lambda match: "without", "/"), (r"(?<![A-Za-z])(?P<n>b/c|b/w|c/o|n/a|a/c)(?![A-Za-z])", lambda match: _SLASHED[match["n"]], "/"),
    (r"(?<![A-Za-z0-9/])(?P<n>[SP])/N(?![A-Za-z0-9/])", lambda match: {"S": "serial", "P": "part"}[match["n"]] + " number", "/"),
    (r"(?<![A-Za-z0-9])c\. ?(?=1[0-9]{3}(?![0-9])|20[0-9]{2}(?![0-9]))", lambda match: "circa ", "c"),
    (r"(?<![A-Za-z0-9/])(?P<n>[ru])/(?=[A-Za-z]{3})", lambda match: f"{match['n']} slash ", "/"),
    (r"(?<![A-Za-z0-9/])(?P<a>[A-Z])/(?P<b>[A-Z])(?![A-Za-z0-9/])", lambda match: f"{match['a']} {match['b']}", "/"),
    (r"(?:(?<=\blast )|(?<=\bnext )|(?<=\bthis )|(?<=\bper )|(?<=\bevery ))(?P<n>yr|mo|wk|hr)\b\.?", lambda match: _LASTS[match["n"]] + "." * (match[0][-1] == "." and not match.string[match.end() :].strip())),
)  # fmt: skip
