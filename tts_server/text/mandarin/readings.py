"""Which pinyin each character has: phrases of pypinyin's dictionary, then rules for polyphones. Host's side.

The dictionary files are read straight from the installed package: importing pypinyin would build its tables as nested
lists (52 MB, where these take a few) that only its own functions need.
"""

import json
import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import rjieba

from tts_server.text.mandarin import neutral, reading_tables
from tts_server.text.mandarin.polyphones import choose
from tts_server.text.mandarin.words import Token, cut, has_light_er

_TONE_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
_FIRST, _LAST = 0x3400, 0x9FFF  # the block kept as an array; rarer characters are in a dict
_MAX_PHRASE = 8
_VALUE = re.compile(r"\s*:\s*")


@dataclass(slots=True)
class Lexicon:
    """Readings by character and by phrase."""

    syllables: list[str]  # every reading there is; [0] means none
    block: "array[int]"  # index of the usual reading of each character from _FIRST on
    rare: dict[str, int]
    alone: dict[str, str]  # the reading of a character that is a word of its own
    phrases: dict[str, str] = field(repr=False)  # only phrases that hold a polyphone; pinyin separated by spaces
    pairs: frozenset[str] = frozenset()  # words of two characters that are cut in two, being no words elsewhere

    def usual(self, char: str) -> str:
        """The most frequent reading of a character, or "" when it has none."""
        place = ord(char) - _FIRST
        return self.syllables[self.block[place] if 0 <= place <= _LAST - _FIRST else self.rare.get(char, 0)]


_lexicon: Lexicon | None = None
_loading = Lock()


def load() -> Lexicon:
    """Read the dictionaries, once."""
    global _lexicon
    if _lexicon is None:
        with _loading:
            if _lexicon is None:
                _lexicon = _read_lexicon(_data_folder())
                reading_tables.load()
    return _lexicon


def read(tokens: Sequence[Token], why: list[str] | None = None) -> list[str]:
    """One pinyin (tone digit; "" where a character has no reading) for each character of neighbouring words."""
    lexicon = load()
    text = "".join(token.text for token in tokens)
    found: list[str | None] = [None] * len(text)
    base = tokens[0].start if tokens else 0
    for token in tokens:
        for start, pinyin in _phrases_in(token.text, lexicon.phrases):
            at = token.start - base + start
            found[at : at + len(pinyin)] = pinyin
    for at, pinyin in _phrases_of_words(tokens, lexicon.phrases, lexicon.pairs):
        found[at - base : at - base + len(pinyin)] = pinyin
    chosen = choose(text, tokens, base, found, lexicon.alone)
    if why is not None:
        why += map(_source, found, chosen)
    pinyin = [known or lexicon.usual(char) for known, char in zip(chosen, text, strict=True)]
    for token in tokens:
        if has_light_er(token.text):
            pinyin[token.end - base - 1] = "er5"
        for place in neutral.places(token.text, token.tag):
            at = token.start - base + place
            pinyin[at] = pinyin[at][:-1] + "5"
    return pinyin


@lru_cache(maxsize=4096)
def alternatives(char: str, but: str = "") -> list[str]:
    """The readings of a character, usual ones first, without one of them. Slow: milliseconds, of a file."""
    if len(char) != 1:
        return []
    document = (_data_folder() / "pinyin_dict.json").read_text("utf-8")
    found = re.search(rf'"{ord(char)}"\s*:\s*"([^"]*)"', document)
    known = dict.fromkeys(numbered(marked) for marked in (found[1].split(",") if found else ()))
    return [reading for reading in known if reading != but]


def _source(phrase: str | None, chosen: str | None) -> str:
    """Where a reading comes from: the dictionary of phrases, the rules over context, or the character's usual one."""
    if chosen is None:
        return "usual"
    return "phrase" if phrase == chosen else "rule"


