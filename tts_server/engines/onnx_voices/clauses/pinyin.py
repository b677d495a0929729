"""A pinyin syllable taken apart, the conventions of its spelling undone: "jun1" is j, vn, 1."""

import re
from typing import Final, NamedTuple

SPELLING: Final = {
    re.compile(pattern): spelled
    for pattern, spelled in (
        *(("^y[uv]", "v"), ("^yi?", "i"), ("^wu?", "u")),
        *(("iu$", "iou"), ("ui$", "uei"), ("un$", "uen")),
    )
}
# finals without an initial, where somebody writes them without y and w, and how pinyin does
FINALS_OF_ZERO: Final = {
    **{final: f"y{final[1:]}" for final in ("ia", "ian", "iang", "iao", "ie", "iong")},
    **{final: f"w{final[1:]}" for final in ("ua", "uai", "uan", "uang", "ueng", "uo")},
    **{"i": "yi", "in": "yin", "ing": "ying", "iou": "you", "u": "wu", "uei": "wei", "uen": "wen"},
    **{"v": "yu", "ve": "yue", "van": "yuan", "vn": "yun"},
}
APICAL: Final = ("zh", "ch", "sh", "r", "z", "c", "s")  # an i behind these is no [i]


class Parts(NamedTuple):
    """Of a syllable."""

    initial: str  # "" for none
    final: str  # "iou", "vn"; "i" behind an apical initial too
    tone: str  # "1" to "5"
    is_retroflex: bool  # 儿化

    @property
    def is_apical(self) -> bool:
        return self.final == "i" and self.initial in APICAL


def parts_of(pinyin: str) -> Parts:
    """Of a syllable with a tone digit."""
    plain, tone = pinyin[:-1], pinyin[-1:]
    retroflex = len(plain) > 2 and plain.endswith("r")
    plain = plain.removesuffix("r") if retroflex else plain
    found = re.match("[zcs]h|[bpmfdtnlgkhjqxrzcs]", plain)
    initial = found[0] if found else ""
    final = plain[len(initial) :]
    for pattern, spelled in SPELLING.items():
        final = pattern.sub(spelled, final)
    if initial in ("j", "q", "x"):
        final = re.sub("^u(en)?", lambda u: "vn" if u[1] else "v", final)
    return Parts(initial, "vn" if final == "ven" else final, tone, retroflex)
