"""Names that have to come back to the box that made them: it stands before them, so that a balancer can read it.

For clients such a name stays one word without a meaning.
"""

from typing import Final

MARK: Final = "~"  # goes unquoted in an address, and stands in no name of ours otherwise


def marked(box: str, name: str) -> str:
    """The name as it is told to a client. box: empty where there is one only."""
    return f"{box}{MARK}{name}" if box else name


def elsewhere(box: str, name: str) -> str:
    """Where that name belongs, as the end of a sentence; empty when it is ours, or tells nothing."""
    other, mark, _ = name.partition(MARK)
    printable = other[:32].isascii() and other[:32].replace("-", "").isalnum()
    return f"; it belongs to the box {other[:32]}" if mark and other != box and printable else ""
