# ruff: noqa: E501 - one row a line
"""How codes and names are said in English: addresses, telephones, versions, Roman numerals, abbreviations. Pure."""

import re
from re import Match

from tts_server.text.english.numbers import cardinal, digits, ordinal, pair, year
from tts_server.text.english.rules import D, Rule, rules
from tts_server.text.english.units import UNITS

_ON_THE_NET = re.compile(
    r"@|^www\.|\.(?:com|net|org|io|cn|co|uk|edu|gov|dev|app|ai|info|local|lan|tv)(?:[/:]|\.[a-z]{2}(?:[/:]|$)|$)|[a-z0-9]\.(?:py|txt|pdf|md|json|toml|ya?ml|js|ts|html?|css|xml|csv"
    r"|jpe?g|png|gif|svg|webp|mp[34]|wav|flac|ogg|opus|webm|mkv|zip|gz|tar|exe|sh|bat|docx?|xlsx?|pptx?|log|conf|ini|cfg|cpp|rs|go|java|iso|bin|deb|rpm|onnx|db|sql|bak|tmp)$"
    r"|^[a-z][a-z0-9_]+(?:\.[a-z][a-z0-9_]+)+$"
)
_FILE = re.compile(
    r"\.(?:py|txt|pdf|md|json|toml|ya?ml|js|ts|html?|css|xml|csv|jpe?g|png|gif|svg|mp[34]|wav|zip|gz|tar|exe|sh|bat|docx?|xlsx?|log|conf|ini|cfg|cpp|rs|go|java|h|c|db|sql)$"
)
_SPELLED = frozenset(
    [
        "py",
        "js",
        "ts",
        "md",
        "io",
        "ai",
        "tv",
        "uk",
        "cn",
        "us",
        "eu",
        "ui",
        "mp",
        "db",
        "sh",
        "rs",
        "exe",
        "rpm",
        "deb",
        "ini",
    ]
)  # parts of names that look like words
_SIGNS = {".": " dot ", "@": " at ", "/": " slash ", "_": " underscore ", "-": " dash ", "+": " plus ", ":": " colon ", "?": " question mark ", "=": " equals ", "&": " ampersand ", "#": " hash ", "%": " percent ", "~": " tilde "}  # fmt: skip
_MAX_COUNTED = 4  # digits of a group that may be a number or a year
_ROMAN = re.compile("X{0,3}(?:IX|IV|V?I{0,3})|(?:XL|L)(?:X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
_PARTS = "GTA|World War|Chapter|Part|Section|Volume|Vol\\.|Act|Scene|Phase|Type|Class|Stage|Level|Book|Episode|Season|Super Bowl|Article|Appendix|Mark|Title|Unit|Figure|Table|Round|Rocky|Final Fantasy|Grade|Category|Schedule|Factor|Apollo|Windows|Mac OS"
_RULERS = "Kings?|Queens?|Pope|Emperor|Empress|Tsar|Czar|Prince|Louis|Henry|Elizabeth|Charles|George|Edward|James|William|Richard|Philip|Napoleon|Catherine|Peter|Alexander|Nicholas|Frederick|John Paul|Benedict|Leo|Pius|Mary|Rama|Ramses|Ramesses|Ptolemy|Gustav|Wilhelm|Ivan|Francis|Ferdinand|Felipe|Juan Carlos|Leopold|Harald|Margrethe|Otto|Paul|Gregory|Clement|Innocent|Alfonso|Umberto|Darius|Xerxes|Cleopatra"


def _say_address(match: Match[str]) -> str | None:
    """An address on the net or a file name; not the full stop between two sentences written without a space."""
    address = match[0].removeprefix("https://").removeprefix("http://")
    if not address.startswith("file:") and not _ON_THE_NET.search(address):
        return None
    parts = re.findall(r"[0-9]+|[A-Za-z]+|.", address.removesuffix("/"))
    return "".join(_SIGNS.get(part) or (f" {digits(part)} " if part.isdecimal() else spelled(part)) for part in parts)


def spelled(letters: str) -> str:
    """A part of an address; what nobody can pronounce is spelled."""
    if letters == "jpg":
        return "jpeg"
    is_spelled = letters in _SPELLED or (len(letters) < 6 and not re.search("[aeiouyAEIOUY]", letters))
    return letters.upper() if is_spelled else letters


def _say_path(match: Match[str]) -> str | None:
    """/etc/hosts and docs/README.md; neither and/or nor km/h."""
    path = match[0]
    if not (path[0] in "/~." or _FILE.search(path)) or (path.count("/") == 1 and path[0] == "/" and path[1:] in UNITS):
        return None
    return "".join(
        _SIGNS.get(part) or (f" {digits(part)} " if part.isdecimal() else spelled(part))
        for part in re.findall("[0-9]+|[A-Za-z]+|.", path)
    )


def _say_ip(match: Match[str]) -> str | None:
    port = f" colon {digits(match['p'])}" if match["p"] else ""
    said = _ip(match["n"])
    return said and said + port


def _ip(written: str) -> str | None:
    parts = written.split(".")
    if any(int(part) > 255 for part in parts):  # a telephone, or a code
        return " dot ".join(map(digits, parts)) if all(len(part) == 3 for part in parts[:2]) else None
    return " dot ".join(cardinal(int(part)) if len(part) == 2 and part[0] != "0" else digits(part) for part in parts)


def _say_telephone(match: Match[str]) -> str:
    """Digits one by one, in the groups that are written; 800 and 900 behind a one are hundreds."""
    groups = re.findall("[0-9]+", match[0])
    said = [cardinal(int(group)) if group in ("800", "900") and len(groups) > 2 else digits(group) for group in groups]
    return "plus " * match[0].startswith("+") + ", ".join(said)


def _say_groups(match: Match[str]) -> str | None:
    """114-7839201-5562639, the number of an order: digits one by one."""
    groups = match["n"].split("-")
    if not any(len(group) > _MAX_COUNTED or (group[0] == "0" and len(group) > 2) for group in groups):
        return None
    return "number " * bool(match["h"]) + ", ".join(map(digits, groups))


def _say_digits(match: Match[str]) -> str:
    return match["before"] + digits(match["n"])


def _say_code(match: Match[str]) -> str:
    """ab9453: letters and digits one by one."""
    return match["before"] + " ".join(
        digits(part) if part.isdecimal() else part.upper() for part in re.findall("[0-9]|[A-Za-z]", match["n"])
    )


def _say_numbered_code(match: Match[str]) -> str:
    """Part no. 88-1042-B: letters and digits one by one."""
    before = re.sub(r"\b(?:no|nr)\.? $|# ?$", "number ", match["before"])
    return before + ", ".join(
        " ".join(digits(sign) if sign.isdecimal() else sign for sign in group) for group in match["n"].split("-")
    )


def _say_blood(match: Match[str]) -> str | None:
    """Her type is O-, his is AB+."""
    if not re.search("(?i)blood|donor|transfus", match.string):
        return None
    return f"{match['before']}{' '.join(match['n'])} {'positive' if match['s'] == '+' else 'negative'}"


def _say_room(match: Match[str]) -> str:
    """Room 205 is "two oh five", flight 1024 "ten twenty four"."""
    front, back = int(match["n"][:-2]), int(match["n"][-2:])
    return match["before"] + (f"{cardinal(front)} {pair(back)}" if back else cardinal(int(match["n"])))


def _say_interstate(match: Match[str]) -> str:
    """I-405 S."""
    side = {"N": " North", "S": " South", "E": " East", "W": " West"}.get(match["w"], "")
    return _say_room(match).replace("I-", "I ") + side


def _say_rooms(match: Match[str]) -> str:
    """Rooms 101-104."""
    between = match["d"] if match["d"].strip().isalpha() else " to "
    said = (
        f"{cardinal(int(n[:-2]))} {pair(int(n[-2:]))}" if n[-2:] != "00" else cardinal(int(n))
        for n in (match["n"], match["m"])
    )
    return match["before"] + between.join(said)


def _say_house(match: Match[str]) -> str:
    """1428 Elm St. is "fourteen twenty eight", 708 "seven zero eight", 1600 "sixteen hundred"."""
    written = match["n"]
    if written[-2:] == "00" and len(written) > 3 and written[-3] != "0":
        said = f"{cardinal(int(written[:-2]))} hundred"
    else:
        said = digits(written) if written[-2] == "0" != written[-1] else _say_room(match)
    return said + (f" {match['l']}" if match["l"] else "")


def _say_zip(match: Match[str]) -> str:
    return match["before"] + ", ".join(map(digits, match["n"].split("-")))


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
    return _part_of(match["before"], match["n"])


def _say_small_part(match: Match[str]) -> str | None:
    """Section iv, pages xi-xiv."""
    said = _part_of(match["before"], match["n"].upper())
    last = _part_of(" to ", match["m"].upper()) if match["m"] else ""
    return None if said is None or last is None else said + last


def _part_of(before: str, written: str) -> str | None:
    value = _roman(written)
    return before + cardinal(value) if value else None


def _say_ruler(match: Match[str]) -> str | None:
    value = _roman(match["n"])
    return match["before"] + "the " + ordinal(value) if value else None


ADDRESSES: tuple[Rule, ...] = rules(
    (r"\b(?:https?|file)://[A-Za-z0-9._~/?#&=%+:@-]{1,200}", _say_address, ":"),
    (r"(?<![A-Za-z0-9_./~-])(?:(?:~|\.{1,2})?/(?=[A-Za-z_])|(?=[A-Za-z0-9_-]+/))[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){0,12}(?<![.-])(?![A-Za-z0-9/])", _say_path, "/"),
    (r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9_+&-]{0,63}(?:[.@][A-Za-z0-9_&-]{1,63}){0,6}[.@][A-Za-z0-9_-]{0,63}[A-Za-z]{2}(?:/(?:[A-Za-z0-9_~/-]|\.(?=[A-Za-z0-9])){0,200})?(?![A-Za-z0-9])", _say_address, ".@"),
    (r"(?<![0-9.])(?P<n>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?P<p>:[0-9]{2,5})?(?![0-9.]*[0-9])", _say_ip, D),
)  # fmt: skip

CODES: tuple[Rule, ...] = rules(
    (r"(?<=[A-Za-z.)]) / (?=[$€£]?[0-9])", lambda match: ", ", "/"),
    # telephones
    (r"(?<![0-9A-Za-z])(?:\+[0-9]{1,3}[ .-]?|1[ -])?\([0-9]{3}\)[ -]?[0-9]{3}[ .-][0-9]{4}(?![0-9])", _say_telephone, "("),
    (r"(?<![0-9A-Za-z$-])(?:\+?[0-9]{1,3}[ .-])?[0-9]{3}([ .-])[0-9]{3}\1[0-9]{4}(?:-[0-9]{1,4})?(?![0-9-])", _say_telephone, D),
    (r"(?<![0-9A-Za-z$.-])[2-9][0-9]{2}-[0-9]{4}(?![0-9-])", _say_telephone, "-"),
    (r"(?<![0-9A-Za-z$.-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9-])", _say_telephone, "-"),
    (r"(?<![0-9A-Za-z])\+[0-9]{1,3}(?:[ -][0-9]{2,5}){2,5}(?![0-9-])", _say_telephone, "+"),
    (r"(?<![0-9A-Za-z])1-(?P<n>8(?:00|[2-8]{2}))-(?P<w>[A-Z]{3,10})(?![A-Za-z0-9])", lambda match: f"one {cardinal(8) + ' hundred' if match['n'] == '800' else digits(match['n'])} {match['w'].title()}", "1"),
    (r"(?P<before>\b(?i:call|dial|ring|phone|text) (?:to )?)(?P<n>[0-9]{3,11})(?! ?(?:times|people|of|more)|[0-9.,:-]+[0-9])", _say_digits),
    (r"(?P<before>\b[Tt]ext [\"“'‘]?[A-Za-z]{1,20}[\"”'’]? to )(?P<n>[0-9]{4,11})(?![0-9%-]|[.,:][0-9])", _say_digits),
    (r"(?P<before>(?<![0-9A-Za-z$.,-]))(?P<n>911|999|112)(?= (?:call|emergency|operator|dispatch)|[.!]?$)(?<=911|999|112)", _say_digits, "19"),
    (r"(?P<before>\b(?:code|PIN|pin|OTP|passcode|password|zip code|ZIP code|account number|serial number|order number|tracking number|confirmation number|ID)(?: is| was|:)? )(?P<n>[0-9]{4,20})(?![0-9%-]|[.,:][0-9])", _say_digits),
    (r"(?P<before>\b(?:[Cc]ode|PIN|OTP|[Pp]asscode|[Pp]assword|[Nn]umber|ID)(?: is| was|:)? )(?P<n>[0-9]{2,4}(?:[ -][0-9]{2,4}){1,3})(?![0-9%-]|[.,:/][0-9]| ?[A-Za-z]{1,2}\b)", lambda match: match["before"] + ", ".join(map(digits, re.split("[ -]", match["n"])))),
    (r"(?P<before>\b(?i:zip)(?: [Cc]odes?)?(?: (?:for|of|in) [A-Z][A-Za-z ,.]{1,40})?(?: is| was|:)? )(?P<n>[0-9]{5}(?:-[0-9]{4})?)(?![0-9%-]|[.,:][0-9])", _say_zip),
    (r"(?P<before>\bD\.?C\.?,? )(?P<n>[0-9]{5}(?:-[0-9]{4})?)(?![0-9]|[,.-][0-9])", _say_zip, "D"),
    (r"(?P<before>(?<![0-9] )\bGB(?:/T)? ?)(?P<n>[0-9]{3,6})(?![0-9-]|[.,][0-9])", lambda match: f"{match['before'].replace('/', ' ').rstrip()} {digits(match['n'])}", "G"),
    (r"(?P<before>\b(?i:code|pin|otp|passcode|password|serial number|order number|tracking number|confirmation number|plate)(?: is| was|:)? )(?P<n>[A-Z]{1,3}-[0-9]{3,10}|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{4,20})(?![A-Za-z0-9%-]|[.,:][0-9])", _say_code),
    (r"(?P<before>\b(?:[Cc]ode|PIN|[Pp]in|[Pp]asscode|[Pp]assword|[Cc]ombination) (?:for|to|of) [a-z' ]{2,24} (?:is|was) )(?P<n>[0-9]{3,10})(?![0-9%-]|[.,:][0-9])", _say_digits),
    (r"(?P<before>\b(?:[Ff]light|[Tt]rain|[Bb]us) [A-Z]{2})(?P<n>[1-9][0-9]{2,3})(?![0-9.,:%-])", lambda match: _say_room(match).replace(match["before"], match["before"] + " ", 1), "123456789"),
    (r"(?<![0-9A-Za-z.,$/-])(?P<h>#)?(?P<n>[0-9]{2,10}(?:-[0-9]{2,10}){2,4})(?![0-9A-Za-z-]|[.,][0-9])", _say_groups, "-"),
    (r"(?P<before>\border )(?:#|No\. ?|number )(?P<n>[0-9]{4,12})(?![0-9]|[.,][0-9])", lambda match: f"{match['before']}number {digits(match['n'])}"),
    (r"(?P<before>\bending (?:in|with) )(?P<n>[0-9]{2,6})(?![0-9%-]|[.,:][0-9])", _say_digits),
    (r"(?P<before>)(?<![0-9A-Za-z.])(?P<n>40[13]|457|529)(?P<k>\([kb]\))", lambda match: f"{_say_room(match)} {match['k'][1].upper()}", "("),
    (r"(?P<before>\bI-)(?P<n>[1-9][0-9]{2})(?: (?P<w>[NSEW])(?![A-Za-z0-9]))?(?![0-9A-Za-z%-]|[.,:][0-9])", _say_interstate, "-"),
    (r"(?P<before>\b(?:[Rr]ooms?|Rm\.?|[Ss]uite|[Aa]pt\.?|[Aa]partment|[Hh]ighway|[Rr]oute|[Ii]nterstate|[Ff]light(?: [A-Z]{2})?|[Gg]ate|[Bb]us|Hwy) )(?P<n>[1-9][0-9]{2,3})(?![0-9%-]|[.,:][0-9])", _say_room, "123456789"),
    (r"(?P<before>\b(?:[Rr]ooms|[Ss]uites|[Aa]partments|[Aa]pts\.?|[Gg]ates|[Ff]lights|[Hh]ighways|[Rr]outes) )(?P<n>[1-9][0-9]{2,3})(?P<d> ?[-–] ?| (?:and|or|to|through) )(?P<m>[1-9][0-9]{2,3})(?![0-9%-]|[.,:][0-9])", _say_rooms, "123456789"),
    (r"(?P<before>)(?<![0-9A-Za-z.,$-])(?P<n>[1-9][0-9]{2,3})(?P<l>[A-Z])?(?= (?:[NSEW]\.? )?(?:[A-Z][a-z]* |[0-9]{1,3}(?:st|nd|rd|th) ){1,3}(?:[Ss]t|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Dr|Drive|Ln|Lane|Ct|Court|Way|Hwy|Expy|Pkwy|Terrace|Plaza|Place)\b)", _say_house, "123456789"),
    (r"(?P<before>)(?<=[A-Za-z0-9]/)(?P<n>[0-9]{5,20})(?=-[A-Za-z])", _say_digits, "/"),
    (r"(?<![A-Za-z0-9])(?P<before>)#?(?P<n>(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])(?=[A-Z0-9]*[0-9]{4})[A-Z0-9]{9,24})(?![A-Za-z0-9])", _say_code, D),
    (r"(?P<before>\b(?i:exit|gate|platform|rooms?|seat|apartment|apt\.?|row|unit|suite|section|bus|route|building|flat|terminal|bay|lane|track|zone|level|door|pier|dock|stall|box|grade|class|form) )(?P<n>[1-9][0-9]{0,3})(?P<l>[A-Z])(?![A-Za-z0-9])", lambda match: f"{_say_room(match) if len(match['n']) > 2 else match['before'] + cardinal(int(match['n']))} {match['l']}", "123456789"),
    (r"(?<![A-Za-z0-9])#(?P<before>)(?P<n>[A-Z]{1,4}(?:-[0-9]{1,12}|[0-9]{3,12}))(?![A-Za-z0-9])", lambda match: "number " + _say_code(match), "#"),
    (r"(?P<before>)(?<![0-9A-Za-z.])(?P<n>480|720|1080|1440|2160)(?=[pi](?![A-Za-z0-9]))", lambda match: _say_room(match) + " ", "1247"),
    (r"(?<![0-9A-Za-z.-])(?P<before>)(?P<n>7[0-9]7)-(?P<v>[0-9]{1,3})(?![0-9-])", lambda match: f"{_say_room(match)}, {cardinal(int(match['v']))}", "7"),
    (r"(?<![A-Za-z0-9#.-])(?P<before>)(?![A-Z][0-9]?(?:[A-Z][a-z]?[0-9]{0,2})+(?![A-Za-z0-9]))(?P<n>[0-9]{1,3}[A-Z]{2,3}[0-9]{2,4}|[A-Z]{2,3}[0-9]{2,4}[A-Z]{2,3}|[0-9][A-Z]{3}[0-9]{2,4}[A-Z]?)(?![A-Za-z0-9-])", _say_code, D),
    (r"(?P<before>\b(?i:part|model|item|serial|order|invoice|ticket|case|ref|reference|tracking|policy|claim|account|acct|sku|booking|receipt|permit|license|licence|member|customer)\b(?: ?(?:no|nr)\.?| number| ID| code| #)?:? )(?P<h>#)?(?P<n>(?=[A-Z0-9-]*[0-9]{3})(?:[A-Z]{1,4}|[0-9]{1,8}[A-Z]{0,2})(?:-[A-Z0-9]{1,8}){1,4})(?![A-Za-z0-9-])", _say_numbered_code, "-"),
    (r"(?<![A-Za-z0-9])#(?P<before>)(?P<n>[0-9]{5,20})(?![0-9A-Za-z-]|[.,][0-9])", lambda match: "number " + digits(match["n"]), "#"),
    (r"(?<=[0-9])-(?P<n>rc|beta|alpha|dev|pre)(?:\.|-)?(?P<v>[0-9]{1,3})?(?![A-Za-z0-9])", lambda match: f" {'R C' if match['n'] == 'rc' else match['n']}" + (f" {cardinal(int(match['v']))}" if match["v"] else ""), "-"),
    (r"\bK-(?P<n>[0-9]{1,2})(?![0-9A-Za-z-])", lambda match: f"K {'' if match['n'] == '12' else 'to '}{cardinal(int(match['n']))}", "K"),
    # blood, and marks of a school
    (r"(?P<before>(?i:\b(?:blood|donors?|type|is|rh)\b[A-Za-z' ,]{0,24} ))(?P<n>O|A|B|AB)(?P<s>[+-]|−|–)(?![A-Za-z0-9])(?=[,.;)]|$| [a-z])", _say_blood, "ABO"),
    (r"(?P<n>(?<![A-Za-z0-9.+-])[A-F])(?P<s>[+-])(?=[,.;:!?)\"”']|$| (?!-)[a-z])", lambda match: match["n"] + (" plus" if match["s"] == "+" else " minus"), "+-"),
    # gases, whose letters make words
    (r"(?<![A-Za-z0-9])(?P<l>SO|NO|so|no)(?P<n>[234]|x(?![a-z]))(?![0-9])", lambda match: f"{' '.join(match['l'].upper())} {'X' if match['n'] == 'x' else digits(match['n'])}", "234x"),
    # versions
    (r"(?<![0-9A-Za-z.])(?P<before>[Vv](?:ersion)?\.? ?)(?P<n>[0-9]+(?:\.[0-9]+)+)(?![0-9A-Za-z])", _say_version, D),
    (r"(?P<before>(?:Python|iOS|iPadOS|macOS|Android|Ubuntu|Debian|Fedora|Node|Linux|kernel|firmware|Firmware|Bluetooth|USB|HDMI|Zigbee|Matter|Home Assistant|[Rr]elease|[Uu]pdate|[Cc]ore|[Ss]ection|[Ss]oftware) )(?P<n>[0-9]+\.[0-9]+(?:\.[0-9]+)*)(?! ?[%°]|[0-9A-Za-z])", _say_version),
    (r"(?P<before>)(?<![0-9A-Za-z.])(?![0-3]?[0-9]\.[0-3]?[0-9]\.(?:19|20)[0-9]{2}(?!\.?[0-9])|(?:19|20)[0-9]{2}\.(?:0[1-9]|1[0-2])\.(?:[0-2][0-9]|3[01])(?!\.?[0-9]))(?P<n>[0-9]+(?:\.[0-9]+){2,5})(?![0-9A-Za-z])", _say_version, D),
    # Roman numerals
    (r"^(?P<before>)(?P<n>[IVX]{2,6})\.?$", _say_part, "IVX"),
    (rf"(?P<before>\b(?:{_RULERS}) (?:[A-Z][a-z]+ )?)(?P<n>[IVXL]+)(?:(?=['’]s\b)|(?![A-Za-z0-9'.-]*[A-Za-z0-9]))(?!, [A-Z]\b)", _say_ruler, "ILVX"),
    (rf"(?P<before>\b(?:{_PARTS.upper()}) )(?P<n>[IVXL]+)(?![A-Za-z0-9'-])", _say_part, "ILVX"),
    (rf"(?P<before>\b(?:{_PARTS}) )(?P<n>[IVXL]+)(?![A-Za-z0-9'-])", _say_part, "ILVX"),
    (rf"(?P<before>\b(?:{_PARTS}|[Cc]hapter|[Pp]art|[Ss]ection|[Ff]igure|[Tt]able|[Pp]ages?|[Cc]lause) )(?P<n>[ivxl]{{2,6}})(?:(?P<t> ?[-–] ?)(?P<m>[ivxl]{{1,6}}))?(?![A-Za-z0-9'-])", _say_small_part),
    (r"(?<![A-Za-z0-9])(?P<n>[IVXL]{2,6})(?:st|nd|rd|th)(?![A-Za-z0-9])", lambda match: ((value := _roman(match["n"])) and ordinal(value)) or None, "ILVX"),
    (r"(?P<before>(?<=[A-Z]{3} ))(?P<n>I{2,3}|IV|VI{1,3}|IX)(?![A-Za-z0-9'-])", _say_part, "IV"),
    (r"(?P<before>(?<=[a-z] ))(?P<n>(?:I{2,3}|I?V|VI{1,3}|I?X|XI{1,3}|XI?V|XVI{1,3}|XI?X|XXI{0,3}))(?<! [VX])(?![A-Za-z0-9'-])", _say_part, "IVX"),
)  # fmt: skip
