# ruff: noqa: E501 - one row a line
"""How signs, formulas and codes made of numbers are said in English, as a table of rules in order. Pure."""

from tts_server.text.english.numbers import cardinal, digits, number
from tts_server.text.english.rules import Rule, rules

_COMPARED = {
    "<": " less than ",
    ">": " greater than ",
    "≤": " less than or equal to ",
    "≥": " greater than or equal to ",
}
_FUNCTIONS = {"sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "natural log"}


FORMULAS: tuple[Rule, ...] = rules(
    (r"(?<![0-9/])10/10(?![0-9/])", lambda match: "ten out of ten", "/"), (r"(?<=[0-9])[ -]?★(?!★)", lambda match: " star", "★"),
    (r"(?<![0-9/.,])(?P<n>[2-9]|10)/(?=\$[0-9])", lambda match: f"{match['n']} for ", "/"),
    (r"(?<=\b[a-z]) ?(?P<n>[<>≤≥]) ?(?=[a-z]\b)", lambda match: _COMPARED[match["n"]], "<>≤≥"), (r"(?<=\b[a-z]) % (?=[0-9a-z])", lambda match: " mod ", "%"),
    (r"(?<=[0-9A-Za-z%])(?<!\+)\+(?=[ ,.;:)!?]|$)(?! ?[0-9A-Za-z(] ?[-+*/=)]| [0-9a-z]+ ?[=+])", lambda match: " plus", "+"), (r"(?<=[0-9])#(?![0-9A-Za-z])", lambda match: " pound", "#"),
    (r"(?P<before>\b(?i:dial|press|call|enter|code) )\*(?P<n>[0-9]{1,4})(?P<h>#)?(?![0-9*])", lambda match: f"{match['before']}star {digits(match['n'])}" + " pound" * (match["h"] is not None), "*"),
    (r"(?<![0-9A-Za-z])0x(?P<n>[0-9A-Fa-f]{1,16})(?![0-9A-Za-z])", lambda match: "zero X " + " ".join(digits(sign) if sign.isdecimal() else sign.upper() for sign in match["n"]), "0"),
    (r"(?<![0-9/])9/11(?![0-9/])", lambda match: "nine eleven", "9"), (r"(?<![0-9/])20/(?P<n>[1-9]0)(?![0-9/])(?= vision|[.,;]|$)", lambda match: f"twenty {cardinal(int(match['n']))}", "2"),
    (r"(?P<before>\b(?:two|three|four|five|six|seven|eight|nine|ten|[2-9]) )(?P<n>[0-9])s(?![A-Za-z0-9])", lambda match: f"{match['before']}{cardinal(int(match['n']))}" + ("es" if match["n"] == "6" else "s")),
    (r"(?<![0-9A-Za-z.,])1(?P<n>0{1,3}|,000)s(?= of )", lambda match: {"0": "tens", "00": "hundreds"}.get(match["n"], "thousands"), "1"),
    (r"\b(?P<n>[fgh])\((?P<x>[a-z]|[0-9.]{1,6}|[a-z], ?[a-z])\)", lambda match: f"{match['n']} of {match['x']}", "("),
    (r"\b(?P<n>sin|cos|tan|log|ln)\((?P<x>[^()]{1,24})\)", lambda match: f"{_FUNCTIONS[match['n']]} of {match['x']}", "("),
    (r"(?<=[0-9a-zA-Z)²³π]) ?− ?(?=[0-9a-zA-Z(])|(?<=[²³]) ?[-–] ?(?=[0-9a-z(])|(?<=\b[abcijkmnptxyz]) - (?=[0-9]|[a-z]\b)|(?<=\b[ijkmntxyz])-(?=[0-9]{1,3}(?![0-9A-Za-z-]))|(?<=\b[0-9][abcxyzn]) - (?=[0-9])", lambda match: " minus ", "-²³−"),
    (r"(?<=[0-9])-(?P<u>ft|in|lb|oz|yd|mi|gal|qt|min|hr|sec)\.(?= [a-z])", lambda match: f"-{match['u']}", "-"),
    (r"(?<=[0-9])! ?(?==)", lambda match: " factorial ", "!"), (r" ?!==? ?", lambda match: " not equal to ", "!"), (r"(?<=[A-Za-z0-9_)\]'\"]) ?={2,3} ?(?=[A-Za-z0-9_('\"\[-])", lambda match: " equals ", "="),
    (r"(?P<a>(?<![0-9A-Za-z.,/-])[0-9]{1,3})-(?P<b>[0-9]{1,3})-(?P<c>[0-9]{1,3})(?![0-9A-Za-z/-]|[.,][0-9])", lambda match: " ".join(cardinal(int(part)) for part in match[0].split("-")), "-"),
    (r"(?<![0-9.,/-])(?P<n>[1-9]0)-(?P=n)(?![0-9A-Za-z%/-]|[.,][0-9])", lambda match: f"{cardinal(int(match['n']))} {cardinal(int(match['n']))}", "0"),
    (r"(?P<a>(?<![0-9A-Za-z.,/-])[0-9]{1,3}-for-[0-9]{1,3})(?![0-9A-Za-z-])", lambda match: " for ".join(cardinal(int(part)) for part in match[0].split("-for-")), "-"),
    (r"(?:(?<=\b[Rr]ated )|(?<=\b[Ss]core )|(?<=\b[Ss]cored )|(?<=\b[Rr]ating of )|(?<=[Rr]ating: )|(?<=[Ss]core: )|(?<=\ba )|(?<=\ban ))(?P<a>[0-9]{1,2})/(?P<b>5|10|20|100)(?![0-9A-Za-z/-]|[.,][0-9]| (?:cup|inch|mile|tsp|tbsp|of)\b)|(?<![0-9A-Za-z.,/-])(?P<c>[0-9]{1,2}\.[0-9])/(?P<d>5|10|100)(?![0-9A-Za-z/]|[.,][0-9])", lambda match: f"{number(match['a'] or match['c'])} out of {cardinal(int(match['b'] or match['d']))}", "/"),
    (r"(?P<n>★{1,10})(?P<r>☆*)", lambda match: f" {cardinal(len(match['n']))} star" + "s" * (len(match["n"]) > 1) + " " if len(match[0]) > 1 else None, "★"),
    (r"(?:(?<=[Bb]oeing )|(?<=\b[Aa] )|(?<=\b[Tt]he ))7(?P<n>[0-8]7)(?=['’]s|s\b| MAX| Max|-[0-9])|(?<=[Bb]oeing )7(?P<m>[0-8]7)(?![0-9])", lambda match: f"seven {cardinal(int(match['n'] or match['m']))}", "7"),
)  # fmt: skip
