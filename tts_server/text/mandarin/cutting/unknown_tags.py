"""What part of speech a word has that no dictionary knows, by jieba's second model. Host's side, pure.

A hidden Markov model like that of `unknown_words`, whose states are a place in a word together with a part of speech.
It may cut the word again: the longest part then speaks for the whole.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from tts_server.text.mandarin.cutting.unknown_words import FIRST, LAST
from tts_server.text.mandarin.cutting.word_table import mapped_integers

# 32-bit integers. A cost is minus a log probability in millionths: of starting in each state, of each step from one to
# another; then where the entries of each character begin, and the entries: a state, above it what it costs there.
STATES: Final = Path(__file__).with_name("states.costs")
TAGS: Final = (
    *("a", "ad", "ag", "an", "b", "bg", "c", "d", "df", "dg", "e", "en", "f", "g", "h", "i", "in", "j", "jn", "k"),
    *("l", "ln", "m", "mg", "mq", "n", "ng", "nr", "nrfg", "nrt", "ns", "nt", "nz", "o", "p", "q", "qe", "qg", "r"),
    *("rg", "rr", "rz", "s", "t", "tg", "u", "ud", "ug", "uj", "ul", "uv", "uz", "v", "vd", "vg", "vi", "vn", "vq"),
    *("w", "x", "y", "yg", "z", "zg"),
)
COUNT: Final = 4 * len(TAGS)  # of states: those that begin a word, are inside one, end one, are one
STATE_BITS: Final = 8
NEVER: Final = 2**32 - 1
UNKNOWN: Final = "x"
_STEPS: Final = COUNT
_PLACES: Final = _STEPS + COUNT * COUNT
_ENTRIES: Final = _PLACES + LAST - FIRST + 2
_ENDS, _ALONE = 2, 3


@lru_cache(1024)
def guess(word: str) -> str:
    """The part of speech of a word of Chinese characters."""
    states = _states(word)
    best, tag, begin = 0, UNKNOWN, 0
    for index, state in enumerate(states):
        place = state // len(TAGS)
        if place == _ALONE:
            begin = index
        if place >= _ENDS and index + 1 - begin >= best:
            best, tag = index + 1 - begin, TAGS[state % len(TAGS)]
        if place >= _ENDS:
            begin = index + 1
    return tag


def _states(word: str) -> list[int]:
    """The likeliest states, by Viterbi's algorithm; none where there is no way through. Of equal ones the first."""
    costs = _costs()
    paid = {state: costs[state] + cost for state, cost in _seen(word[0]) if costs[state] != NEVER}
    came: list[dict[int, int]] = []
    for char in word[1:]:
        reached: dict[int, int] = {}
        step: dict[int, int] = {}
        for state, cost in _seen(char):
            ways = [
                (so_far + way, before)
                for before, so_far in paid.items()
                if (way := costs[_STEPS + before * COUNT + state]) != NEVER
            ]
            if ways:
                least, step[state] = min(ways)
                reached[state] = least + cost
        came.append(step)
        paid = reached
    ends = [(cost, state) for state, cost in paid.items() if state // len(TAGS) >= _ENDS]
    if not ends:
        return []
    states = [min(ends)[1]]
    for step in reversed(came):
        states.append(step[states[-1]])
    return states[::-1]


def _seen(char: str) -> list[tuple[int, int]]:
    """The states that a character may stand in, each with its cost."""
    if not FIRST <= ord(char) <= LAST:
        return []
    costs, at = _costs(), _PLACES + ord(char) - FIRST
    entries = costs[_ENTRIES + costs[at] : _ENTRIES + costs[at + 1]]
    return [(entry & ((1 << STATE_BITS) - 1), entry >> STATE_BITS) for entry in entries]


@cache
def _costs() -> memoryview:
    return mapped_integers(STATES)
