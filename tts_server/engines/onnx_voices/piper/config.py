"""A Piper voice's `.onnx.json`: what of it is needed, checked, as plain values that go into the pack's settings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tts_server.errors import VoiceDataMissing

PHONEME_TYPES: Final = ("espeak", "pinyin", "text")
MAX_SYMBOLS: Final = 4096
MAX_SPEAKERS: Final = 4096
RATES_HZ: Final = (8_000, 48_000)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a Piper voice reads symbols, and how it usually speaks."""

    phoneme_type: str
    ids: Mapping[str, tuple[int, ...]]  # of each symbol
    noise_scale: float
    length_scale: float
    noise_w: float
    hop_length: int = 256
    lag: int = 0  # samples that the decoder lags
    flow_reach: int = 0  # frames that the flow looks back and ahead, where it is a graph of its own
    espeak: str = ""  # the voice of espeak-ng whose phonemes it learned, where that program is used

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Settings":
        """As they stand in a pack."""
        ids = {str(symbol): tuple(map(int, values)) for symbol, values in settings["ids"].items()}
        return cls(**{**settings, "ids": ids})


def parse(told: Mapping[str, Any]) -> tuple[Settings, int, dict[str, int], str]:
    """Settings, sample rate, speakers and language of a voice. Raises VoiceDataMissing."""
    try:
        rate = _whole(told["audio"]["sample_rate"], "audio.sample_rate", *RATES_HZ)
        symbols = _whole(told["num_symbols"], "num_symbols", 1, MAX_SYMBOLS)
        kind = str(told.get("phoneme_type", "espeak"))
        if kind not in PHONEME_TYPES:
            raise VoiceDataMissing(
                f"phoneme_type {kind[:40]!r} is not known here; known are {', '.join(PHONEME_TYPES)}"
            )
        usual = told.get("inference", {})
        settings = Settings(
            phoneme_type=kind,
            ids=_ids(told["phoneme_id_map"], symbols),
            noise_scale=_number(usual.get("noise_scale", 0.667), "inference.noise_scale", 0.0, 2.0),
            length_scale=_number(usual.get("length_scale", 1.0), "inference.length_scale", 0.2, 5.0),
            noise_w=_number(usual.get("noise_w", 0.8), "inference.noise_w", 0.0, 2.0),
        )
        speakers = _speakers(told)
        language = str(told.get("language", {}).get("code") or told.get("espeak", {}).get("voice", ""))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise VoiceDataMissing(f"the voice's JSON lacks or garbles {error}: it is no Piper voice") from error
    return settings, rate, speakers, language.replace("_", "-")


def _ids(told: Mapping[str, Any], symbols: int) -> dict[str, tuple[int, ...]]:
    if not 3 <= len(told) <= MAX_SYMBOLS:
        raise VoiceDataMissing(f"phoneme_id_map has {len(told)} symbols; 3 to {MAX_SYMBOLS} are allowed")
    ids = {}
    for symbol, values in told.items():
        if not isinstance(values, list) or not 1 <= len(values) <= 8:
            raise VoiceDataMissing(f"phoneme_id_map: {symbol[:20]!r} has no list of 1 to 8 ids")
        ids[symbol] = tuple(_whole(value, f"phoneme_id_map, {symbol[:20]!r}", 0, symbols - 1) for value in values)
    if missing := [symbol for symbol in "_^$" if symbol not in ids]:
        raise VoiceDataMissing(f"phoneme_id_map lacks {', '.join(missing)}")
    return ids


def _speakers(told: Mapping[str, Any]) -> dict[str, int]:
    count = _whole(told.get("num_speakers", 1), "num_speakers", 1, MAX_SPEAKERS)
    if count == 1:
        return {}
    named = {str(name): _whole(index, f"speaker_id_map, {str(name)[:40]!r}", 0, count - 1)
             for name, index in (told.get("speaker_id_map") or {}).items()}  # fmt: skip
    return named or {str(index): index for index in range(count)}


def _whole(value: Any, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise VoiceDataMissing(f"{name} is {str(value)[:40]}; a whole number from {low} to {high} is expected")
    return value


def _number(value: Any, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise VoiceDataMissing(f"{name} is {str(value)[:40]}; a number from {low} to {high} is expected")
    if not low <= value <= high:
        raise VoiceDataMissing(f"{name} is {value}; a number from {low} to {high} is expected")
    return float(value)
