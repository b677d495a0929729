"""Words that no dictionary has, by jieba's model of where in a word a character stands. Host's side, pure.

A hidden Markov model: each character begins a word, is inside one, ends one, or is one. Of equally likely ways the one
that rjieba's takes is taken.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from tts_server.text.mandarin.cutting.word_table import mapped_integers

PLACES: Final = Path(__file__).with_name("places.costs")  # four a character: begins, ends, inside, alone
FIRST, LAST = 0x4E00, 0x9FD5  # the characters that the model knows
UNIT: Final = 1e6  # how many of the file's integers are one of log probability; they count downwards
_NEVER: Final = -3.14e100
_BLOCKS: Final = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]+|[^{chr(FIRST)}-{chr(LAST)}]+")
_BEGINS, _ENDS, _INSIDE, _ALONE = range(4)
_START: Final = (-0.26268660809250016, _NEVER, _NEVER, -1.4652633398537678)
# What may stand before each place, and how likely the step is; of two equal ways the second is taken.
_BEFORE: Final = (
    ((_ENDS, -0.5897149736854513), (_ALONE, -0.7211965654669841)),
    ((_BEGINS, -0.51082562376599), (_INSIDE, -0.33344856811948514)),
    ((_BEGINS, -0.916290731874155), (_INSIDE, -1.2603623820268226)),
    ((_ENDS, -0.8085250474669937), (_ALONE, -0.6658631448798212)),
)


def cut(text: str) -> Iterator[str]:
    """Cut characters that are no words of the dictionary together."""
    for block in _BLOCKS.findall(text):
        if len(block) == 1 or not FIRST <= ord(block[0]) <= LAST:
            yield block
        else:
            yield from _cut_block(block)


def _cut_block(block: str) -> Iterator[str]:
    begin = 0
    for index, place in enumerate(_places(block)):
        if place == _BEGINS:
            begin = index
        elif place == _ALONE:
            yield block[index]
        elif place == _ENDS:
            yield block[begin : index + 1]


def _places(block: str) -> list[int]:
    """The likeliest place of each character, by Viterbi's algorithm."""
    seen = _seen(block[0])
    scores = [start + log for start, log in zip(_START, seen, strict=True)]
    steps: list[list[int]] = []
    for char in block[1:]:
        step, reached = [], []
        for (first, first_log), (second, second_log), log in (
            (*before, log) for before, log in zip(_BEFORE, _seen(char), strict=True)
        ):
            by_first, by_second = scores[first] + first_log + log, scores[second] + second_log + log
            step.append(second if by_second >= by_first else first)
            reached.append(max(by_first, by_second))
        steps.append(step)
        scores = reached
    place = _ALONE if scores[_ALONE] >= scores[_ENDS] else _ENDS
    places = [place]
    for step in reversed(steps):
        place = step[place]
        places.append(place)
    return places[::-1]


def _seen(char: str) -> tuple[float, ...]:
    """How likely a character is at each place."""
    at = 4 * (ord(char) - FIRST)
    return tuple(-cost / UNIT if cost else _NEVER for cost in _costs()[at : at + 4])


@cache
def _costs() -> memoryview:
    return mapped_integers(PLACES)
