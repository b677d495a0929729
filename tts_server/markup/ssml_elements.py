"""What the attributes of SSML elements ask for, in the W3C's and in Alibaba's terms. Pure.

A value that cannot be read asks for nothing: SSML written for another service is still to be spoken.
"""

import math
import re
from collections.abc import Mapping
from typing import Final

from tts_server.markup.tags import MAX_PAUSE_MS
from tts_server.text.linguistic.ipa import phonemes

Attributes = Mapping[str, str]

SILENT_DB: Final = -60.0
_RATES: Final = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.35, "x-fast": 1.75}
_PITCHES: Final = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
_VOLUMES: Final = {
    "silent": SILENT_DB,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "default": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
}
_BREAKS_MS: Final = {"none": 0, "x-weak": 0, "weak": 150, "medium": 350, "strong": 600, "x-strong": 1000}
_READING_CHARS: Final = 256
_VOICE_HZ: Final = 250.0  # what a pitch in Hz is taken relative to: the register of the voices we have
_NUMBER = re.compile(r"\s*(?P<sign>[+-]?)(?P<value>[0-9]{1,6}(?:\.[0-9]{1,4})?)\s*(?P<unit>%|st|hz|db|ms|s)?\s*", re.I)


def speed(value: str | None) -> float:
    """`rate` of prosody as a factor: x-slow ... x-fast, 120%, +20%, 1.2."""
    if value is None or (number := _number(value)) is None:
        return _RATES.get((value or "").strip().casefold(), 1.0)
    sign, amount, unit = number
    if unit == "%":
        return _factor(1 + sign * amount / 100 if sign else amount / 100)
    return _factor(1 + sign * amount if sign else amount) if not unit else 1.0


def pitch(value: str | None) -> float:
    """`pitch` of prosody in semitones: x-low ... x-high, +2st, -10%, +20Hz, 220Hz."""
    if value is None or (number := _number(value)) is None:
        return _PITCHES.get((value or "").strip().casefold(), 0.0)
    sign, amount, unit = number
    if unit == "st":
        return (sign or 1) * amount
    if unit == "%":
        return _semitones(1 + sign * amount / 100 if sign else amount / 100)
    if unit == "hz":
        return _semitones(1 + sign * amount / _VOICE_HZ if sign else amount / _VOICE_HZ)
    return 0.0


def volume(value: str | None) -> float:
    """`volume` of prosody in dB: silent ... x-loud, +6dB, +10%, 80 (of 100)."""
    if value is None or (number := _number(value)) is None:
        return _VOLUMES.get((value or "").strip().casefold(), 0.0)
    sign, amount, unit = number
    if unit == "db":
        return (sign or 1) * amount
    if unit not in ("%", ""):
        return 0.0
    return _decibels(1 + sign * amount / 100 if sign else amount / 100)


def speak_speed(value: str | None) -> float:
    """`rate` of Alibaba's speak: -500 is half the speed, 500 twice."""
    number = _number(value or "")
    return 1.0 if number is None or number[2] else 2 ** (_clip((number[0] or 1) * number[1], 500) / 500)


def speak_pitch(value: str | None) -> float:
    """`pitch` of Alibaba's speak: -500 to 500, taken as half an octave down to half an octave up."""
    number = _number(value or "")
    return 0.0 if number is None or number[2] else 6 * _clip((number[0] or 1) * number[1], 500) / 500


def speak_volume(value: str | None) -> float:
    """`volume` of Alibaba's speak: 0 to 100, 50 is the voice's own."""
    number = _number(value or "")
    return 0.0 if number is None or number[2] or number[0] < 0 else _decibels(min(number[1], 100) / 50)


def break_ms(attributes: Attributes) -> int:
    """How long a break is; 0 asks for none of its own."""
    number = _number(attributes.get("time", ""))
    if number is not None and number[0] >= 0 and number[2] in ("ms", "s"):
        return min(round(number[1] * (1000 if number[2] == "s" else 1)), MAX_PAUSE_MS)
    return _BREAKS_MS.get(attributes.get("strength", "medium").strip().casefold(), _BREAKS_MS["medium"])


def intensity(value: str | None) -> float | None:
    """`intensity` of emotion, `styledegree` of express-as: 0 to 2."""
    number = _number(value or "")
    return None if number is None or number[2] or number[0] < 0 else min(number[1], 2.0)


def reading(attributes: Attributes) -> str:
    """What a phoneme element gives: pinyin with tone digits, or English in IPA, between slashes then."""
    alphabet, given = attributes.get("alphabet", "").strip().casefold(), attributes.get("ph", "").strip()
    if len(given) > _READING_CHARS:
        return ""
    if alphabet in ("py", "pinyin", "x-pinyin"):
        return given
    if alphabet != "ipa":
        return ""
    try:
        phonemes(given)
    except ValueError:
        return ""
    return f"/{given.strip('/')}/"


def _number(value: str) -> tuple[int, float, str] | None:
    """Sign (0 for none), amount, unit."""
    found = _NUMBER.fullmatch(value)
    if found is None:
        return None
    return {"+": 1, "-": -1, "": 0}[found["sign"]], float(found["value"]), (found["unit"] or "").casefold()


def _clip(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _factor(value: float) -> float:
    return min(max(value, 0.25), 4.0)


def _semitones(factor: float) -> float:
    return _clip(12 * math.log2(_factor(factor)), 12)


def _decibels(factor: float) -> float:
    return max(20 * math.log10(factor), SILENT_DB) if factor > 0 else SILENT_DB
