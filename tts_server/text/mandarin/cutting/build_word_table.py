"""Makes the files of `cutting` of the dictionary and the model in jieba's source archive (development only).

python -m tts_server.text.mandarin.cutting.build_word_table jieba-0.42.1.tar.gz
"""

import ast
import sys
import tarfile
from array import array
from pathlib import Path
from typing import Any, Final

from marisa_trie import Trie

from tts_server.text.mandarin.cutting import unknown_tags
from tts_server.text.mandarin.cutting.unknown_tags import COUNT, NEVER, STATE_BITS, STATES
from tts_server.text.mandarin.cutting.unknown_words import FIRST, LAST, PLACES, UNIT
from tts_server.text.mandarin.cutting.word_table import COUNTS, MAX_WORD, TAG_BITS, TAGS, WORDS

_PLACES: Final = "BEMS"
_POSITIONS: Final = "BMES"  # as `unknown_tags` counts them
_IMPOSSIBLE: Final = -1e90
_MODEL: Final = ("prob_start", "prob_trans", "prob_emit", "char_state_tab")

State = tuple[str, str]  # a place in a word, a part of speech


def main(archive: Path) -> None:
    """Write the files."""
    with tarfile.open(archive) as opened:

        def read(name: str) -> str:
            found = opened.extractfile(f"{archive.name.removesuffix('.tar.gz')}/jieba/{name}")
            return (found or sys.exit(f"{archive} has no {name}")).read().decode()

        words, counts = packed_words(read("dict.txt"))
        WORDS.write_bytes(words)
        COUNTS.write_bytes(counts)
        PLACES.write_bytes(packed_places(_table(read("finalseg/prob_emit.py"))))
        STATES.write_bytes(packed_states(*(_table(read(f"posseg/{name}.py")) for name in _MODEL)))


def packed_words(dictionary: str) -> tuple[bytes, bytes]:
    """Words without Latin letters, which are never asked for; the sum counts them too."""
    lines = [line.split(" ") for line in dictionary.splitlines()]
    kept = {word: (int(count), tag) for word, count, tag in lines if not any(char.isascii() for char in word)}
    if max(map(len, kept)) > MAX_WORD:
        raise ValueError(f"a word has more than {MAX_WORD} characters")
    trie = Trie(list(kept), num_tries=3)
    counts = array("I", [0] * len(kept))
    for word, (count, tag) in kept.items():
        counts[trie[word]] = count << TAG_BITS | TAGS.index(tag)
    counts.append(sum(int(count) for _, count, _ in lines))
    return trie.tobytes(), counts.tobytes()


def packed_places(seen: dict[str, dict[str, float]]) -> bytes:
    """Log probabilities, to six places as rjieba has them; 0 where a character was never seen."""
    return array(
        "I", [round(-UNIT * seen[place].get(chr(code), 0)) for code in range(FIRST, LAST + 1) for place in _PLACES]
    ).tobytes()


def packed_states(
    start: dict[State, float],
    steps: dict[State, dict[State, float]],
    seen: dict[State, dict[str, float]],
    allowed: dict[str, tuple[State, ...]],
) -> bytes:
    """As `unknown_tags` reads it. Where a character has no states that are allowed, all are."""
    states = [(place, tag) for place in _POSITIONS for tag in unknown_tags.TAGS]
    begins, entries = [0], list[int]()
    for code in range(FIRST, LAST + 1):
        wanted = allowed.get(chr(code)) or states
        logs = {states.index(state): seen[state][chr(code)] for state in wanted if chr(code) in seen[state]}
        entries += (round(-UNIT * log) << STATE_BITS | state for state, log in sorted(logs.items()))
        begins.append(len(entries))
    starts = [_rounded(start[state]) for state in states]
    ways = [_rounded(steps[before].get(after)) for before in states for after in states]
    if len(starts) != COUNT:
        raise ValueError(f"there are {len(starts)} states, not {COUNT}")
    return array("I", [*starts, *ways, *begins, *entries]).tobytes()


def _rounded(log: float | None) -> int:
    return NEVER if log is None or log < _IMPOSSIBLE else round(-UNIT * log)


def _table(source: str) -> Any:
    """The one value of a module."""
    return ast.literal_eval(source.partition("P=")[2])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
