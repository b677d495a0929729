# ruff: noqa: E501 - one row a line
"""Words of one spelling and two sounds, where the part of speech does not tell which: lead pipes, a minute amount. Pure.

What a word's part of speech tells (record, use, close) is left to the voice. Sounds are in misaki's signs, as an
owner's own are.
"""

import re
from re import Pattern
from typing import Final

_METALS: Final = "copper|zinc|tin|mercury|arsenic|cadmium|nickel|iron|silver"
_END: Final = r"(?=[.,;:!?)]|$| (?:and|but|because|when|if|strongly|now|compared)\b)"
_OBJECT: Final = r"(?= (?:the|your|an?|my|it|this|that|these|those|all|both|each|every|his|her|its|our|their|them|between|up|down|here)\b)"
# At the head of a sentence, before an object, these are commands.
_COMMANDS: Final = {
    "Export": "ɛkspˈɔɹt", "Decrease": "dəkɹˈis", "Insert": "ɪnsˈɜɹt", "Convert": "kənvˈɜɹt", "Transfer": "tɹænsfˈɜɹ", "Extract": "ɪkstɹˈækt", "Contract": "kəntɹˈækt",
    "Transport": "tɹænspˈɔɹt", "Contrast": "kəntɹˈæst", "House": "hˈWz", "Protest": "pɹətˈɛst", "Tear": "tˈɛɹ",
}  # fmt: skip
_HEAD: Final = r"(?:^|[.!?:;] ?|[Pp]lease |[Tt]hen )"

