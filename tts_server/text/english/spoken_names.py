# ruff: noqa: E501, SIM905 - one row a line
"""How abbreviated names and lone signs are said in English: titles, streets, states, companies, # and @. Pure."""

import re
from collections.abc import Callable
from re import Match

from tts_server.text.english.numbers import digits
from tts_server.text.english.rules import D, Rule, rules
from tts_server.text.english.units import CURRENCIES, UNIT

_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts",
    "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico",
    "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_TITLES = {
    "Dr": "Doctor", "Prof": "Professor", "Rev": "Reverend", "Hon": "Honorable", "Maj": "Major", "Sgt": "Sergeant", "Capt": "Captain", "Lt": "Lieutenant", "Col": "Colonel", "Cpl": "Corporal", "Cmdr": "Commander", "Pvt": "Private", "Adm": "Admiral", "Messrs": "Messieurs",
    "Gen": "General", "Sen": "Senator", "Gov": "Governor", "Rep": "Representative", "Pres": "President", "Fr": "Father", "Mr": "Mister", "Mrs": "Misses", "Ms": "Ms",
}  # fmt: skip
_SIDES = {"N": "North", "S": "South", "E": "East", "W": "West"}
_WINDS = {
    "NNE": "north northeast", "ENE": "east northeast", "ESE": "east southeast", "SSE": "south southeast", "SSW": "south southwest", "WSW": "west southwest",
    "WNW": "west northwest", "NNW": "north northwest", "NE": "northeast", "SE": "southeast", "SW": "southwest", "NW": "northwest",
}  # fmt: skip
_STEPS = {"Y": "year", "Q": "quarter", "M": "month"}
_FIRMS = {"Co": "Company", "Inc": "Incorporated", "Ltd": "Limited", "Corp": "Corporation", "Bros": "Brothers"}
# Said before a comma, these make no town of what comes after it: "Sure, OK."
_NO_TOWN = frozenset(
    "Sure Well Yes No Yeah Yep Alright Right Oh Hey Fine Great Good Okay Thanks Ok Hello Hi Now So Please".split()
)
# Two words with a slash between them that is not said.
_PAIRS = frozenset(
    "and/or either/or on/off yes/no true/false open/close open/closed up/down start/stop in/out read/write play/pause his/her he/she him/her".split()
)


def _say_street(match: Match[str]) -> str:
    """Main St. is a street, St. Mary a saint."""
    return match["before"] + "Street" + match["after"]


def _replaced(name: str) -> Callable[[Match[str]], str]:
    return lambda match: name


def _say_title(match: Match[str]) -> str:
    return _TITLES[match["n"]]


def _say_firm(match: Match[str]) -> str:
    """The dot stays where a sentence may end."""
    following = match.string[match.end() :]
    return (
        match["before"]
        + _FIRMS[match["n"]]
        + "." * (not following.strip() or re.match(" +[A-Z]", following) is not None)
    )


def _say_state(match: Match[str]) -> str | None:
    return None if match["town"].split()[-1] in _NO_TOWN else f"{match['town']}, {_STATES[match['n']]}"


def _say_dotted(match: Match[str]) -> str | None:
    """U.S. and e.s.t.: letters without pauses; the last dot stays where the text ends."""
    letters = re.findall("[A-Za-z]", match[0].upper())
    if letters in (["A", "M"], ["P", "M"]) and match.string[: match.start()].rstrip()[-1:].isdigit():
        return None  # of a time
    return " ".join(letters) + "." * (match[0][-1] == "." and not match.string[match.end() :].strip())


def _say_gap(match: Match[str]) -> str:
    """upgrade / update, but on / off."""
    text = match.string
    before, after = re.search("[A-Za-z]+$", text[: match.start()]), re.match("[A-Za-z]+", text[match.end() :])
    pair = f"{before[0] if before else ''}/{after[0] if after else ''}".lower()
    return " " if pair in _PAIRS else " slash "


