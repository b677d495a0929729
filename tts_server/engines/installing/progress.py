"""Who watches an installation."""

from typing import Protocol


class Progress(Protocol):
    """Who wants to know what is being done."""

    def step(self, what: str) -> None:
        """Something else is being done now."""

    def note(self, what: str) -> None:
        """Something to know about what is being done, which goes on."""

    def fetched(self, count: int, total: int) -> None:
        """So many more bytes of so many have arrived; negative when some must be fetched again."""
