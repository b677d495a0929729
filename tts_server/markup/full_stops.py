"""Full stops and commas that end nothing: of abbreviations, initials, list items, times, places, days. Pure."""

import re
from typing import Final

_ABBREVIATIONS: Final = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "vs", "no", "fig", "inc", "ltd", "co", "jr", "sr", "jan", "feb", "mar",
    "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mt", "ave", "dept", "est", "approx", "apt",
    "blvd", "rd", "fl", "gen", "rev", "capt", "lt", "sgt", "hwy", "rm", "rte", "ext", "appt", "tel", "pg", "qty",
    "hon", "maj", "bldg", "temp", "vol", "sc", "tsp", "tbsp", "oz", "lb", "lbs", "pkg", "pp", "figs", "sec",
    "incl", "excl", "gov", "sen", "rep", "pres", "col", "cpl", "cmdr", "pvt", "adm", "univ", "assn", "intl", "govt",
    "avg", "ste", "mgr", "asst", "attn", "acct", "eq", "chap", "ref", "cf", "ca", "al", "viz", "sq", "cu", "fr", "supt",
    "ofc", "mgmt", "mtg", "conf", "esq", "assoc", "exec", "c",
})  # fmt: skip
_DAYS: Final = frozenset(("Mon", "Tue", "Tues", "Wed", "Thu", "Thur", "Thurs", "Fri", "Sat"))
_TIME = re.compile(r"[ap]\.m\.$", re.IGNORECASE)
_MEASURED = re.compile(r"[0-9][ -]?(?:mins?|hrs?|secs?|mi|ft|gal|qt|pt|yd)\.$")
_LIMIT = re.compile(r"(?:(?:^|[\n.:;(] ?)M|(?:^|[^A-Za-z])m)(?:in|ax)\.$")  # Max. 6 people; not a man's name
_PLACE = re.compile(r"(?:^|[^A-Za-z0-9])(?<![0-9] )[FP]t\.$")
_DOTTED = re.compile(r"(?:[A-Za-z]\.){2}$")
_ITEM = re.compile("(?:^|[:;：；] ?)[0-9]{1,2}[.]$")  # 三种：1. 清蒸；2. 红烧
_WORD = re.compile("[A-Za-z]*(?=[.]$)")
LOOK_BACK: Final = 9  # characters that are looked at, the full stop among them

# Behind a comma: the state of a town, a year, a page; 1,234.
_BELONGS = re.compile(r" ?[0-9]| [A-Z]{2}| pp?\.")
_MAY_BELONG = re.compile(" [A-Z]?| pp?")


def belongs(following: str) -> bool:
    """Whether what follows a comma is said with what stands before it: Portland, OR; 24 December, 2026."""
    return _BELONGS.match(following) is not None


def may_belong(following: str) -> bool:
    """Whether it takes one more character to tell."""
    return _MAY_BELONG.fullmatch(following) is not None


def ends_no_sentence(before: str, following: str) -> bool:
    """Whether the full stop that `before`, LOOK_BACK characters or fewer, ends with belongs to a word."""
    if _TIME.search(before[-4:]) and not following.isupper() and following != "\n":
        return True
    if "一" <= following <= "鿿" and _DOTTED.search(before):
        return True  # S.M.A.R.T.有警告
    if following != " ":
        return False
    if _MEASURED.search(before) or _LIMIT.search(before) or _PLACE.search(before):
        return True  # 35 min. left
    found = _WORD.search(before)
    word = found[0] if found else ""
    if not word:
        return _ITEM.search(before) is not None
    return (len(word) == 1 and word != "I") or word.lower() in _ABBREVIATIONS or word in _DAYS