_QUOTIENT = re.compile(UNIT)
_LASTS = {
    "s": "second",
    "sec": "second",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "mo": "month",
    "yr": "year",
    "wk": "week",
}
_SPAN = frozenset("second minute hour day week month quarter year night person".split())


def _say_slash(match: Match[str]) -> str | None:
    """60 requests/min, but not the unit of 118 mg/dL, which is said with its number."""
    before = match.string[max(0, match.start() - 2) : match.start()].rstrip()
    if before[-1:].isdigit():
        if _QUOTIENT.fullmatch(match[0]):
            return None
        first, _, second = match[0].rpartition("/")
        if _LASTS.get(second, second) in _SPAN and "/" not in first:
            return f"{first} per {_LASTS.get(second, second)}"
    return match[0].replace("/", " " if match[0].lower() in _PAIRS else " slash ")


_KEYS = {
    "⌘": "command ",
    "⌥": "option ",
    "⇧": "shift ",
    "⌃": "control ",
    "Ctrl": "control",
    "Cmd": "command",
    "Esc": "escape",
    "Del": "delete",
    "PgUp": "page up",
    "PgDn": "page down",
}

NAMES: tuple[Rule, ...] = rules(
    (r"[⌘⌥⇧⌃]|\b(?:Ctrl|Cmd|Esc|Del|PgUp|PgDn)\b", lambda match: _KEYS[match[0]], "CDEP⇧⌃⌘⌥"),
    (r"(?<![A-Za-z])(?P<a>[A-Z]{1,3})&(?P<b>[A-Z]{1,3})(?![A-Za-z])", lambda match: f"{' '.join(match['a'])} and {' '.join(match['b'])}", "&"),
    (r"(?<=[A-Z][a-z]) v\. (?=[A-Z][a-z])|(?<=[a-z]) v\. (?=[A-Z][a-z])", _replaced(" versus ")),
    (r"\bNos?\. ?(?=[0-9])|(?<=[(,] )no\. ?(?=[0-9])|(?<=\()no\. ?(?=[0-9])", _replaced("number "), " (N"),
    (r"\bRm\.? (?=[0-9A-Za-z])", _replaced("Room "), "R"), (r"\bRte\.? (?=[0-9])", _replaced("Route "), "R"), (r"\b[Ee]xt\.? (?=[0-9])", _replaced("extension ")), (r"\b[Aa]ppt\b\.?", _replaced("appointment")),
    (r"(?P<before>\b(?:I|US|SR|CA|Route|Rte\.?|Hwy|Highway)[- ]?[0-9]{1,3} )(?P<w>[NSEW])(?![A-Za-z0-9])", lambda match: match["before"] + _SIDES[match["w"]], "ENSW"),
    (r"(?<=[a-z]) > (?=[A-Z]?[a-z]{2})", _replaced(", "), ">"),
    (r"\bWW(?P<n>I{1,2})\b", lambda match: "World War " + ("one", "two")[len(match["n"]) - 1], "W"),
    (rf"(?:(?<=[Ww]inds )|(?<=[Ww]ind )|(?<=[Tt]he )|(?<=facing )|(?<=[Hh]ead )|(?<=heading )|(?<=going )|(?<=moving ))(?P<n>{'|'.join(_WINDS)})(?![A-Za-z])|(?<![A-Za-z])(?P<m>{'|'.join(_WINDS)})(?= (?:winds?|of|corner|side|wing|coast|part|at [0-9]|[0-9]+(?:-[0-9]+)? (?:mph|km|kn|m/s)))", lambda match: _WINDS[match["n"] or match["m"]], "ENSW"),
    (r"(?<![A-Za-z0-9&])#(?=[0-9])", _replaced("number "), "#"),
    (r"(?P<before>(?:[A-Z][a-z]+|\b[A-Z]|[0-9](?:st|nd|rd|th)) )St\.?(?P<after>(?= *$)|(?=[,;)])|(?= (?:is|in|at|and|on|was|has|near|to|from|will|by|corner|[NS][EW])\b)|(?= +[A-Z][a-z]* ?[0-9])|(?=\.))", _say_street, "S"),
    (r"\bSt\.? (?=[A-Z][a-z])", _replaced("Saint "), "S"),
    (r"\bMt\.? (?=[A-Z])", _replaced("Mount "), "M"), (r"(?<![0-9] )\bFt\.? (?=[A-Z][a-z])", _replaced("Fort "), "F"), (r"\bPt\. (?=[A-Z][a-z])", _replaced("Point "), "P"),
    (r"(?<=[a-z] )Expy\b\.?", _replaced("Expressway"), "E"), (r"(?<=[a-z] )Ct\b\.?", _replaced("Court"), "C"), (r"(?<=[a-z] )Ave\b(?!\.)", _replaced("Avenue"), "A"), (r"(?<=[a-z] )Ln\b\.?", _replaced("Lane"), "L"),
    (r"(?:(?<=[a-z0-9] )|^)(?P<w>[NSEW])\.? (?=[A-Z0-9][A-Za-z0-9]+ (?:[Ss]t|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Drive|Dr|Lane|Court)\b)", lambda match: {"N": "North ", "S": "South ", "E": "East ", "W": "West "}[match["w"]], "ENSW"),
    (r"(?:(?<=\bSt )|(?<=\bRd )|(?<=\bDr ))(?P<a>)(?P<n>[NS][EW])\b|(?:(?<=Street )|(?<=Ave )|(?<=Ave\. )|(?<=St\. )|(?<=Avenue )|(?<=Road )|(?<=Drive )|(?<=Blvd )|(?<=Boulevard )|(?<=Lane )|(?<=Court )|(?<=Place ))(?P<m>[NS][EW])\b", lambda match: _WINDS[match["n"] or match["m"]].title(), "NS"),
    (r"(?<=[A-Z][a-z]{2} )Dr\.?(?= (?:and|at|to|in|near|on|is|was|for|from|by)\b|, [A-Z0-9])|(?<=[A-Z][a-z]{3} )Dr\.?(?= (?:and|at|to|in|near|on|is|was|for|from|by)\b|, [A-Z0-9])", _replaced("Drive"), "D"),
    (r"\bAve\.(?=,)", _replaced("Avenue"), "A"), (r"\bAve\.? (?=of )", _replaced("Avenue "), "A"), (r"(?<=[a-z] )Ave\.(?! *$)", _replaced("Avenue"), "A"), (r"(?<=[a-z] )Ave(?=\. *$)", _replaced("Avenue"), "A"), (r"(?<=[a-z] )Rd\.(?! *$)", _replaced("Road"), "R"), (r"(?<=[a-z] )Rd(?=\. *$)", _replaced("Road"), "R"),
    (r"\bvs\.?(?= )", _replaced("versus")), (r"\be\.g\.,?", _replaced("for example")), (r"\bi\.e\.,?", _replaced("that is")), (r"\betc\.(?= [a-z]|,)|\betc(?=\.)", _replaced("et cetera")), (r"\bw/(?= )", _replaced("with"), "/"),
    (rf"(?P<town>\b[A-Z][a-z]+) (?P<n>{'|'.join(_STATES)})(?= [0-9]{{5}}(?![0-9]))", _say_state, D),
    (rf"(?P<town>\b[A-Z][A-Za-z.'-]+(?: [A-Z][A-Za-z.'-]+){{0,3}}), (?P<n>{'|'.join(_STATES)})(?=$|[.,;:)!?]| [0-9]{{5}}| [a-z])(?![.][A-Za-z])", _say_state),
    (rf"(?P<before>\b(?:{'|'.join(_STATES.values())}),? )(?P<n>[0-9]{{5}}(?:-[0-9]{{4}})?)(?![0-9]|[,.-][0-9])", lambda match: match["before"] + ", ".join(map(digits, match["n"].split("-")))),
    (r"(?<=[a-z] )(?P<n>[JS])r\.(?=,? [A-Za-z]|$|,)", lambda match: {"J": "Junior", "S": "Senior"}[match["n"]], "JS"),
    (rf"(?<![A-Za-z.])(?P<n>{'|'.join(_TITLES)})\. ?(?P<a>)(?=[A-Z]['’A-Za-z]|[A-Z]\.|(?:&|and|or) (?:Mrs?|Ms|Dr|Prof)\b)", lambda match: f"{_TITLES[match['n']]} "),
    (r"\b(?P<n>Prof|Rev|Hon|Maj|Sgt|Capt)\.(?= [a-z])", _say_title, "CHMPRS"), (r"\bMt\.(?= [a-z])", _replaced("Mount"), "M"),
    (r"^(?P<n>Dr|Prof|Rev|Hon|Maj|Sgt|Capt)\.?$", _say_title, "CDHMPRS"), (r"^Mt\.$", _replaced("Mount"), "M"),
    (rf"(?P<before>\b[A-Z][A-Za-z&'-]*,? (?:& )?)(?P<n>{'|'.join(_FIRMS)})\.", _say_firm, "BCIL"),
    (r"(?<=[0-9](?:st|nd|rd|th) )st\b\.?", _replaced("Street"), D),
    (r"(?<![A-Za-z.])(?P<n>[BM])\.?Sc\b\.?", lambda match: f"{match['n']} S C" + "." * (match[0][-1] == "." and not match.string[match.end() :].strip()), "S"),
    (r"(?<![A-Za-z.])(?:[A-Za-z]\.){2,5}(?:[A-Za-z](?![A-Za-z]))?", _say_dotted),
    (r"(?<![A-Za-z])(?P<a>[YQM])o(?P<b>[YQM])(?![A-Za-z])", lambda match: f"{_STEPS[match['a']]} over {_STEPS[match['b']]}" if match["a"] == match["b"] else None, "MQY"),
    (r"(?<![A-Za-z0-9])(?P<n>[CFDGA])#(?![A-Za-z0-9])", lambda match: f"{match['n']} sharp", "#"),
    (r"(?<![A-Za-z0-9])#(?P<w>[A-Za-z0-9_]{1,40})#(?![A-Za-z0-9])", lambda match: f"hash {match['w']} hash", "#"),
    (r"(?<![A-Za-z0-9])#(?=[A-Za-z])", _replaced("hashtag "), "#"),
    (r"(?<=[A-Za-z])#(?=[0-9])", _replaced(" number "), "#"), (r"(?<=[A-Za-z0-9])#(?=[A-Za-z])", _replaced(" hash "), "#"),
    (r"(?<=[A-Za-z0-9])@(?= *$| [A-Za-z])", _replaced(" at "), "@"),
    (r"(?<=[A-Za-z])\$+(?![0-9$])", lambda match: " dollar" * len(match[0]) + " ", "$"),
    (r"(?<=[A-Za-z]) / (?=[A-Za-z])", _say_gap, "/"),
    (r"(?<![A-Za-z0-9])@ ?(?=[A-Za-z0-9])", _replaced("at "), "@"),
    (r"§§? ?", _replaced("section "), "§"), (r"© ?(?=[0-9])", _replaced("copyright "), "©"),
    (r"(?<=[A-Za-z])\+\+(?![A-Za-z0-9+])", _replaced(" plus plus"), "+"),
    (r"(?<![^ (\"“])[$€£₩₹₽¥￥](?![^ .,;:!?)\"”]|\.[0-9])", lambda match: CURRENCIES[match[0]][0], "$£¥₩€₹₽￥"), (r"(?<![^ (\"“])%(?![^ .,;:!?)\"”])", _replaced("percent"), "%"),
    (r"(?<![A-Za-z0-9/.~-])[A-Za-z]{2,16}(?:/[A-Za-z]{2,16}){1,3}(?![A-Za-z0-9/-]|\.[A-Za-z])", _say_slash, "/"),
)  # fmt: skip
