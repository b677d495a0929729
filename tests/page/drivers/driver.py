"""What every browser here can be made to do."""

from typing import Any, Protocol


class BrowserPage(Protocol):
    """One page in a browser of its own."""

    name: str

    async def open(self, url: str) -> None:
        """Go there."""

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""

    async def click(self, selector: str) -> None:
        """As a person clicks."""

    async def resize(self, width: int, height: int) -> None:
        """CSS pixels."""

    async def picture(self) -> bytes:
        """A PNG of what is seen."""
