"""What patterns of the front end keep away from, so that every Python reads alike."""

import re
from pathlib import Path

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
