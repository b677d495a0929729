"""XML with places: elements and characters of a document, each with where it stands in the text. Pure.

Parsed by expat through defusedxml: document types and entities are refused, so nothing expands and nothing is fetched.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from tts_server.errors import MarkupInvalid

MAX_DEPTH: Final = 64
MAX_ATTRIBUTES: Final = 32
_LINE_END = re.compile(r"\r\n|\r|\n")
_FORBIDDEN = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Start:
    """`<name …>` at `at`. Names are without their prefix."""

    name: str
    attributes: Mapping[str, str]
    at: int


@dataclass(frozen=True, slots=True)
class End:
    """`</name>` at `at`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """Characters; offsets[i] is where text[i] stands."""

    text: str
    offsets: tuple[int, ...]


Event = Start | End | Text


class Places:
    """Lines and columns of a text, from 1, and where they are in it."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def offset(self, line: int, column: int) -> int:
        """line, column: from 1."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1

    def describe(self, offset: int) -> str:
        """A place for people."""
        line = bisect_right(self._starts, offset)
        return f"line {line}, column {offset - self._starts[line - 1] + 1}"


def parse(text: str) -> list[Event]:
    """The document's events in order. Raises MarkupInvalid with a line and a column."""
    parser = DefusedExpatParser(forbid_dtd=True)
    collector = _Collector(text, parser)
    parser.setContentHandler(collector)
    try:
        parser.feed(_FORBIDDEN.sub("\ufffd", text))
        parser.close()
    except SAXParseException as error:
        place = collector.places.offset(error.getLineNumber() or 1, (error.getColumnNumber() or 0) + 1)
        raise invalid(_reason(error.getMessage()), collector.places.describe(place)) from None
    except DefusedXmlException:
        where = collector.places.describe(collector.at)
        raise invalid("a document type or entity declaration is not allowed", where) from None
    return collector.events


def invalid(reason: str, place: str) -> MarkupInvalid:
    """An error about SSML."""
    return MarkupInvalid(f"the SSML cannot be read: {reason} at {place}")


class _Collector(ContentHandler):
    def __init__(self, text: str, parser: Any) -> None:
        super().__init__()
        self._parser = parser
        self.places = Places(text)
        self.events: list[Event] = []
        self._source = text
        self._depth = 0

    @property
    def at(self) -> int:
        """Where the parser stands."""
        return self.places.offset(self._parser.getLineNumber() or 1, (self._parser.getColumnNumber() or 0) + 1)

    def startElement(self, name: str, attrs: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise invalid(f"elements are nested deeper than {MAX_DEPTH}", self.places.describe(self.at))
        if len(attrs) > MAX_ATTRIBUTES:
            raise invalid(f"<{name[:32]}> has more than {MAX_ATTRIBUTES} attributes", self.places.describe(self.at))
        self.events.append(Start(_local(name), {_local(key): value for key, value in attrs.items()}, self.at))

    def endElement(self, name: str) -> None:
        self._depth -= 1
        self.events.append(End(_local(name), self.at))

    def characters(self, content: str) -> None:
        at = self.at
        if self._source.startswith(content, at):
            offsets: Iterable[int] = range(at, at + len(content))
        else:  # &amp; or a line end that XML writes as \n
            offsets = [at] * len(content)
        self.events.append(Text(content, tuple(offsets)))


def _local(name: str) -> str:
    """mstts:express-as without its prefix."""
    return name.rpartition(":")[2].casefold()


def _reason(message: str) -> str:
    reasons = {
        "no element found": "the text ends before its elements are closed,",
        "mismatched tag": "an element is closed that is not the innermost open one,",
        "not well-formed (invalid token)": "this is not well-formed XML,",
        "unclosed token": "a tag is not closed,",
        "undefined entity": "an unknown entity (write &amp; for &),",
    }
    return reasons.get(message, message)
