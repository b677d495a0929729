"""Stretches of Chinese characters to words with syllables: readings, 儿化, breaks and sandhi together. Host's side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from tts_server.text.linguistic.part import Part
from tts_server.text.linguistic.utterance import Break, Syllable
from tts_server.text.mandarin import readings, words
from tts_server.text.mandarin.breaks import Unit, prosodic_breaks
from tts_server.text.mandarin.sandhi import Sound, apply
from tts_server.text.mandarin.words import Token

_GIVEN = "nz"  # the part of speech of a word whose reading is given


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters said in one go with their neighbours; starts, ends: where each stands in the segment's text."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    pinyin: Sequence[str] = ()  # given: this is one word, read like this
    is_exact: bool = False  # and no sandhi changes it


@dataclass(slots=True)
class _Spoken:
    """A syllable on its way: positions within the stretch."""

    char: str
    pinyin: str
    start: int
    end: int
    word: int
    fixed: bool = False


def parts_of(pieces: Sequence[Piece]) -> list[Part]:
    """Read neighbouring pieces of text: one part for each word."""
    tokens, given = _tokens(pieces)
    starts = list(chain.from_iterable(piece.starts for piece in pieces))
    ends = list(chain.from_iterable(piece.ends for piece in pieces))
    spoken = _merge_erhua(_syllables(tokens, readings.read(tokens), given))
    counts = [0] * len(tokens)
    for syllable in spoken:
        counts[syllable.word] += 1
    after = prosodic_breaks([Unit(token.text, token.tag, count) for token, count in zip(tokens, counts, strict=True)])
    surface = apply(_sounds(spoken, after))
    made: list[list[Syllable]] = [[] for _ in tokens]
    for index, (syllable, said) in enumerate(zip(spoken, surface, strict=True)):
        is_last = index + 1 == len(spoken) or spoken[index + 1].word != syllable.word
        made[syllable.word].append(
            Syllable(
                syllable.char, syllable.pinyin, said, starts[syllable.start], ends[syllable.end - 1],
                after[syllable.word] if is_last else Break.NONE,
            )
        )  # fmt: skip
    return [
        Part("zh", token.text, starts[token.start], ends[token.end - 1], tuple(syllables), strength, glued=True)
        for token, syllables, strength in zip(tokens, made, after, strict=True)
        if syllables
    ]


def _tokens(pieces: Sequence[Piece]) -> tuple[list[Token], dict[int, Piece]]:
    """All words in order, and which of them have a given reading."""
    tokens: list[Token] = []
    given: dict[int, Piece] = {}
    at = 0
    for piece in pieces:
        if piece.pinyin:
            given[len(tokens)] = piece
            tokens.append(Token(piece.text, at, at + len(piece.text), _GIVEN))
        else:
            tokens += (replace(token, start=token.start + at, end=token.end + at) for token in words.cut(piece.text))
        at += len(piece.text)
    return tokens, given


def _syllables(tokens: Sequence[Token], pinyin: Sequence[str], given: dict[int, Piece]) -> list[_Spoken]:
    spoken: list[_Spoken] = []
    for word, token in enumerate(tokens):
        if word in given:
            spoken += _given(given[word], token, word)
        else:
            spoken += (
                _Spoken(token.text[at - token.start], pinyin[at], at, at + 1, word)
                for at in range(token.start, token.end)
                if pinyin[at]
            )
    return spoken


def _given(piece: Piece, token: Token, word: int) -> list[_Spoken]:
    """One syllable per pinyin, character by character where the numbers agree."""
    if len(piece.pinyin) == len(token.text):
        return [
            _Spoken(char, sound, token.start + at, token.start + at + 1, word, piece.is_exact)
            for at, (char, sound) in enumerate(zip(token.text, piece.pinyin, strict=True))
        ]
    return [_Spoken(token.text, sound, token.start, token.end, word, piece.is_exact) for sound in piece.pinyin]


def _merge_erhua(syllables: list[_Spoken]) -> list[_Spoken]:
    """花 + a light 儿 of one word become one syllable huar1."""
    merged: list[_Spoken] = []
    for syllable in syllables:
        last = merged[-1] if merged else None
        light = syllable.char == "儿" and syllable.pinyin == "er5" and last and last.word == syllable.word
        if light and last and not last.fixed and not last.pinyin.startswith("er"):
            last.char += syllable.char
            last.pinyin = last.pinyin[:-1] + "r" + last.pinyin[-1]
            last.end = syllable.end
            continue
        merged.append(syllable)
    return merged


def _sounds(spoken: Sequence[_Spoken], after: Sequence[Break]) -> list[Sound]:
    sounds, group, phrase = [], 0, 0
    for index, syllable in enumerate(spoken):
        if index and syllable.word != spoken[index - 1].word:
            passed = max(after[spoken[index - 1].word : syllable.word])
            group += passed >= Break.WORD
            phrase += passed >= Break.PHRASE
        sounds.append(Sound(syllable.char[0], syllable.pinyin, syllable.word, group, phrase, syllable.fixed))
    return sounds
