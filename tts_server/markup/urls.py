"""Bare URLs: the scheme, the query and what makes them long are not read. Pure."""

import re
from typing import Final

from tts_server.markup.view import NOT_HERE, Step, View

_MAX_TAIL: Final = 8
_MAX_SAID: Final = 40  # characters of a URL that are read
_STARTS: Final = ("http://", "https://", "www.")
_CHARS = re.compile(r"[A-Za-z0-9._~/?#@!$&'*+,;=%:()-]+")
_SAID = re.compile(r"[A-Za-z0-9._~/:-]*")
_TAIL: Final = ".,;:!?)'*"  # at the end these belong to the sentence around the URL


class UrlReader:
    """Knows whether the text is inside a URL, and reads it."""

    def __init__(self) -> None:
        self.is_inside = False
        self._left = 0  # how many more characters are read

    def begin(self, view: View) -> Step | None:
        """The start of a URL; NOT_HERE where none begins."""
        if view.char not in "hHwW" or view.previous in "@./-_" or (view.previous.isascii() and view.previous.isalnum()):
            return NOT_HERE
        rest = view.ahead(8).lower()
        for start in _STARTS:
            if rest.startswith(start):
                self.is_inside = True
                said = view.ahead(4) if start == "www." else ""
                self._left = _MAX_SAID - len(said)
                return len(start), said
            if not view.is_final and start.startswith(rest):
                return None
        return NOT_HERE

    def step(self, view: View) -> Step | None:
        """Inside a URL: its name and path, up to a length; NOT_HERE where it has ended, its last punctuation left."""
        match = _CHARS.match(view.held, view.at)
        stretch = match[0] if match else ""
        if body := stretch.rstrip(_TAIL):
            said = _SAID.match(body[: self._left])
            if not said or not said[0]:
                self._left = 0
                return len(body), ""
            self._left -= len(said[0])
            return len(said[0]), said[0]
        if stretch and view.at + len(stretch) == len(view.held) and not view.is_final and len(stretch) < _MAX_TAIL:
            return None
        self.is_inside = False
        return NOT_HERE
