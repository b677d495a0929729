"""Which reader a text gets: by the format it is said to be in, or by how it begins. Pure."""

from dataclasses import replace

from tts_server.markup.markup import Cleaner, Markup
from tts_server.markup.segments import Reader
from tts_server.markup.ssml import SsmlReader, begins
from tts_server.markup.tokens import Token


def reader_for(text_format: str, markup: Markup, is_lenient: bool = False) -> Reader:
    """A reader for "plain", "markdown", "ssml", or "auto": plain, but a text that begins with `<speak` is SSML.

    is_lenient: SSML that cannot be read is text between tags.
    """
    match text_format:
        case "ssml":
            return SsmlReader(is_lenient)
        case "markdown":
            return Cleaner(replace(markup, markdown=True))
        case "plain":
            return Cleaner(markup)
    return SniffingReader(markup, is_lenient)


class SniffingReader:
    """Finds out what a text is, then lets that reader read it."""

    def __init__(self, markup: Markup, is_lenient: bool = False) -> None:
        self._markup = markup
        self._is_lenient = is_lenient
        self._held = ""
        self._reader: Reader | None = None

    @property
    def received(self) -> int:
        """Code points fed so far."""
        return len(self._held) if self._reader is None else self._reader.received

    @property
    def held_chars(self) -> int:
        """Code points received and not decided yet."""
        return len(self._held) if self._reader is None else self._reader.held_chars

    @property
    def can_flush(self) -> bool:
        """Whether what is held can be decided now."""
        return self._reader is None or self._reader.can_flush

    def feed(self, text: str) -> list[Token]:
        """Read the next piece. Raises MarkupInvalid."""
        if self._reader is not None:
            return self._reader.feed(text)
        self._held += text
        is_ssml = begins(self._held)
        return [] if is_ssml is None else self._decide(is_ssml)

    def flush(self) -> list[Token]:
        """Decide what is held, as far as that is possible."""
        return [*self._as_plain(), *self._chosen().flush()]

    def end(self) -> list[Token]:
        """Decide all. Raises MarkupInvalid."""
        return [*self._as_plain(), *self._chosen().end()]

    def _as_plain(self) -> list[Token]:
        """A text of which too little came to tell is plain; nothing at all tells nothing."""
        return self._decide(is_ssml=False) if self._reader is None and self._held else []

    def _decide(self, is_ssml: bool) -> list[Token]:
        self._reader = SsmlReader(self._is_lenient) if is_ssml else Cleaner(self._markup)
        held, self._held = self._held, ""
        return self._reader.feed(held)

    def _chosen(self) -> Reader:
        return self._reader or Cleaner(self._markup)
