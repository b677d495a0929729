"""An emoji that a client has cut in two, as programs do that count in UTF-16: two messages bring its halves. Pure."""

import re
from typing import Final

_HALF_AT_END: Final = re.compile(r'(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2})(?=")')
_HALF_AT_START: Final = re.compile(r'"(?=\\u[dD][c-fC-F][0-9a-fA-F]{2})')


class Surrogates:
    """Looks at the messages of one connection, as JSON, before they are parsed: a parser takes no halves."""

    def __init__(self) -> None:
        self._half = ""  # that ended the last text

    def joined(self, message: str) -> str:
        """The message without the half that ends its text, and with the one that ended the text before."""
        if "\\u" not in message:
            return message
        half, self._half = self._half, ""
        if half:
            message = _HALF_AT_START.sub(lambda quote: quote[0] + half, message, count=1)
        if ending := _HALF_AT_END.search(message):
            self._half = ending[2]
            message = message[: ending.start(2)] + message[ending.end(2) :]
        return message
