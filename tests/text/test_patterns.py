"""What patterns of the front end keep away from, so that every Python reads alike."""

import re
from pathlib import Path

from tests.text.cases import GOLDEN
from tts_server.text.english import english
from tts_server.text.linguistic.aligned import Aligned

ROOM = Path(__file__).parents[2] / "tts_server/text"
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+")


def test_no_group_is_repeated_possessively() -> None:
    """Python 3.11.2, that of Debian 12, keeps what an alternative took before its lookahead failed; `(?>...)` it does
    not."""
    found = [
        f"{file.name}: {match.group()}"
        for file in sorted(ROOM.rglob("*.py"))
        for match in POSSESSIVE_GROUP.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_rule_is_found_only_where_what_it_needs_is() -> None:
    texts = [line.split("\t")[0] for line in (GOLDEN / "english_reported.tsv").read_text("utf-8").splitlines()[1:]]
    written = [aligned.text for text in texts for aligned in _stages(text)]
    for pattern, _, needs in english._rules():
        without = [text for text in written if needs.isdisjoint(text)] if needs else []
        assert not any(pattern.search(text) for text in without), pattern.pattern


def _stages(text: str) -> list[Aligned]:
    """A text before any rule and after all."""
    return [Aligned.identity(text), english.normalise(Aligned.identity(text))]
