# ruff: noqa: E501 - one row a line
"""How codes and names are said in English: addresses, telephones, versions, Roman numerals, abbreviations. Pure."""

import re
from collections.abc import Callable
from re import Match, Pattern

from tts_server.text.english.numbers import cardinal, digits, ordinal, pair, year
from tts_server.text.linguistic.aligned import Say

Rule = tuple[Pattern[str], Say]

_ON_THE_NET = re.compile(
    r"@|^www\.|\.(?:com|net|org|io|cn|co|uk|edu|gov|dev|app|ai|py|txt|pdf|md|json|toml|ya?ml|js|ts|html?)(?:[/:]|$)"
)
_SIGNS = {".": " dot ", "@": " at ", "/": " slash ", "_": " underscore ", "-": " dash ", "+": " plus ", ":": " colon ", "?": " question mark ", "=": " equals ", "&": " and ", "#": " hash ", "%": " percent ", "~": " tilde "}  # fmt: skip
_ROMAN = re.compile("X{0,3}(?:IX|IV|V?I{0,3})|(?:XL|L)(?:X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
_PARTS = "World War|Chapter|Part|Section|Volume|Vol\\.|Act|Scene|Phase|Type|Class|Stage|Level|Book|Episode|Season|Super Bowl|Article|Appendix|Mark|Title|Unit|Figure|Table|Round|Rocky|Final Fantasy|Grade|Category|Schedule|Factor|Apollo|Windows|Mac OS"
_RULERS = "Kings?|Queens?|Pope|Emperor|Empress|Tsar|Czar|Prince|Louis|Henry|Elizabeth|Charles|George|Edward|James|William|Richard|Philip|Napoleon|Catherine|Peter|Alexander|Nicholas|Frederick|John Paul|Benedict|Leo|Pius|Mary|Rama|Ramses|Ramesses|Ptolemy|Gustav|Wilhelm|Ivan|Francis|Ferdinand|Felipe|Juan Carlos|Leopold|Harald|Margrethe|Otto|Paul|Gregory|Clement|Innocent|Alfonso|Umberto|Darius|Xerxes|Cleopatra"


_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado", "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts",
    "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico",
    "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip


def _say_address(match: Match[str]) -> str | None:
    """An address on the net or a file name; not the full stop between two sentences written without a space."""
    address = match[0].removeprefix("https://").removeprefix("http://")
    if not _ON_THE_NET.search(address):
        return None
    parts = re.findall(r"[0-9]+|[A-Za-z]+|.", address.removesuffix("/"))
    return "".join(_SIGNS.get(part) or (f" {digits(part)} " if part.isdecimal() else part) for part in parts)


def _say_ip(match: Match[str]) -> str | None:
    parts = match[0].split(".")
    if any(int(part) > 255 for part in parts):
        return None
    return " dot ".join(cardinal(int(part)) if len(part) == 2 and part[0] != "0" else digits(part) for part in parts)


def _say_telephone(match: Match[str]) -> str:
    """Digits one by one, in the groups that are written; 800 and 900 behind a one are hundreds."""
    groups = re.findall("[0-9]+", match[0])
    said = [cardinal(int(group)) if group in ("800", "900") and len(groups) > 2 else digits(group) for group in groups]
    return "plus " * match[0].startswith("+") + ", ".join(said)


def _say_digits(match: Match[str]) -> str:
    return match["before"] + digits(match["n"])


def _say_room(match: Match[str]) -> str:
    """Room 205 is "two oh five", flight 1024 "ten twenty four"."""
    front, back = int(match["n"][:-2]), int(match["n"][-2:])
    return match["before"] + (f"{cardinal(front)} {pair(back)}" if back else cardinal(int(match["n"])))


def _say_version(match: Match[str]) -> str:
    before = match["before"] or ""
    before = {"v": "version ", "V": "version "}.get(before.strip(), before)
    first, *others = match["n"].split(".")
    said = year(int(first)) if re.fullmatch("(?:19|20)[0-9]{2}", first) else cardinal(int(first))
    return before + " point ".join(
        (said, *(digits(part) if part[0] == "0" else cardinal(int(part)) for part in others))
    )


def _roman(written: str) -> int | None:
    if not _ROMAN.fullmatch(written):
        return None
    values = [_VALUES[sign] for sign in written]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def _say_part(match: Match[str]) -> str | None:
    value = _roman(match["n"])
    return match["before"] + cardinal(value) if value else None


def _say_ruler(match: Match[str]) -> str | None:
    value = _roman(match["n"])
    return match["before"] + "the " + ordinal(value) if value else None


def _say_street(match: Match[str]) -> str:
    """Main St. is a street, St. Mary a saint."""
    return match["before"] + "Street" + match["after"]


def _replaced(name: str) -> Callable[[Match[str]], str]:
    return lambda match: name


def rules(*rows: tuple[str, Say]) -> tuple[Rule, ...]:
    """Rows of pattern and function, ready for use."""
    return tuple((re.compile(pattern), say) for pattern, say in rows)


ADDRESSES: tuple[Rule, ...] = rules(
    (r"https?://[A-Za-z0-9._~/?#&=%+:@-]{1,200}", _say_address),
    (r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9_+-]{0,63}(?:[.@][A-Za-z0-9_-]{1,63}){0,6}[.@][A-Za-z0-9_-]{0,63}[A-Za-z]{2}(?:/[A-Za-z0-9._~/-]{0,200})?(?![A-Za-z0-9])", _say_address),
    (r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9.]*[0-9])", _say_ip),
)  # fmt: skip

