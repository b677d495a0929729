"""What a rule of the English front end is: a pattern, what is said for it, and what must be in a text for it. Pure."""

import re
from re import Pattern
from typing import Final, NamedTuple

from tts_server.text.linguistic.aligned import Say

D: Final = "0123456789"


class Rule(NamedTuple):
    """needs: characters of which a text has at least one where the pattern is found; most texts have none of them."""

    pattern: Pattern[str]
    say: Say
    needs: frozenset[str] = frozenset()


def rules(*rows: tuple[str, Say] | tuple[str, Say, str]) -> tuple[Rule, ...]:
    """Rows of pattern, function and what it needs, ready for use."""
    return tuple(Rule(re.compile(row[0]), row[1], frozenset(row[2]) if len(row) == 3 else frozenset()) for row in rows)
