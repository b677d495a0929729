"""The phones, tones and syllables of Sambert voices that speak Sichuanese, Shanghainese or Cantonese.

There is no front end for them yet: what a voice of theirs can be given is symbols, written as `symbols.from_string`
reads them. `dialects.json` holds KAN-TTS's lists, in the order of the checkpoints' embedding rows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

NAMES: Final = ("Sichuan", "WuuShanghai", "ZhHK")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One language of the published voices besides Mandarin."""

    phones: tuple[str, ...]
    tones: tuple[str, ...]
    syllables: Mapping[str, tuple[str, ...]]  # without tone -> its phones


@cache
def dialect(name: str) -> Dialect:
    """Raises KeyError for a name that is not in `NAMES`."""
    read = json.loads(Path(__file__).with_name("dialects.json").read_text(encoding="utf-8"))[name]
    syllables = {syllable: tuple(phones.split()) for syllable, phones in read["syllables"].items()}
    return Dialect(tuple(read["phones"].split()), tuple(read["tones"].split()), syllables)
