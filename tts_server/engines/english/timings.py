"""When each written word is heard: from the durations of phonemes to words of the client's text."""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from tts_server.engine import Timing, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GROUP: Final = re.compile(r"\S+")  # phonemes of one spoken word; "2024" makes three groups
MARKS: Final = ';:,.!?—…"“”()'  # they last as long as the pause after the word


def count_groups(sentences: Sequence[str]) -> int:
    """How many spoken words the phoneme strings hold."""
    return sum(len(GROUP.findall(sentence)) for sentence in sentences)


def group_spans(phonemes: str, starts: "NDArray[np.int64]") -> list[tuple[int, int]]:
    """First and last sample of each spoken word of a sentence. starts: (phonemes + 1,) samples."""
    spans = []
    for group in GROUP.finditer(phonemes):
        end = group.start() + max(1, len(group.group().rstrip(MARKS)))
        spans.append((int(starts[group.start()]), int(starts[end])))
    return spans


def word_groups(counts: Sequence[int], groups: int) -> list[tuple[int, int]]:
    """Which spoken words [first, last) each written word became.

    counts: how many each makes when said alone. In a sentence the sum may differ ("10 am"): they share by proportion.
    """
    total = sum(counts)
    if not total or not groups:
        return []
    bounds = [bound * groups // total for bound in accumulate(counts, initial=0)]
    return [(min(first, groups - 1), max(last, min(first, groups - 1) + 1)) for first, last in pairwise(bounds)]


def word_timings(
    words: Sequence[Word], owned: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]], first_group: int
) -> tuple[Timing, ...]:
    """Timings of the words that begin in one sentence, whose spoken words are first_group, first_group + 1, …"""
    timings = []
    for word, (first, last) in zip(words, owned, strict=False):
        begin = first - first_group
        if 0 <= begin < len(spans):
            end = min(last - first_group, len(spans)) - 1
            timings.append(Timing(word.start, word.end, spans[begin][0], spans[end][1]))
    return tuple(timings)
