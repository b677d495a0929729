"""Bare URLs: the site's name is read; path, query and port only where the owner wants links whole. Pure."""

import re
from typing import Final

from tts_server.markup.view import NOT_HERE, Step, View

_SITE = re.compile(r"[A-Za-z0-9.-]*")
_MAX_TAIL: Final = 8
_MAX_SAID: Final = 40  # characters of a URL that are read
_STARTS: Final = ("http://", "https://", "www.")
_CHARS = re.compile(r"[A-Za-z0-9._~/?#@!$&'*+,;=%:()-]+")
_SAID = re.compile(r"[A-Za-z0-9._~/:-]*")
_TAIL: Final = ".,;:!?)'*"  # at the end these belong to the sentence around the URL


class UrlReader:
    """Knows whether the text is inside a URL, and reads it."""

    def __init__(self, is_whole: bool = False) -> None:
        """is_whole: whether "www." and the path are read, too, up to a length."""
        self._is_whole = is_whole
        self.is_inside = False
        self._left = 0  # how many more characters are read
        self._begun = False  # right behind the scheme, where a "www." may stand

    def begin(self, view: View) -> Step | None:
        """The start of a URL; NOT_HERE where none begins."""
        if view.char not in "hHwW" or view.previous in "@./-_" or (view.previous.isascii() and view.previous.isalnum()):
            return NOT_HERE
        rest = view.ahead(8).lower()
        for start in _STARTS:
            if rest.startswith(start):
                self.is_inside = True
                said = view.ahead(4) if start == "www." and self._is_whole else ""
                self._left, self._begun = _MAX_SAID - len(said), start != "www."
                return len(start), said
            if not view.is_final and start.startswith(rest):
                return None
        return NOT_HERE

    def step(self, view: View) -> Step | None:
        """Inside a URL: its name and path, up to a length; NOT_HERE where it has ended, its last punctuation left."""
        match = _CHARS.match(view.held, view.at)
        stretch = match[0] if match else ""
        if not self._is_whole and self._begun and (www := self._www(view)) != NOT_HERE:
            return www
        if body := stretch.rstrip(_TAIL):
            if not self._is_whole:
                return self._site(body)
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

    def _www(self, view: View) -> Step | None:
        """The "www." of a site, which goes; NOT_HERE where there is none."""
        rest = view.ahead(4).lower()
        if "www.".startswith(rest) and len(rest) < 4 and not view.is_final:
            return None
        self._begun = False
        return (4, "") if rest == "www." else NOT_HERE

    def _site(self, body: str) -> Step:
        """Letters of the site's name; nothing of what comes behind it."""
        said = _SITE.match(body[: self._left])
        if self._left and said is not None and said[0]:
            self._left -= len(said[0])
            return len(said[0]), said[0]
        self._left = 0
        return len(body), ""