# The word that is meant is the group w.
_ROWS: Final[tuple[tuple[str, str], ...]] = (
    (r"\b(?P<w>[Ll]ead)(?:-|- | )(?:acid|free|based|lined|pip(?:es?|ing)|paints?|poisoning|batter(?:y|ies)|shot|bullets?|aprons?|glass|crystal|weights?|exposure|solder|dust|contamination|content|pencils?|sulfide|oxide|sinkers?|ore|mines?|mining|vest)\b", "lˈɛd"),
    (r"\b(?:made of|contains?|containing|test(?:ed|ing|s)? for|traces? of|amounts? of|levels? of|exposed to|exposure to|pounds? of|tons? of) (?P<w>lead)\b(?! (?:time|role|singer|actor))", "lˈɛd"),
    (rf"\b(?P<w>[Ll]ead)(?: (?:and|or) (?:{_METALS})\b| in (?:the |our |drinking |tap |old )*(?:water|paint|soil|blood|pipes?|gasoline|toys)\b| (?:is|was) an? (?:heavy|toxic|soft|poisonous|dense|metal))", "lˈɛd"),
    (rf"\b(?:{_METALS})(?:,| and| or|, and|, or) (?P<w>lead)\b", "lˈɛd"),
    (r"\b(?:so|then|please|will|can|could|must|should|don't|I'll|we'll|let's|to|and) (?P<w>wind) (?:(?:up|down)\b(?! to\b)|back|it|the|your|its|our|around|through|along)\b", "wˈInd"),
    (r"\b(?:road|river|path|trail|street|stream|creek|route|line|staircase|stairs|that|which|it) (?P<w>winds) (?:its|through|along|around|uphill|downhill|past|into|between|up|down|across|over)\b", "wˈIndz"),
    (r"(?<!one )(?<!two )(?<!three )(?<!five )(?<!ten )(?<!teen )(?<!ty )(?<!ty-)(?<!this )\b(?P<w>[Mm]inute) (?:details?|amounts?|particles?|traces?|quantit(?:y|ies)|differences?|fractions?|cracks?|doses?|variations?|print)\b", "mInˈut"),
    (rf"\b(?:is|are|was|were|so|very|too|extremely|almost|rather|incredibly|absolutely) (?P<w>minute){_END}", "mInˈut"),
    (r"\b(?P<w>[Bb]ass)(?= (?:player|guitars?|lines?|drums?|clef|boost|speakers?|solo|tones?|notes?|amp|levels?|singer|drop|section|response|and treble)\b)|^(?!.*(?i:fish|caught|catch|lake|fillet|lemon|grill|angl|river|pond|boat|sea bass|striped|mouth bass|recipe|cook|dinner|lure)).*?\b(?P<v>[Bb]ass)\b", "bˈAs"),
    (rf"(?<!object )\b(?:I|[Ww]e|[Tt]hey|[Yy]ou|to|not|don't|won't|doesn't|didn't|would|will|may|might|could|can|should|strongly|anyone|who|people|residents|neighbors) (?P<w>object)(?:(?= (?:to|that)\b)|{_END})", "əbʤˈɛkt"),
    (r"\b(?:[Hh]e|[Ss]he|who|nobody|anybody|everybody|anyone) (?P<w>objects)(?: (?:to|that)\b|[.,;!?]|$)", "əbʤˈɛkts"),
    (r"\b(?:am|I'm|[Hh]e's|[Ss]he's|[Ww]e're|[Yy]ou're|[Tt]hey're|perfectly|quite|feels?|felt|seem(?:s|ed)?|being|(?:is|are|was|were|be)(?= content (?:with|to|just)\b)) (?P<w>content)(?= (?:with|to|just|here|and|as)\b|[.,;!?]|$)", "kəntˈɛnt"),
    (r"\b(?:[Mm]y|[Yy]our|[Hh]is|[Hh]er|[Tt]heir|an?|updated|attached) (?P<w>resume)(?= (?:to|and|is|was|for|in|by|now|with|on)\b|[.,;:!?]|$)", "ɹˈɛzʊmˌA"),
    (r"\b(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|I|[Ww]e|who|then|dove|and) (?P<w>dove) (?:into|in|off|under|down|through|straight|deep|right|headfirst|for)\b", "dˈOv"),
    (r"\b(?P<w>bow)(?: of (?:the|a|her|his|our|their) (?:ship|boat|vessel|yacht|ferry|canoe|kayak|bow)\b| and stern\b)|\b(?:at|near|from|toward|towards|over) the (?P<v>bow)\b(?! and arrow)|\b(?:take|takes|took|taking) a (?P<u>bow)\b|\b(?:to|and|must|they|we|I|you|will|would|not) (?P<t>bow) (?:down|to|out|before|his|her|their|your|my)\b", "bˈW"),
    (r"\b(?:it|us|me|you|them|show|game|concert|match|news|performing|perform|performed|performs|playing|broadcast|broadcasting|speaking|reporting|streaming|streamed|aired|go|going|goes|went|watch|now|was|is|are|were|be|appear|appeared) (?P<w>live)(?: (?:on|from|at|in|via|tonight|now|today)\b|[.,;!?]|$)", "lˈIv"),
    (r"\b[Ww]ear and (?P<w>tear)\b", "tˈɛɹ"),
    (r"\b[Aa] (?:small |big |large |tiny )?(?P<w>tear) in (?:the|my|your|a|its|our|one)\b(?! eyes?\b)", "tˈɛɹ"),
    *((rf"{_HEAD}(?P<w>{word}){_OBJECT}", said) for word, said in _COMMANDS.items()),
    (rf"{_HEAD}(?P<w>Tear) (?:along|off|open|here|out)\b", "tˈɛɹ"),
)  # fmt: skip
_ANY: Final = re.compile(
    rf"\b(?:[Ll]ead|winds?|[Mm]inute|[Bb]ass|objects?|content|resume|dove|tear|bow|live|{'|'.join(_COMMANDS)})\b"
)
_compiled: list[tuple[Pattern[str], str]] = []


def sounds(text: str) -> dict[int, str]:
    """How the words of a text that begin at these places sound; nothing of all others."""
    if _ANY.search(text) is None:
        return {}
    if not _compiled:
        _compiled.extend((re.compile(pattern), said) for pattern, said in _ROWS)
    return {
        max(match.start(group) for group in match.re.groupindex): said
        for pattern, said in _compiled
        for match in pattern.finditer(text)
    }
