"""Streamed raw text to what may be spoken: characters with their places, and inline tags. Daemon's side, pure.

Dropped: emoji (with their joiners, flags, skin tones, keycaps), markdown marks (emphasis, headings, quotes, bullets,
links keep their text, fenced code goes whole), of bare URLs the scheme, the query and what makes them long, control
and zero-width characters, lone surrogates. `[happy]`, `[angry:1.4]`, `[pause:500]` become `Tag`s; `[[` is an escaped
bracket.

Any split of the input gives the same tokens: the cleaner holds back only what cannot be decided yet.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Characters:
    """Text to speak; offsets[i] is where text[i] stood in the client's text."""

    text: str
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """An inline tag without its brackets, code points [start, end) of the client's text."""

    text: str
    start: int
    end: int


Token = Characters | Tag

Step = tuple[int, str | Tag]  # raw characters taken, and what of them is spoken

_MAX_LINK_CHARS = 2048
_MAX_URL_TAIL = 8
_MAX_URL_SAID = 40  # characters of a URL that are read
_URL_STARTS = ("http://", "https://", "www.")
_URL_CHARS = re.compile(r"[A-Za-z0-9._~/?#@!$&'*+,;=%:()-]+")
_URL_SAID = re.compile(r"[A-Za-z0-9._~/:-]*")
_URL_TAIL = ".,;:!?)'*"  # at the end these belong to the sentence around the URL
_PLAIN = re.compile(r"[^A-Za-z0-9*_~`#>+\-\[\]|\s]+")
_WORD = re.compile(r"[A-Za-z0-9]+")
_TAG = re.compile(r"\[([A-Za-z0-9:._-]{1,32})\]")
_TAG_BEGUN = re.compile(r"\[[A-Za-z0-9:._-]{0,32}\]?")
_TARGET = re.compile(rf"\([!-'*-~]{{0,{_MAX_LINK_CHARS}}}\)")
_TARGET_BEGUN = re.compile(rf"(?:\([!-'*-~]{{0,{_MAX_LINK_CHARS}}})?")
_LINE_MARK = re.compile(r"(?:#{1,6}|>|[-*+])(?=[ \t])")
_LINE_MARK_BEGUN = re.compile(r"#{1,6}|>|[-*+]")
_NUMBERED = re.compile(r"([0-9]{1,3})\.(?=[ \t])")
_NUMBERED_BEGUN = re.compile(r"[0-9]{1,3}\.?")
_KEYCAP = ("\ufe0f", "\u20e3")
_LINE_ENDS = "\n\x0b\x0c\x85\u2028\u2029"


@lru_cache(maxsize=4096)
def speakable(char: str) -> str:
    """What of one character goes on: itself, a plain space or newline in its place, or nothing."""
    if char in _LINE_ENDS:
        return "\n"
    category = unicodedata.category(char)
    if category == "Zs" or char == "\t":
        return " "
    if category[0] == "C" or char in "\ufe0e\ufe0f\u20e3" or char >= "\U000e0000":
        return ""
    if "\u2190" <= char <= "\u21ff" or "\U0001f000" <= char <= "\U0001faff":
        return ""
    if category == "So" and char != "°" and (char in "©®™" or unicodedata.normalize("NFKC", char) == char):
        return ""  # ☀ goes; ℃ and ㎡ are units and stay
    return char


