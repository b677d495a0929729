"""Makes `pinyin.marisa` of the dictionaries of the installed pypinyin (development only).

python -m tts_server.text.mandarin.build_pinyin_table
"""

import json
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tts_server.text.linguistic.mapped_table import pack
from tts_server.text.mandarin.pinyin_table import FILE, MAX_PHRASE

_TONE_MARKS: Final = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_WITHOUT_SANDHI: Final = {"一": "yi1", "不": "bu4"}


def build() -> bytes:
    """The file's content: a character's readings, a phrase's pinyin, separated by spaces."""
    characters = dict(_characters())
    polyphones = {char for char, readings in characters.items() if " " in readings}
    entries = [*characters.items(), *_phrases(polyphones)]
    return pack((word, pinyin.encode("ascii")) for word, pinyin in entries)


@cache
def numbered(marked: str) -> str:
    """Tone mark to tone digit: "lǜ" is "lv4", "de" is "de5"."""
    plain, tone = "", "5"
    for char in unicodedata.normalize("NFD", marked.strip().replace("ɡ", "g")):
        if char in _TONE_MARKS:
            tone = _TONE_MARKS[char]
        elif char == "\u0308":
            plain = plain[:-1] + "v"
        elif char != "\u0302":
            plain += char
    return plain + tone


def _characters() -> Iterator[tuple[str, str]]:
    for code, marked in _dictionary("pinyin_dict.json").items():
        yield chr(int(code)), " ".join(dict.fromkeys(numbered(reading) for reading in marked.split(",")))


def _phrases(polyphones: set[str]) -> Iterator[tuple[str, str]]:
    """Phrases in which some character has more than one reading; 一 and 不 without sandhi."""
    for phrase, readings in _dictionary("phrases_dict.json").items():
        if len(readings) == len(phrase) <= MAX_PHRASE and len(phrase) > 1 and not polyphones.isdisjoint(phrase):
            pairs = zip(phrase, readings, strict=True)
            yield phrase, " ".join(_WITHOUT_SANDHI.get(char) or numbered(reading[0]) for char, reading in pairs)


def _dictionary(name: str) -> dict[str, Any]:
    spec = find_spec("pypinyin")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is not installed; it is of the development layer")
    document = Path(spec.submodule_search_locations[0]) / name
    found: dict[str, Any] = json.loads(document.read_text("utf-8"))
    return found


if __name__ == "__main__":
    FILE.write_bytes(build())