CODES: tuple[Rule, ...] = rules(
    # telephones
    (r"(?<![0-9A-Za-z])(?:\+[0-9]{1,3}[ .-]?|1[ -])?\([0-9]{3}\)[ -]?[0-9]{3}[ .-][0-9]{4}(?![0-9])", _say_telephone),
    (r"(?<![0-9A-Za-z$-])(?:\+?[0-9]{1,3}[ .-])?[0-9]{3}([ .-])[0-9]{3}\1[0-9]{4}(?:-[0-9]{1,4})?(?![0-9-])", _say_telephone),
    (r"(?<![0-9A-Za-z$.-])[2-9][0-9]{2}-[0-9]{4}(?![0-9-])", _say_telephone),
    (r"(?<![0-9A-Za-z])\+[0-9]{1,3}(?:[ -][0-9]{2,5}){2,5}(?![0-9-])", _say_telephone),
    (r"(?P<before>\b(?:[Cc]all|[Dd]ial|[Rr]ing|[Pp]hone|[Tt]ext) (?:to )?)(?P<n>[0-9]{3,11})(?! ?(?:times|people|of|more)|[0-9.,:-]+[0-9])", _say_digits),
    (r"(?P<before>(?<![0-9A-Za-z$.,-]))(?P<n>911|999|112)(?= (?:call|emergency|operator|dispatch)|[.!]?$)(?<=911|999|112)", _say_digits),
    (r"(?P<before>\b(?:code|PIN|pin|OTP|passcode|password|zip code|ZIP code|account number|serial number|order number|tracking number|confirmation number|ID)(?: is| was|:)? )(?P<n>[0-9]{4,20})(?![0-9.,:%-])", _say_digits),
    (r"(?P<before>\b(?:[Rr]ooms?|[Ss]uite|[Aa]pt\.?|[Aa]partment|[Hh]ighway|[Rr]oute|[Ii]nterstate|[Ff]light(?: [A-Z]{2})?|[Gg]ate|[Bb]us|Hwy) )(?P<n>[1-9][0-9]{2,3})(?![0-9.,:%-])", _say_room),
    (r"(?P<before>)(?<![0-9A-Za-z.,$-])(?P<n>[1-9][0-9]{2,3})(?= (?:[NSEW]\.? )?(?:[A-Z][a-z]+ ){1,3}(?:St|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Dr|Drive|Ln|Lane|Ct|Court|Way|Hwy|Expy)\b)", _say_room),
    # versions
    (r"(?<![0-9A-Za-z.])(?P<before>[Vv](?:ersion)?\.? ?)(?P<n>[0-9]+(?:\.[0-9]+)+)(?![0-9A-Za-z])", _say_version),
    (r"(?P<before>(?:Python|iOS|iPadOS|macOS|Android|Ubuntu|Debian|Fedora|Node|Linux|kernel|firmware|Firmware|Bluetooth|USB|HDMI|Zigbee|Matter|Home Assistant|[Rr]elease|[Uu]pdate|[Cc]ore|[Ss]ection|[Ss]oftware) )(?P<n>[0-9]+\.[0-9]+(?:\.[0-9]+)*)(?! ?[%°]|[0-9A-Za-z])", _say_version),
    (r"(?P<before>)(?<![0-9A-Za-z.])(?![0-3]?[0-9]\.[0-3]?[0-9]\.(?:19|20)[0-9]{2}(?![0-9.]))(?P<n>[0-9]+(?:\.[0-9]+){2,5})(?![0-9A-Za-z])", _say_version),
    # Roman numerals
    (rf"(?P<before>\b(?:{_RULERS}) (?:[A-Z][a-z]+ )?)(?P<n>[IVXL]+)(?![A-Za-z0-9'.-]*[A-Za-z0-9])(?!, [A-Z]\b)", _say_ruler),
    (rf"(?P<before>\b(?:{_PARTS.upper()}) )(?P<n>[IVXL]+)(?![A-Za-z0-9'-])", _say_part),
    (rf"(?P<before>\b(?:{_PARTS}) )(?P<n>[IVXL]+)(?![A-Za-z0-9'-])", _say_part),
    (r"(?P<before>(?<=[a-z] ))(?P<n>(?:I{2,3}|I?V|VI{1,3}|I?X|XI{1,3}|XI?V|XVI{1,3}|XI?X|XXI{0,3}))(?<! [VX])(?![A-Za-z0-9'-])", _say_part),
    # abbreviations
    (r"\bNos?\. ?(?=[0-9])", _replaced("number ")),
    (r"(?<![A-Za-z0-9&])#(?=[0-9])", _replaced("number ")),
    (r"(?P<before>(?:[A-Z][a-z]+|[0-9](?:st|nd|rd|th)) )St\.?(?P<after>(?= *$)|(?=[,;)])|(?= (?:is|in|at|and|on|was|has|near|to|from|will|by|corner)\b)|(?= +[A-Z][a-z]* ?[0-9])|(?=\.))", _say_street),
    (r"\bSt\.? (?=[A-Z][a-z])", _replaced("Saint ")),
    (r"^(?P<before>)(?P<n>[IVX]{2,6})\.?$", _say_part),
    (r"\bMt\.? (?=[A-Z])", _replaced("Mount ")),
    (rf"(?<=[a-z], )(?P<n>{'|'.join(_STATES)})(?![A-Za-z])", lambda match: _STATES[match["n"]]),
    (rf"(?P<before>\b(?:{'|'.join(_STATES.values())}),? )(?P<n>[0-9]{{5}})(?![0-9,.-])", _say_digits),
    (r"(?<=[a-z] )[Hh]wy\b\.?", _replaced("Highway")), (r"(?<=[a-z] )Expy\b\.?", _replaced("Expressway")), (r"(?<=[a-z] )Ct\b\.?", _replaced("Court")), (r"(?<=[a-z] )Ave\b(?!\.)", _replaced("Avenue")), (r"(?<=[a-z] )Ln\b\.?", _replaced("Lane")),
    (r"(?<=[a-z] )(?P<w>[NSEW]) (?=[A-Z0-9][A-Za-z0-9]+ (?:St|Street|Ave|Rd|Blvd))", lambda match: {"N": "North ", "S": "South ", "E": "East ", "W": "West "}[match["w"]]),
    (r"\bApts?\.(?= ?[0-9A-Z]| *$)", _replaced("Apartment")),
    (r"(?<=[a-z] )Ave\.", _replaced("Avenue")), (r"(?<=[a-z] )Blvd\.?", _replaced("Boulevard")), (r"(?<=[a-z] )Rd\.", _replaced("Road")),
    (r"\bvs\.?(?= )", _replaced("versus")), (r"\bapprox\.", _replaced("approximately")), (r"\be\.g\.,?", _replaced("for example")), (r"\bi\.e\.,?", _replaced("that is")), (r"\betc\.(?= [a-z]|,)", _replaced("et cetera")), (r"\bw/(?= )", _replaced("with")),
)  # fmt: skip

__all__ = ["ADDRESSES", "CODES", "Rule", "rules"]
