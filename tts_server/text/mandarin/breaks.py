"""Prosodic breaks: words to prosodic words, phrases and clauses, by rules of phrase structure and balance. Pure.

Every boundary between two words has a looseness, from their parts of speech: a verb clings to its 了, a measure to its
number, an adverb to what it modifies; between topic and comment, or before a preposition, speech may pause. Two
divisions of least cost follow (dynamic programming, linear in the clause): words into prosodic words of about two or
three syllables, these into phrases of about seven. Neither ever divides a word.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tts_server.text.linguistic.utterance import Break
from tts_server.text.mandarin.words import MEASURES

CLAUSE_MARKS = frozenset("，,、：:；;—–…（）()")  # a title in 《》 is said on without a pause
SENTENCE_MARKS = frozenset("。！？!?.；;…\n")
_FINAL_MARKS = frozenset("。！？!?.\n…")
_PARTICLES = frozenset("的地得了着过们吗呢吧啊呀嘛啦哦喔哇呐么儿里上下中内外前后之等")
_PARTICLE_TAGS = frozenset(("uj", "ul", "uz", "ug", "ud", "uv", "y", "f", "k"))
_LINKS = frozenset(("和", "与", "跟", "同", "及", "或", "以及", "或者", "还是"))
_PREPOSITIONS = frozenset("在把被从对向给为于往朝沿由让叫使用按替比靠以将")
_ADVERBS = frozenset("不很太都也就还才再又没别最更真挺好刚正只已曾常总快便仍却并将要会能可该想请先多")
_LONG_ADVERBS = frozenset(
    "正在 已经 曾经 一直 刚刚 马上 立刻 立即 总是 一定 必须 可以 应该 能够 非常 特别 十分 比较 更加".split()  # noqa: SIM905
)
_DIRECTIONS = frozenset("起来 下来 下去 出来 出去 过来 过去 上来 上去".split())  # noqa: SIM905
_UP_TO = frozenset(("到", "至"))
_MAX_REACH = 16  # words one division may span
_MAX_WITHOUT_PHRASE = 8  # syllables said in one go
_BREATH = 24  # a clause longer than this is given a pause as at a comma
_WORD_COST = (0.0, 1.3, 0.0, 0.1, 0.5, 1.6, 3.0, 5.0)  # of a prosodic word by its syllables
_LONG_WORD = 4  # a small word joins a word as long as this more easily than it stands alone
_NEVER = 9.0


@dataclass(frozen=True, slots=True)
class Unit:
    """What the rules look at: a word, its part of speech and its number of syllables."""

    text: str
    tag: str
    syllables: int


_ONE_OF = re.compile(f"[一几两][{''.join(sorted(MEASURES))}]")
_NOTHING = Unit("", "", 0)


def mark_break(punctuation: str) -> Break:
    """How strong a break a cluster of punctuation marks makes."""
    if any(mark in _FINAL_MARKS for mark in punctuation):
        return Break.SENTENCE
    if any(mark in CLAUSE_MARKS for mark in punctuation):
        return Break.CLAUSE
    return Break.NONE


def prosodic_breaks(units: Sequence[Unit]) -> list[Break]:
    """The break after each word of one clause (text without punctuation); the last is NONE, its mark decides."""
    ties = [_tie(units, index) for index in range(1, len(units))]
    breaks = [Break.NONE] * len(units)
    clusters = _clusters(ties)
    sizes = [sum(unit.syllables for unit in units[first:last]) for first, last in clusters]
    seams = [ties[last - 1] for _, last in clusters[:-1]]
    parting, joining = [max(0.0, tie) * 0.6 for tie in seams], [max(0.0, 0.8 - tie) * 0.7 for tie in seams]
    words = _divide(sizes, parting, joining, _word_cost)
    ends = [clusters[last - 1][1] - 1 for _, last in words[:-1]]
    for end in ends:
        breaks[end] = Break.WORD
    if sum(sizes) <= _MAX_WITHOUT_PHRASE:
        return breaks
    sizes = [sum(sizes[first:last]) for first, last in words]
    seams = [ties[end] for end in ends]
    phrases = _divide(sizes, [1.0 + tie for tie in seams], [max(0.0, -tie) * 0.3 for tie in seams], _phrase_cost)
    ends = [ends[last - 1] for _, last in phrases[:-1]]
    for end in ends:
        breaks[end] = Break.PHRASE
    for end in _breaths(units, ends, ties):
        breaks[end] = Break.CLAUSE
    return breaks


def _clusters(ties: Sequence[float]) -> list[tuple[int, int]]:
    """Words that nothing may come between, as stretches [first, last)."""
    found, first = [], 0
    for index, tie in enumerate(ties, 1):
        if tie < _NEVER:
            found.append((first, index))
            first = index
    return [*found, (first, len(ties) + 1)]


def _word_cost(size: int, largest: int) -> float:
    if size == largest:  # one word alone
        return _WORD_COST[1] if size == 1 else 0.0
    over = size - largest
    if largest >= _LONG_WORD:
        return over * over * 0.5
    return _WORD_COST[size] if size < len(_WORD_COST) else float(3 * size)


def _phrase_cost(size: int, largest: int) -> float:
    short, long = max(0, 4 - size), max(0, size - 9)
    return short * 1.1 + long * 1.3 + abs(size - 7) * 0.12


def _divide(
    sizes: Sequence[int], seams: Sequence[float], joints: Sequence[float], cost: Callable[[int, int], float]
) -> list[tuple[int, int]]:
    """The division of least cost, as stretches [first, last).

    seams, joints: what it costs to end a stretch after each element but the last, and to go on. cost: of a stretch by
    its size and the size of its largest element.
    """
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(sizes) + 1):
        size, largest, joined, choices = 0, 0, 0.0, []
        for start in range(end - 1, max(-1, end - 1 - _MAX_REACH), -1):
            size, largest = size + sizes[start], max(largest, sizes[start])
            joined += joints[start] if start < end - 1 else 0.0
            choices.append((best[start][0] + joined + cost(size, largest), start))
        total, start = min(choices)
        best.append((total + (seams[end - 1] if end < len(sizes) else 0.0), start))
    stretches, end = [], len(sizes)
    while end > 0:
        stretches.append((best[end][1], end))
        end = best[end][1]
    return stretches[::-1]


def _breaths(units: Sequence[Unit], ends: Sequence[int], ties: Sequence[float]) -> list[int]:
    """Which phrase ends become pauses so that nobody speaks on for more than a breath: the loosest within reach."""
    spoken = list(accumulate(unit.syllables for unit in units))
    chosen: list[int] = []
    since, near = 0, list[int]()
    for end in ends:
        if spoken[-1] - since <= _BREATH or spoken[-1] - spoken[end] < _BREATH // 3:
            break
        if spoken[end] - since < _BREATH // 3:
            continue
        near.append(end)
        if spoken[end] - since > _BREATH * 2 // 3:
            chosen.append(min(near, key=lambda end: (ties[end], -end)))
            since, near = spoken[chosen[-1]], []
    return chosen


def _tie(units: Sequence[Unit], index: int) -> float:
    """How firmly word index-1 and word index hold together: below 0 a pause is welcome, at _NEVER there is none."""
    left, right = units[index - 1], units[index]
    after = units[index + 1] if index + 1 < len(units) else _NOTHING
    if right.text == "是" and _ONE_OF.fullmatch(after.text) and left.syllables > 1:
        return -0.2  # 作者|是一位
    if right.tag == "f" and left.tag[:1] == "t" and after.text in ("了", "过", "着"):
        right = Unit(right.text, "v", 1)  # 晚上|下了
        return _structure(left, right) or 0.0
    for rule in (_clings_back, _clings_forward, _structure):
        tie = rule(left, right)
        if tie is not None:
            return tie
    return 0.6


def _clings_back(left: Unit, right: Unit) -> float | None:
    """Particles, places and measures belong to what is before them."""
    if right.syllables == 1 and (right.text in _PARTICLES or right.tag in _PARTICLE_TAGS):
        return _NEVER
    if left.tag == "m" and right.text[:1] in MEASURES and right.syllables == 1:
        return _NEVER
    if left.tag[:1] == "m" and right.text in ("多", "余", "来", "半", "左右", "以上", "以下", "以内"):
        return _NEVER
    if left.tag == "m" and (right.tag in ("m", "q") or right.text[:1] in MEASURES):
        return 2.0
    if right.tag in ("u", "y") or right.text in _DIRECTIONS:
        return 2.5
    if left.text == "是":
        return 2.0 if _ONE_OF.fullmatch(right.text) else 0.3
    if right.text == "是":
        return 1.5 if left.syllables == 1 else 0.9
    return None


def _clings_forward(left: Unit, right: Unit) -> float | None:
    """Adverbs, prepositions, numbers and the like belong to what comes after them."""
    if left.text in _LINKS or left.text in _UP_TO:
        return 2.5
    if left.tag == "p" or (left.text in _PREPOSITIONS and left.syllables == 1):
        return 3.0
    if left.tag == "d" or left.text in _ADVERBS or left.text in _LONG_ADVERBS:
        return 2.5 if left.syllables == 1 else 1.2
    if left.tag in ("m", "mq", "q") and right.text not in _UP_TO and right.tag not in ("v", "p", "d", "c"):
        return 1.8
    if left.text in ("这", "那", "哪", "每", "某", "各", "本", "该", "此", "另"):
        return 3.0
    return None


def _structure(left: Unit, right: Unit) -> float | None:
    """Between phrases: topic and comment, before prepositions and links, after a time; inside verb and object."""
    first, second = left.tag[:1], right.tag[:1]
    if right.tag == "c" or right.text in _LINKS:
        return -0.8
    if first == "m" and right.text in _UP_TO:
        return -0.3
    if left.tag == "c":
        return 0.2
    if left.text[-1:] == "的":
        return 0.3 if right.tag in ("d", "p", "r") else 2.2 if right.syllables == 1 else 0.9
    if left.text[-1:] in "地得":
        return 1.6
    if first == "y" or left.text in ("了", "过"):
        return -0.2 if right.syllables > 1 or second in ("p", "d", "r") else 0.4
    if first == "t" or (first in ("f", "s") and second in ("v", "p", "d", "r")):
        return 1.0 if left.syllables == right.syllables == 1 else -0.7
    if right.tag == "p" or (right.text in _PREPOSITIONS and second == "p"):
        return 1.2 if left.syllables == 1 and first == "v" else -0.5
    if first == "r":
        return 1.4 if left.syllables == 1 else 0.6 if second in ("v", "d", "p") else 1.2
    if first == "n" and second in ("v", "d", "r", "t", "a"):
        return 0.8 if left.syllables == right.syllables == 1 else -0.6
    if first == "v" and second in ("n", "r", "m", "a", "s", "t"):
        return 1.6 if left.syllables == 1 else 0.9
    if first == "v" and second == "v":
        return 1.8 if left.syllables == 1 else 0.5 if right.syllables == 1 else 0.7
    if first in ("n", "a", "b", "s", "f") and second == "n":
        return 1.5
    return None
