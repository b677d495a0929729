"""A large dictionary as a file that is mapped into memory: nothing is read before it is asked for. Thread-safe.

Python's dict takes 100 bytes an entry and more, this some 10, and pages of it that are used are shared by processes.
"""

from collections.abc import Iterable
from pathlib import Path

from marisa_trie import BytesTrie


class MappedTable:
    """Text to bytes."""

    def __init__(self, file: Path) -> None:
        """Raises OSError."""
        self._trie = BytesTrie().mmap(str(file))

    def get(self, key: str) -> bytes | None:
        """What stands under a key; None where it is not known."""
        if "\0" in key:  # the trie takes it for the end of a key, and finds another
            return None
        try:
            found: list[bytes] | None = self._trie.get(key)
        except UnicodeEncodeError:  # half of a surrogate pair
            return None
        return found[0] if found else None


def pack(entries: Iterable[tuple[str, bytes]]) -> bytes:
    """The file's content. Keys hold no NUL."""
    packed: bytes = BytesTrie(list(entries), num_tries=5).tobytes()
    return packed
