"""A stretch of Chinese characters to words with syllables: readings, 儿化, breaks and sandhi together. Host's side."""

from collections.abc import Sequence
from dataclasses import dataclass

from tts_server.text import readings, words
from tts_server.text.assemble import Part
from tts_server.text.breaks import Unit, prosodic_breaks
from tts_server.text.linguistic import Break, Syllable
from tts_server.text.sandhi import Sound, apply
from tts_server.text.words import Token

# After these 儿 is a syllable of its own even where the dictionary is silent: 女儿 and 婴儿 mean children.
_CHILDREN = frozenset("女婴幼孤少健胎宠混弃男孙侄患小")


@dataclass(slots=True)
class _Spoken:
    """A syllable on its way: positions within the stretch."""

    char: str
    pinyin: str
    start: int
    end: int
    word: int


def parts_of(text: str, starts: Sequence[int], ends: Sequence[int]) -> list[Part]:
    """Read a stretch of Chinese characters. starts, ends: where each character stands in the segment's text."""
    tokens = words.cut(text)
    spoken = _merge_erhua(_syllables(tokens, readings.read(tokens)))
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


def given(text: str, pinyin: Sequence[str], start: int, end: int) -> Part:
    """A word whose reading the user gave: one syllable per pinyin, character by character where the numbers agree."""
    one_by_one = len(pinyin) == len(text) == end - start
    syllables = tuple(
        Syllable(text[i], sound, sound, start + i, start + i + 1)
        if one_by_one
        else Syllable(text, sound, sound, start, end)
        for i, sound in enumerate(pinyin)
    )
    return Part("zh", text, start, end, syllables, Break.WORD, glued=True)


def _syllables(tokens: Sequence[Token], pinyin: Sequence[str]) -> list[_Spoken]:
    return [
        _Spoken(token.text[at - token.start], pinyin[at], at, at + 1, word)
        for word, token in enumerate(tokens)
        for at in range(token.start, token.end)
        if pinyin[at]
    ]


def _merge_erhua(syllables: list[_Spoken]) -> list[_Spoken]:
    """花 + 儿 of one word become one syllable huar1."""
    merged: list[_Spoken] = []
    for syllable in syllables:
        last = merged[-1] if merged else None
        light = syllable.char == "儿" and syllable.pinyin == "er5" and last and last.word == syllable.word
        if light and last and last.char not in _CHILDREN and not last.pinyin.startswith("er"):
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
        sounds.append(Sound(syllable.char[0], syllable.pinyin, syllable.word, group, phrase))
    return sounds
