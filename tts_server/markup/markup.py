"""Streamed raw text to what may be spoken: characters with their places, and cues. Daemon's side, pure.

Dropped: emoji (with their joiners, flags, skin tones, keycaps; or they are emotions, if asked for), markdown marks
(emphasis, headings, quotes, bullets, links keep their text, fenced code goes whole), of bare URLs the scheme, the query
and what makes them long, control and zero-width characters, lone surrogates. `[happy]`, `[angry:1.4]`, `[pause:500]`
become cues, also `happy]` at the very start, where clients cut brackets off; `[[` is an escaped bracket.

Any split of the input gives the same tokens: the cleaner holds back only what cannot be decided yet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tts_server.markup import actions, brackets, latex, markdown, speakable
from tts_server.markup.brackets import Brackets
from tts_server.markup.elements import BEFORE_CHARS, Elements
from tts_server.markup.markdown import Fence
from tts_server.markup.speakable import LINE_ENDS
from tts_server.markup.tokens import Characters, Token
from tts_server.markup.urls import UrlReader
from tts_server.markup.view import NOT_HERE, Step, View

_PLAIN = re.compile(
    r"[^A-Za-z0-9*_~`#>+\-\[\]|<&\\!（(【$^=\s]{1,64}"
)  # bounded: what is not spoken is passed one by one
_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Markup:
    """What is read as markup, besides what no one wants to hear."""

    tags: bool = True  # [happy] acts; else it is like a tag that nobody knows
    speak_unknown_tags: bool = False  # else they are dropped
    emoji: bool = False  # an emoji is an emotion from here on; else it is dropped
    directions: bool | Literal["first"] = "first"  # （开心） is an emotion, anywhere or as a text's first words
    speak_actions: bool = False  # *waves*, （笑） and (^_^) are read like other text; else they are dropped
    whole_links: bool = False  # a bare link is read with its path; else its site's name alone
    markdown: bool = False  # escapes, images and tables, too


class Cleaner:
    """Cleans a stream of text piece by piece."""

    def __init__(self, markup: Markup = Markup()) -> None:
        self.received = 0  # code points fed so far
        self._markup = markup
        self._rules = markdown.MARKDOWN_RULES if markup.markdown else markdown.RULES
        self._held = ""  # raw text not decided yet
        self._before = ""  # the last raw characters that were passed
        self._previous = "\n"  # the raw character before the held text
        self._line_start = True
        self._is_start = True  # nothing but space has come by
        self._fence = Fence()
        self._url = UrlReader(markup.whole_links)
        self._brackets = Brackets(markup.tags, markup.speak_unknown_tags)
        self._elements = Elements()
        self._is_chinese = False  # a Chinese character has come by: formulas that are not said are named in Chinese

    @property
    def held_chars(self) -> int:
        """Code points received and not decided yet."""
        return len(self._held)

    @property
    def can_flush(self) -> bool:
        """Whether what is held can be decided now."""
        return True

    def feed(self, text: str) -> list[Token]:
        """Clean the next piece of the stream."""
        self.received += len(text)
        self._held += text
        return list(self._tokens(is_final=False))

    def flush(self) -> list[Token]:
        """Decide what was held back as if the text ended here. The stream may go on afterwards."""
        tokens = list(self._tokens(is_final=True))
        self._fence.is_open = self._url.is_inside = self._brackets.in_link = False
        return tokens

    def end(self) -> list[Token]:
        """The same, at the end of the stream."""
        return self.flush()

    def _tokens(self, *, is_final: bool) -> Iterator[Token]:
        """Scan the held text as far as it can be decided; neighbouring characters make one token."""
        base = self.received - len(self._held)
        texts: list[str] = []
        offsets: list[int] = []
        view = View(self._held, 0, self._previous, is_final)
        while view.at < len(view.held) and (step := self._step(view)) is not None:
            length, spoken = step
            if isinstance(spoken, str):
                texts.append(spoken)
                offsets += range(base + view.at, base + view.at + len(spoken))
            else:
                if texts:
                    yield Characters("".join(texts), tuple(offsets))
                    texts, offsets = [], []
                yield spoken
            self._pass(view, length)
        self._held = self._held[view.at :]
        self._previous = view.previous
        if offsets:
            yield Characters("".join(texts), tuple(offsets))

    def _pass(self, view: View, length: int) -> None:
        """Leave what has been decided behind."""
        passed = view.ahead(length)
        self._is_chinese = self._is_chinese or any("一" <= char <= "鿿" for char in passed)
        view.at += length
        view.previous = passed[-1]
        if view.previous in LINE_ENDS:
            self._line_start = True
        elif not passed.isspace():
            self._line_start = False
        self._is_start &= passed.isspace()
        self._before = (self._before + passed)[-BEFORE_CHARS:]

    def _step(self, view: View) -> Step | None:
        """Decide about the text from the view on; None: more is needed."""
        char = view.char
        if self._elements.is_inside:
            return self._elements.step(view)
        if self._fence.is_open or char == "`":
            return self._fence.step(view)
        if self._url.is_inside and (inside := self._url.step(view)) != NOT_HERE:
            return inside
        if self._is_start and (cut := self._brackets.cut(view)) != NOT_HERE:
            return cut
        if self._line_start and (marked := self._line(view)) != NOT_HERE:
            return marked
        if not self._markup.speak_actions and char in actions.BARE_FIRST and (face := actions.bare(view)) != NOT_HERE:
            return face
        if char.isascii() and char.isalnum():
            return self._word(view)
        if self._markup.emoji and speakable.is_picture(char):
            return speakable.picture(view)
        if plain := _PLAIN.match(view.held, view.at):
            return self._plain(plain[0])
        return self._marked(view)

    def _line(self, view: View) -> Step | None:
        """A mark at the start of a line; NOT_HERE where there is none."""
        if self._markup.markdown and view.char in "|-:" and (ruled := markdown.ruler(view)) != NOT_HERE:
            return ruled
        return markdown.line_mark(view) if markdown.begins_line(view.char) else NOT_HERE

    def _word(self, view: View) -> Step | None:
        """An ASCII word or number; the start of a URL; the digit of a keycap emoji."""
        if (url := self._url.begin(view)) != NOT_HERE:
            return url
        word = _WORD.match(view.held, view.at)
        assert word is not None
        return markdown.keycap(view, word.end())

    def _plain(self, stretch: str) -> Step:
        """Characters that are no mark, up to one that is not spoken or is an emoji that acts."""
        pictures = self._markup.emoji
        for end, char in enumerate(stretch):
            if speakable.speakable(char) != char or (pictures and speakable.is_picture(char)):
                return (end, stretch[:end]) if end else (1, speakable.speakable(char))
        return len(stretch), stretch

    def _acted(self, view: View) -> Step | None:
        """An action or a face at a star or a parenthesis; a stage direction that acts comes first."""
        if actions.may_begin(view):
            return None
        if view.char == "*":
            return actions.star(view)
        if self._markup.directions is True or (self._markup.directions and self._is_start):
            direction = brackets.direction(view)
            if direction is None or not isinstance(direction[1], str):
                return direction
        return actions.bracket(view)

    def _marked(self, view: View) -> Step | None:
        """A character that may be a mark."""
        if not self._markup.speak_actions and view.char in "*(（" and (acted := self._acted(view)) != NOT_HERE:
            return acted
        match view.char:
            case "<":
                return self._elements.open(view, self._before)
            case "$" | "\\" if (found := latex.formula(view, self._is_chinese)) != NOT_HERE:
                return found
            case "【":
                return brackets.lenticular(view, tags=self._markup.tags)
            case "[":
                return self._brackets.open(view)
            case "]":
                return self._brackets.close(view)
            case "(" | "（" if self._markup.directions is True or (self._markup.directions and self._is_start):
                return brackets.direction(view)
        rule = self._rules.get(view.char)
        return rule(view) if rule else (1, speakable.speakable(view.char))
