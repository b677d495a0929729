"""Prosodic breaks: words to prosodic words, phrases and clauses, by rule. Pure.

Prosodic words take two or three syllables: monosyllables lean on a neighbour, particles always on what is before them.
A clause longer than a phrase is divided where it costs least, phrases of about 4-7 syllables.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tts_server.text.linguistic import Break

CLAUSE_MARKS = frozenset("，,、：:；;—–…（）()《》")
SENTENCE_MARKS = frozenset("。！？!?.；;…\n")
_FINAL_MARKS = frozenset("。！？!?.\n…")
_PARTICLES = frozenset("的地得了着过们吗呢吧啊呀嘛啦哦喔哇呐么儿里上下中内外前后")
_PARTICLE_TAGS = frozenset(("uj", "ul", "uz", "ug", "ud", "uv", "y", "f", "k", "u"))
_OPENERS = frozenset(("p", "c", "d", "r"))
_MAX_PHRASE, _GOOD_PHRASE = 9, 6


@dataclass(frozen=True, slots=True)
class Unit:
    """What the rules look at: a word, its part of speech and its number of syllables."""

    text: str
    tag: str
    syllables: int


def mark_break(punctuation: str) -> Break:
    """How strong a break a cluster of punctuation marks makes."""
    if any(mark in _FINAL_MARKS for mark in punctuation):
        return Break.SENTENCE
    if any(mark in CLAUSE_MARKS for mark in punctuation):
        return Break.CLAUSE
    return Break.NONE


def prosodic_breaks(units: Sequence[Unit]) -> list[Break]:
    """The break after each word of one clause (text without punctuation); the last is NONE, its mark decides."""
    groups = _prosodic_words(units)
    breaks = [Break.NONE] * len(units)
    for group in groups[:-1]:
        breaks[group[-1]] = Break.WORD
    for index in _phrase_ends(units, groups):
        breaks[groups[index][-1]] = Break.PHRASE
    return breaks


def _prosodic_words(units: Sequence[Unit]) -> list[list[int]]:
    """Indices of the words in each prosodic word."""
    groups: list[list[int]] = []
    size = 0
    for index, unit in enumerate(units):
        if groups and _leans_back(units, groups[-1], size, index):
            groups[-1].append(index)
            size += unit.syllables
        else:
            groups.append([index])
            size = unit.syllables
    return groups


def _leans_back(units: Sequence[Unit], group: Sequence[int], size: int, index: int) -> bool:
    unit, last = units[index], units[group[-1]]
    total = size + unit.syllables
    if unit.syllables == 1 and (unit.text in _PARTICLES or unit.tag in _PARTICLE_TAGS):
        return total <= 5
    if last.text in "的了着过吗呢吧" or total > 3:
        return False
    if unit.syllables == 1 and unit.tag in _OPENERS and index + 1 < len(units):
        return len(group) == 1 and size == 1 and last.tag in _OPENERS
    return last.syllables == 1 or unit.syllables == 1


def _phrase_ends(units: Sequence[Unit], groups: Sequence[Sequence[int]]) -> list[int]:
    """Which groups end a phrase: least cost over all divisions (dynamic programming, linear in the clause)."""
    sizes = [sum(units[index].syllables for index in group) for group in groups]
    if sum(sizes) <= _MAX_PHRASE - 1:
        return []
    best: list[tuple[float, int]] = [(0.0, -1)]
    for end in range(1, len(groups) + 1):
        length, choices = 0, []
        for start in range(end - 1, max(-1, end - 1 - _MAX_PHRASE), -1):
            length += sizes[start]
            cost = abs(length - _GOOD_PHRASE) ** 2 / 4 + (_joint_cost(units, groups, end) if end < len(groups) else 0)
            choices.append((best[start][0] + cost, start))
            if length > 2 * _MAX_PHRASE:
                break
        best.append(min(choices))
    ends, at = [], best[len(groups)][1]
    while at > 0:
        ends.append(at - 1)
        at = best[at][1]
    return ends


def _joint_cost(units: Sequence[Unit], groups: Sequence[Sequence[int]], end: int) -> float:
    """How unnatural a pause is between group end-1 and group end."""
    last, following = units[groups[end - 1][-1]], units[groups[end][0]]
    if following.tag in ("p", "c"):
        return 0.0
    if last.tag in ("p", "c", "d", "m", "mq") or following.tag.startswith("u"):
        return 6.0
    if last.text == "的":
        return 3.0
    return 1.0 if following.tag[:1] in ("v", "d", "r") else 2.0
