"""The place where a reader of streamed text stands, as its rules see it. Pure.

A rule looks at a view and gives a Step: how many characters it takes, and what of them is spoken, or the cue they are.
None means that it cannot decide before more of the text is here.
"""

from dataclasses import dataclass
from re import Pattern
from typing import Final

from tts_server.markup.tokens import Cue, Gap

Step = tuple[int, str | Cue | Gap]
NOT_HERE: Final[Step] = (0, "")  # there is nothing of what was looked for


@dataclass(slots=True)
class View:
    """Text that has not been decided about, and a place in it."""

    held: str
    at: int
    previous: str  # the character before the place
    is_final: bool  # no more text follows

    @property
    def char(self) -> str:
        """The character at the place."""
        return self.held[self.at]

    @property
    def next(self) -> str | None:
        """The character after it: "" at the end of the text, None when it has not come yet."""
        if self.at + 1 < len(self.held):
            return self.held[self.at + 1]
        return "" if self.is_final else None

    def ahead(self, count: int) -> str:
        """The next `count` characters, or what there is of them."""
        return self.held[self.at : self.at + count]

    def may_become(self, begun: Pattern[str], at: int | None = None) -> bool:
        """Whether all text that is here fits a pattern of beginnings, and more may come."""
        return not self.is_final and begun.fullmatch(self.held, self.at if at is None else at) is not None
