# ruff: noqa: E501, SIM905 - one row a line; a hundred quoted names would read worse
"""Which phones Sambert has for a Mandarin syllable or an English word; tones and stress go with them."""

import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

log = logging.getLogger(__name__)

# Index order is the order of the checkpoints' embedding rows.
PHONES: Final = tuple(
    (
        "a_c ai_c an_c ang_c ao_c b_c c_c ch_c d_c e_c ei_c en_c eng_c er_c f_c g_c h_c i_c ia_c ian_c iang_c iao_c ie_c"
        " ih_c ii_c in_c ing_c io_c iong_c iou_c j_c k_c l_c m_c n_c o_c ong_c ou_c p_c q_c r_c s_c sh_c t_c u_c ua_c"
        " uai_c uan_c uang_c uei_c uen_c ueng_c uo_c v_c van_c ve_c vn_c xx_c z_c zh_c w_c y_c ga ge go aa ae ah ao aw"
        " ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh air_c angr_c anr_c aor_c"
        " ar_c eir_c engr_c enr_c iangr_c ianr_c iaor_c iar_c ier_c ihr_c iir_c ingr_c inr_c iongr_c iour_c ir_c ongr_c"
        " or_c our_c uair_c uangr_c uanr_c uar_c ueir_c uenr_c uor_c ur_c vanr_c ver_c vnr_c vr_c pau"
    ).split()
)
_KNOWN: Final = frozenset(PHONES)

# Merged 儿化 syllables that were in the training data, by initial; any other is said as base and a light er.
_ERHUA: Final = {
    "b": "ang an ao a ei eng en ian iao ing i o u", "c": "ao a i ong ui un uo", "ch": "ang ao a eng e i ong ou uang uan ui un uo u",
    "d": "ai an ang ao eng ian iao ie ing i ong ou uan ui un uo u", "f": "ang an a eng en u", "g": "ai an ao eng en e ong ou uai uan ua ui un uo u",
    "h": "ai an ao ei e ou uan uang ua ui un uo u", "j": "ian iao ia ie ing in i iu van ve vn", "k": "ai an ao eng e ong ou uai uang uan un",
    "l": "an ao a ei eng e iang ian iao ia ing i iu ou uo un u v", "m": "ai an ang ao a ei en ian iao ing i o", "n": "ao a iang ian iao ing i iu v",
    "p": "ai ang an ao en ian iao ie ing i o u", "q": "ian iao ing i iu van vn v", "r": "ang en", "s": "a ai an i ui un",
    "sh": "ai ao eng en i uai ou ua ui un uo u", "t": "ai ang an ao e ian iao i ing ong ou uan ui uo u", "w": "an a ei en eng o u",
    "x": "iang ian ia ie ing i in iong iu", "y": "ang an ao a e ing in i ou van v ve", "z": "ai ao a i uan ui uo",
    "zh": "ang an ao a en e i ong ou ua uan un uo u",
}  # fmt: skip
_WITH_ERHUA: Final = frozenset(initial + final + "r" for initial, finals in _ERHUA.items() for final in finals.split())

_INITIAL: Final = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcswy]|")
_APICAL: Final = dict.fromkeys(("zh", "ch", "sh", "r"), "ih") | dict.fromkeys(("z", "c", "s"), "ii")
_LONG_FINALS: Final = {"ui": "uei", "iu": "iou", "un": "uen", "ue": "ve"}  # ue: pinyin's other spelling of lve, nve
_WITHOUT_VOWEL: Final = {
    "n": "en",
    "ng": "en",
    "m": "en",
    "hm": "hen",
    "hn": "hen",
    "hng": "heng",
    "r": "er",
    "ê": "ei",
}
_ALIASES: Final = {"wu": "w", "yi": "y"}


@lru_cache(maxsize=4096)
def spoken_syllable(pinyin: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Phones and tone of a syllable with tone digit; of two when its 儿化 must be said apart: "xue2", "huar1"."""
    letters = pinyin.rstrip("0123456789").lower().replace("u:", "v").replace("ü", "v")
    digits = pinyin[len(pinyin.rstrip("0123456789")) :]
    tone = "tone" + {"": "5", "6": "2", "0": "5"}.get(digits[-1:], digits[-1:])  # 6 marks a third tone after sandhi
    letters = _WITHOUT_VOWEL.get(letters, letters)
    if re.match("[jqxy]u", letters):
        letters = letters[0] + "v" + letters[2:]
    if letters.endswith("r") and letters != "er":
        base = letters[:-1]
        if letters in _WITH_ERHUA:
            return ((_phones(base, "r"), tone),)
        return (_phones(base), tone), (("ge", "er_c"), "tone5")
    return ((_phones(letters), tone),)


def _phones(letters: str, ending: str = "") -> tuple[str, ...]:
    """Initial and final. A syllable the voice was never taught is put together from phones it has."""
    found = _INITIAL.match(letters)
    initial = found[0] if found else ""
    final = letters[len(initial) :]
    if not initial:
        onset, final = "g" + letters[:1], letters
    elif initial in "wy":
        onset = initial + "_c"
    else:
        onset = {"x": "xx"}.get(initial, initial) + "_c"
        final = _APICAL[initial] if final == "i" and initial in _APICAL else _LONG_FINALS.get(final, final)
    phone = final + ending + "_c"
    if onset in _KNOWN and phone in _KNOWN:
        return onset, phone
    log.warning("the voice cannot say the syllable %r", letters)  # once: the caller is cached
    return ("ge", "en_c")


def english_word(phones: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Phones and tone of each syllable of ARPAbet such as "W AY1 . F AY0"; the tone is the stress of its vowel."""
    for syllable in phones.split(" . "):
        said, tone = [], "tone0"
        for phone in syllable.split():
            letters = phone.rstrip("0123456789").lower()
            said.append(_ALIASES.get(letters, letters))
            if phone[-1] == "1":
                tone = "tone1"
        if said:
            yield tuple(said), tone