def explain(text: str) -> list[tuple[str, str, str, str]]:
    """For each character of a stretch of Chinese: it, its word and part of speech, its pinyin, and what chose that."""
    tokens, why = cut(text), list[str]()
    pinyin = read(tokens, why)
    return [
        (token.text[at - token.start], f"{token.text}/{token.tag}", pinyin[at], why[at])
        for token in tokens
        for at in range(token.start, token.end)
    ]


def _phrases_in(word: str, phrases: dict[str, str]) -> Iterator[tuple[int, list[str]]]:
    """Known phrases inside a word, longest first from the left; a whole word of one character is never a phrase."""
    start = 0
    while start < len(word) - 1:
        for end in range(min(len(word), start + _MAX_PHRASE), start + 1, -1):
            if (pinyin := phrases.get(word[start:end])) is not None:
                yield start, pinyin.split()
                start = end
                break
        else:
            start += 1


def _phrases_of_words(
    tokens: Sequence[Token], phrases: dict[str, str], pairs: frozenset[str]
) -> Iterator[tuple[int, list[str]]]:
    """Known phrases that several whole words make up, longest first from the left; of two characters only `pairs`."""
    index = 0
    while index < len(tokens) - 1:
        text, best = tokens[index].text, 0
        for last in range(index + 1, len(tokens)):
            text += tokens[last].text
            if len(text) > _MAX_PHRASE:
                break
            if (len(text) > 2 or text in pairs) and text in phrases:
                best = last
                reading = phrases[text]
        if best:
            yield tokens[index].start, reading.split()
        index = max(best, index) + 1


def _data_folder() -> Path:
    spec = find_spec("pypinyin")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is not installed; the Mandarin front end needs its dictionaries")
    return Path(spec.submodule_search_locations[0])


def _read_lexicon(folder: Path) -> Lexicon:
    codes: dict[str, int] = {"": 0}
    block, rare = array("H", bytes(2 * (_LAST - _FIRST + 1))), {}
    polyphones: set[str] = set()
    for code, marked in _entries((folder / "pinyin_dict.json").read_text("utf-8")):
        char = chr(int(code))
        usual, _, others = marked.partition(",")
        if others:
            polyphones.add(char)
        index = codes.setdefault(numbered(usual), len(codes))
        if _FIRST <= ord(char) <= _LAST:
            block[ord(char) - _FIRST] = index
        else:
            rare[char] = index
    alone: dict[str, str] = {}
    pairs: set[str] = set()
    phrases = dict(_read_phrases(folder / "phrases_dict.json", polyphones))
    for word, reading in reading_tables.words():
        if reading == reading_tables.CONTEXT_DECIDES:
            phrases.pop(word, None)
        elif word.startswith("*"):
            block[ord(word[1]) - _FIRST] = codes.setdefault(reading, len(codes))
        elif len(word) == 1:
            alone[word] = reading
        else:
            phrases[word] = reading
            if len(word) == 2 and len(rjieba.cut(word)) == 2:
                pairs.add(word)
    return Lexicon(list(codes), block, rare, alone, phrases, frozenset(pairs))


def _read_phrases(path: Path, polyphones: set[str]) -> Iterator[tuple[str, str]]:
    """Phrases in which some character has more than one reading; 一 and 不 without sandhi."""
    for phrase, readings in _entries(path.read_text("utf-8")):
        if len(readings) == len(phrase) <= _MAX_PHRASE and not polyphones.isdisjoint(phrase):
            pinyin = (
                {"一": "yi1", "不": "bu4"}.get(char) or numbered(reading[0])
                for char, reading in zip(phrase, readings, strict=True)
            )
            yield phrase, " ".join(pinyin)


def _entries(document: str) -> Iterator[tuple[str, Any]]:
    """The members of a JSON object one by one: all at once they would leave 40 MB of holes in the heap."""
    decoder = json.JSONDecoder()
    at = document.find('"')
    while at >= 0:
        key, at = decoder.raw_decode(document, at)
        value, at = decoder.raw_decode(document, _VALUE.match(document, at).end())  # type: ignore[union-attr]
        yield key, value
        at = document.find('"', at)


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
