"""Which pinyin each character has: phrases of pypinyin's dictionary, then rules for polyphones. Host's side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock

from tts_server.text.mandarin import neutral, pinyin_table, reading_tables
from tts_server.text.mandarin.cutting import cutter
from tts_server.text.mandarin.pinyin_table import MAX_PHRASE, PinyinTable
from tts_server.text.mandarin.polyphones import choose
from tts_server.text.mandarin.words import Token, cut, has_light_er

Phrase = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Readings by character and by phrase: a large table, and over it words of our own."""

    table: PinyinTable
    phrases: Mapping[str, str | None]  # our own; None where context decides, whatever the table says
    characters: Mapping[str, str]  # usual readings of our own
    alone: Mapping[str, str]  # the reading of a character that is a word of its own
    pairs: frozenset[str]  # words of two characters that are cut in two, being no words elsewhere

    def usual(self, char: str) -> str:
        """The most frequent reading of a character, or "" when it has none."""
        return self.characters.get(char) or next(iter(self.table.character(char)), "")

    def phrase(self, word: str) -> str | None:
        """The pinyin of a word of several characters, separated by spaces; None where it is no phrase."""
        return self.phrases[word] if word in self.phrases else self.table.phrase(word)


_loading = Lock()


def load() -> Lexicon:
    """Read the words of our own, once."""
    with _loading:
        return _lexicon()


def read(tokens: Sequence[Token], why: list[str] | None = None) -> list[str]:
    """One pinyin (tone digit; "" where a character has no reading) for each character of neighbouring words."""
    lexicon = load()
    text = "".join(token.text for token in tokens)
    found: list[str | None] = [None] * len(text)
    base = tokens[0].start if tokens else 0
    for token in tokens:
        for start, pinyin in _phrases_in(token.text, lexicon.phrase):
            at = token.start - base + start
            found[at : at + len(pinyin)] = pinyin
    for at, pinyin in _phrases_of_words(tokens, lexicon.phrase, lexicon.pairs):
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


def of_word(word: str) -> list[str]:
    """The reading of each character of a few words."""
    return read(cut(word))


def alternatives(char: str, but: str = "") -> list[str]:
    """The readings of a character, usual ones first, without one of them."""
    return [reading for reading in load().table.character(char) if reading != but] if len(char) == 1 else []


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


def _phrases_in(word: str, phrase: Phrase) -> Iterator[tuple[int, list[str]]]:
    """Known phrases inside a word, longest first from the left; a whole word of one character is never a phrase."""
    start = 0
    while start < len(word) - 1:
        for end in range(min(len(word), start + MAX_PHRASE), start + 1, -1):
            if (pinyin := phrase(word[start:end])) is not None:
                yield start, pinyin.split()
                start = end
                break
        else:
            start += 1


def _phrases_of_words(
    tokens: Sequence[Token], phrase: Phrase, pairs: frozenset[str]
) -> Iterator[tuple[int, list[str]]]:
    """Known phrases that several whole words make up, longest first from the left; of two characters only `pairs`."""
    index = 0
    while index < len(tokens) - 1:
        text, best = tokens[index].text, 0
        for last in range(index + 1, len(tokens)):
            text += tokens[last].text
            if len(text) > MAX_PHRASE:
                break
            if (len(text) > 2 or text in pairs) and (pinyin := phrase(text)) is not None:
                best, reading = last, pinyin
        if best:
            yield tokens[index].start, reading.split()
        index = max(best, index) + 1


@cache
def _lexicon() -> Lexicon:
    phrases: dict[str, str | None] = {}
    characters: dict[str, str] = {}
    alone: dict[str, str] = {}
    pairs: set[str] = set()
    for word, reading in reading_tables.words():
        if reading == reading_tables.CONTEXT_DECIDES:
            phrases[word] = None
        elif word.startswith("*"):
            characters[word[1]] = reading
        elif len(word) == 1:
            alone[word] = reading
        else:
            phrases[word] = reading
            if len(word) == 2 and len(cutter.cut(word)) == 2:
                pairs.add(word)
    return Lexicon(pinyin_table.load(), phrases, characters, alone, frozenset(pairs))
