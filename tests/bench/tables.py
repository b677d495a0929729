"""Tables of documents that a program writes anew."""

import re
from pathlib import Path


def write_table(document: Path, name: str, made: str) -> None:
    """Put a table in place of the one between `<!-- NAME -->` and `<!-- end -->`."""
    pattern = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
    text = document.read_text(encoding="utf-8")
    assert pattern.search(text), f"{document} has no place for {name}"
    document.write_text(pattern.sub(lambda _: made, text, count=1), encoding="utf-8")
