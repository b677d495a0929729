import numpy as np
import pytest

from tts_server.engine import Timing, Word
from tts_server.engines.english.timings import count_groups, group_spans, word_groups, word_timings

PHONEMES = "ab, cd!"  # starts: one phoneme every 100 samples
STARTS = np.arange(len(PHONEMES) + 1, dtype=np.int64) * 100


def test_spoken_words_are_counted_over_sentences() -> None:
    assert count_groups([PHONEMES, "x"]) == 3
    assert count_groups([]) == 0


def test_a_spoken_word_ends_before_the_pause_of_its_comma() -> None:
    assert group_spans(PHONEMES, STARTS) == [(0, 200), (400, 600)]


@pytest.mark.parametrize(
    ("counts", "groups", "owned"),
    [
        ([1, 1, 1], 3, [(0, 1), (1, 2), (2, 3)]),
        ([1, 3, 1], 5, [(0, 1), (1, 4), (4, 5)]),
        ([1, 1], 4, [(0, 2), (2, 4)]),
        ([1, 1, 1], 1, [(0, 1), (0, 1), (0, 1)]),
        ([0, 1], 1, [(0, 1), (0, 1)]),
        ([0], 1, []),
        ([1], 0, []),
    ],
)
def test_written_words_share_the_spoken_ones(counts: list[int], groups: int, owned: list[tuple[int, int]]) -> None:
    assert word_groups(counts, groups) == owned


def test_each_word_is_told_in_the_sentence_it_begins_in() -> None:
    words = [Word("one", 0, 3), Word("22", 4, 6), Word("three", 7, 12)]
    owned = [(0, 1), (1, 3), (3, 4)]
    assert word_timings(words, owned, [(0, 10), (20, 30), (30, 40)], 0) == (Timing(0, 3, 0, 10), Timing(4, 6, 20, 40))
    assert word_timings(words, owned, [(50, 60)], 3) == (Timing(7, 12, 50, 60),)