class Cleaner:
    """Cleans a stream of text piece by piece."""

    def __init__(self) -> None:
        self.received = 0  # code points fed so far
        self._held = ""  # raw text not decided yet
        self._previous = "\n"  # the raw character before the held text
        self._line_start = True
        self._in_fence = False
        self._in_url = False
        self._url_left = 0  # how many more characters of the URL are read
        self._in_link = False  # after a [ that may open a link

    @property
    def held_chars(self) -> int:
        """Code points received and not decided yet."""
        return len(self._held)

    def feed(self, text: str) -> list[Token]:
        """Clean the next piece of the stream."""
        self.received += len(text)
        self._held += text
        return list(self._tokens(is_final=False))

    def flush(self) -> list[Token]:
        """Decide what was held back as if the text ended here. The stream may go on afterwards."""
        tokens = list(self._tokens(is_final=True))
        self._in_fence = self._in_url = self._in_link = False
        return tokens

    def _tokens(self, *, is_final: bool) -> Iterator[Token]:
        """Scan the held text as far as it can be decided; neighbouring characters make one token."""
        base = self.received - len(self._held)
        texts: list[str] = []
        offsets: list[int] = []
        at = 0
        while at < len(self._held) and (step := self._step(at, is_final)) is not None:
            length, spoken = step
            if isinstance(spoken, str):
                texts.append(spoken)
                offsets += range(base + at, base + at + len(spoken))
            else:
                if texts:
                    yield Characters("".join(texts), tuple(offsets))
                    texts, offsets = [], []
                yield replace(spoken, start=base + at, end=base + at + length)
            self._pass(at, length)
            at += length
        self._held = self._held[at:]
        if offsets:
            yield Characters("".join(texts), tuple(offsets))

    def _pass(self, at: int, length: int) -> None:
        """Remember what was just left behind."""
        self._previous = self._held[at + length - 1]
        if self._previous in _LINE_ENDS:
            self._line_start = True
        elif not self._held[at : at + length].isspace():
            self._line_start = False

    def _step(self, at: int, is_final: bool) -> Step | None:
        """Decide about the held text from `at` on; None: more is needed."""
        if self._in_fence or self._held[at] == "`":
            return self._backtick(at, is_final)
        if self._in_url:
            return self._url(at, is_final)
        char = self._held[at]
        if self._line_start and char in "#>-*+0123456789":
            rest = self._held[at : at + 8]
            if mark := _LINE_MARK.match(rest):
                return mark.end(), ""
            if numbered := _NUMBERED.match(rest):
                return numbered.end(), f"{numbered[1]}、"  # "1. milk": the dot ends no sentence
            if not is_final and (_LINE_MARK_BEGUN.fullmatch(rest) or _NUMBERED_BEGUN.fullmatch(rest)):
                return None
        if char.isascii() and char.isalnum():
            return self._word(at, is_final)
        if plain := _PLAIN.match(self._held, at):
            end = next((index for index, mark in enumerate(plain[0]) if speakable(mark) != mark), len(plain[0]))
            return (end, plain[0][:end]) if end else (1, speakable(char))
        handler = _HANDLERS.get(char)
        return handler(self, at, is_final) if handler else (1, speakable(char))

    def _next(self, at: int, is_final: bool) -> str | None:
        """The character after `at`: "" at the end of the text, None when it has not come yet."""
        if at + 1 < len(self._held):
            return self._held[at + 1]
        return "" if is_final else None

    def _word(self, at: int, is_final: bool) -> Step | None:
        """An ASCII word or number; the start of a URL; the digit of a keycap emoji."""
        begins = not (self._previous.isascii() and self._previous.isalnum()) and self._previous not in "@./-_"
        if begins and self._held[at] in "hHwW":
            rest = self._held[at : at + 8].lower()
            for start in _URL_STARTS:
                if rest.startswith(start):
                    self._in_url = True
                    said = self._held[at : at + 4] if start == "www." else ""
                    self._url_left = _MAX_URL_SAID - len(said)
                    return len(start), said
                if not is_final and start.startswith(rest):
                    return None
        match = _WORD.match(self._held, at)
        assert match is not None
        end = match.end()
        if self._held[end - 1].isdigit():
            following = self._next(end - 1, is_final)
            if following is None or following in _KEYCAP:
                if end - 1 > at:
                    end -= 1
                else:
                    return None if following is None else (1, "")
        return end - at, self._held[at:end]

    def _url(self, at: int, is_final: bool) -> Step | None:
        """Inside a URL: its name and path are read, up to a length; punctuation that turns out to end it stays."""
        match = _URL_CHARS.match(self._held, at)
        stretch = match[0] if match else ""
        if body := stretch.rstrip(_URL_TAIL):
            said = _URL_SAID.match(body[: self._url_left])
            if not said or not said[0]:
                self._url_left = 0
                return len(body), ""
            self._url_left -= len(said[0])
            return len(said[0]), said[0]
        if stretch and at + len(stretch) == len(self._held) and not is_final and len(stretch) < _MAX_URL_TAIL:
            return None
        self._in_url = False
        return self._step(at, is_final)

    def _backtick(self, at: int, is_final: bool) -> Step | None:
        """``` begins and ends a stretch of code, which is not read; other backticks only go."""
        ticks = self._held[at : at + 3]
        if ticks == "```":
            self._in_fence = not self._in_fence
            return 3, ""
        if "```".startswith(ticks) and not is_final:
            return None
        if ticks[0] == "`":
            return 1, ""
        end = self._held.find("`", at)
        return (len(self._held) if end < 0 else end) - at, ""

    def _star(self, at: int, is_final: bool) -> Step | None:
        following = self._next(at, is_final)
        if following is None:
            return None
        multiplies = (following.isdigit() and self._previous.isdigit()) or (following == self._previous == " ")
        return 1, "*" if multiplies else ""

    def _underscore(self, at: int, is_final: bool) -> Step | None:
        following = self._next(at, is_final)
        if following is None:
            return None
        return 1, "_" if following.isalnum() and self._previous.isalnum() else ""

    def _repeated(self, at: int, is_final: bool) -> Step | None:
        """A single - or ~ means something; two ~ or three - are decoration."""
        char = self._held[at]
        if self._previous == char:
            return 1, ""
        enough = 3 if char == "-" else 2
        run = self._held[at : at + enough]
        if run == char * enough:
            return enough, ""
        if run == char * len(run) and not is_final:
            return None
        length = len(run) - len(run.lstrip(char))
        return length, char * length

    def _hash(self, at: int, is_final: bool) -> Step | None:
        following = self._next(at, is_final)
        if following is None:
            return None
        return 1, "" if following in _KEYCAP else "#"

    def _open_bracket(self, at: int, is_final: bool) -> Step | None:
        if self._held.startswith("[[", at):
            return 2, "["
        if not is_final and _TAG_BEGUN.fullmatch(self._held, at):
            return None
        if tag := _TAG.match(self._held, at):
            if not is_final and _TARGET_BEGUN.fullmatch(self._held, tag.end()):
                return None
            if not _TARGET.match(self._held, tag.end()):
                return tag.end() - at, Tag(tag[1], 0, 0)
        self._in_link = True
        return 1, ""

    def _close_bracket(self, at: int, is_final: bool) -> Step | None:
        if self._in_link:
            if not is_final and _TARGET_BEGUN.fullmatch(self._held, at + 1):
                return None
            self._in_link = False
            if target := _TARGET.match(self._held, at + 1):
                return target.end() - at, ""
        return 1, ""


_HANDLERS: dict[str, Callable[[Cleaner, int, bool], Step | None]] = {
    "*": Cleaner._star,
    "_": Cleaner._underscore,
    "~": Cleaner._repeated,
    "-": Cleaner._repeated,
    "#": Cleaner._hash,
    "[": Cleaner._open_bracket,
    "]": Cleaner._close_bracket,
    "|": lambda cleaner, at, is_final: (1, " "),
}
