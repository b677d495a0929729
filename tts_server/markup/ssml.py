"""SSML to characters and cues: Alibaba's dialect and a subset of the W3C's. Daemon's side, pure.

    speak      voice, rate, pitch, volume (Alibaba's numbers)
    emotion    category, intensity; mstts:express-as: style, styledegree
    prosody    rate, pitch, volume       voice   name
    break      time, strength            s, p    a sentence, a paragraph
    phoneme    alphabet="py" or "ipa", ph
    say-as     interpret-as
    sub        alias                     w, lang, mark: what is in them is read
    audio      nothing is fetched; the text in it, meant for those who cannot play it, is read

Elements that nobody knows are passed over, what is in them is read. Several documents may follow one another. A
document is read when its `</speak>` is here.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from protocol.emotions import is_known
from tts_server.errors import MarkupInvalid
from tts_server.markup import ssml_elements as values
from tts_server.markup.speakable import speakable
from tts_server.markup.ssml_xml import End, Places, Start, Text, invalid, parse
from tts_server.markup.tokens import Characters, EmotionCue, Gap, Note, Stop, Token, VoiceCue

log = logging.getLogger(__name__)

MAX_ELEMENTS: Final = 20_000  # of one document
PARAGRAPH_MS: Final = 300  # of silence on top of that of a sentence
_ROOT: Final = "<speak>"
_OPENING = re.compile(r"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:speak[\s>/]|!DOCTYPE)", re.DOTALL)
# A tag that never ends was cut off with the text, and is none of its words.
_CUT_TAG = r"</?[A-Za-z][A-Za-z0-9:_-]{0,30}(?:\s+[A-Za-z0-9:_-]{0,30}(?:=[^<>]{0,200})?)?\s*\Z"
_BETWEEN_TAGS = re.compile(rf"<[^<>]{{0,1000}}>|{_CUT_TAG}|&[a-z]{{2,6}};|(?P<text>[^<&]+|.)", re.DOTALL)
_CLOSING = re.compile(r"</speak\s*>")
_CLOSING_CHARS: Final = 32  # of text before a piece, in which a closing tag may have begun
_HIDDEN: Final = ("metadata", "meta", "lexicon", "desc", "bgm")  # what is in them is not read

_OWN_EMOTION: Final = EmotionCue(None)
_OWN_VOICE: Final = VoiceCue(None)


@dataclass(frozen=True, slots=True)
class _Style:
    """How what is inside an element is said."""

    note: Note | None = None
    emotion: EmotionCue = _OWN_EMOTION
    voice: VoiceCue = _OWN_VOICE
    alias: str | None = None
    is_hidden: bool = False


class SsmlReader:
    """Collects a document as it comes in, and reads it when it is whole."""

    def __init__(self, is_lenient: bool = False) -> None:
        """is_lenient: a document that cannot be read is text between tags, instead of MarkupInvalid."""
        self.received = 0
        self._is_lenient = is_lenient
        self._pieces: list[str] = []
        self._tail = ""  # the end of what is held, where a closing tag may have begun

    @property
    def held_chars(self) -> int:
        """Code points of a document that is not whole."""
        return sum(map(len, self._pieces))

    @property
    def can_flush(self) -> bool:
        """A document that is not whole cannot be read."""
        return False

    def feed(self, text: str) -> list[Token]:
        """Take the next piece. Raises MarkupInvalid."""
        self.received += len(text)
        self._pieces.append(text)
        seen = self._tail + text
        self._tail = seen[-_CLOSING_CHARS:]
        return self._take_documents() if _CLOSING.search(seen) else []

    def flush(self) -> list[Token]:
        """Nothing: what is held is no whole document."""
        return []

    def end(self) -> list[Token]:
        """Read the rest. What is not inside `<speak>` is read as if it were. Raises MarkupInvalid."""
        rest = self._take()
        return self._read(rest, self.received - len(rest)) if rest.strip() else []

    def _take_documents(self) -> list[Token]:
        held, tokens = self._take(), []
        base = self.received - len(held)
        done = 0
        while closing := _CLOSING.search(held, done):
            tokens += self._read(held[done : closing.end()], base + done)
            done = closing.end()
        self._pieces = [held[done:]]
        return tokens

    def _read(self, document: str, base: int) -> list[Token]:
        try:
            return _read(document, base)
        except MarkupInvalid as error:
            if not self._is_lenient:
                raise
            log.warning("SSML is said without its tags: %s", error)
            return _without_tags(document, base)

    def _take(self) -> str:
        held = "".join(self._pieces)
        self._pieces, self._tail = [], ""
        return held


def begins(text: str) -> bool | None:
    """Whether a text is SSML, by how it begins; None while that cannot be told."""
    if _OPENING.match(text):
        return True
    start = text.lstrip()[:6]
    return None if "<speak".startswith(start) or "<?xml".startswith(start[:5]) else False


def _read(document: str, base: int) -> list[Token]:
    """The tokens of one document. base: where it stands in the client's text."""
    if _OPENING.match(document):
        source, moved = document, base
    else:
        source, moved = f"{_ROOT}{document}</speak>", base - len(_ROOT)
    try:
        events = parse(source)
    except RecursionError:
        raise invalid("elements are nested too deep", Places(source).describe(0)) from None
    return list(_Walk(source, moved).tokens(events))


def _without_tags(document: str, base: int) -> list[Token]:
    """The text between what looks like tags."""
    chars: list[str] = []
    offsets: list[int] = []
    for found in _BETWEEN_TAGS.finditer(document):
        if found["text"] is None:
            chars.append(" ")
            offsets.append(base + found.start())
            continue
        for place, char in enumerate(found["text"], base + found.start()):
            said = " " if char in "\r\n\t" else speakable(char)
            chars.append(said)
            offsets += [place] * len(said)
    return [Characters("".join(chars), tuple(offsets)), Stop()]


class _Walk:
    """Goes through the events of a document, and knows which elements are open."""

    def __init__(self, source: str, moved: int) -> None:
        self._source = source
        self._moved = moved  # to add to a place for that in the client's text
        self._open: list[_Style] = [_Style()]
        self._told = _Style()  # of which the cues have been given: a change that nothing follows is none
        self._was_space = True

    def tokens(self, events: list[Start | End | Text]) -> Iterator[Token]:
        if len(events) > 3 * MAX_ELEMENTS:
            raise invalid(f"there are more than {MAX_ELEMENTS} elements", Places(self._source).describe(0))
        for event in events:
            match event:
                case Start():
                    yield from self._start(event)
                case End(name):
                    yield from self._end(name)
                case Text():
                    yield from self._text(event)
        yield Stop()

    def _start(self, start: Start) -> Iterator[Token]:
        outer = self._open[-1]
        inner = self._style(start, outer)
        self._open.append(inner)
        if outer.is_hidden:
            return
        if start.name in ("s", "p"):
            yield Stop()
        elif start.name == "break" and (ms := values.break_ms(start.attributes)):
            yield Gap(ms)
        if start.name == "sub" and inner.alias:
            yield from self._alias(inner, start.at)

    def _end(self, name: str) -> Iterator[Token]:
        self._open.pop()
        if self._open[-1].is_hidden:
            return
        if name in ("s", "p"):
            yield Stop()
        if name == "p":
            yield Gap(PARAGRAPH_MS, is_added=True)

    def _text(self, text: Text) -> Iterator[Token]:
        style = self._open[-1]
        if style.is_hidden or style.alias is not None:
            return
        chars, offsets = [], []
        for char, offset in zip(text.text, text.offsets, strict=True):
            said = " " if char in "\r\n\t" else speakable(char)
            if said.isspace() and self._was_space:
                continue
            self._was_space = said.isspace() if said else self._was_space
            chars.append(said)
            offsets += [offset + self._moved] * len(said)
        if offsets:
            yield from self._say("".join(chars), tuple(offsets), style)

    def _say(self, text: str, offsets: tuple[int, ...], style: _Style) -> Iterator[Token]:
        """Characters, and before them the cues for how they are said."""
        if not text.isspace():
            if style.voice != self._told.voice:
                yield style.voice
            if style.emotion != self._told.emotion:
                yield style.emotion
            self._told = style
        yield Characters(text, offsets, style.note)

    def _alias(self, style: _Style, at: int) -> Iterator[Token]:
        """What is said in place of an element's text, spread over it."""
        assert style.alias is not None
        first = self._source.find(">", at) + 1
        last = max(first, self._source.find("<", first) - 1)
        alias = "".join(map(speakable, style.alias)).replace("\n", " ")
        count = last - first + 1
        offsets = (first + index * count // len(alias) + self._moved for index in range(len(alias)))
        self._was_space = False
        yield from self._say(alias, tuple(offsets), style)

    def _style(self, start: Start, outer: _Style) -> _Style:
        """How what is inside an element is said."""
        given = start.attributes
        note = replace(outer.note or Note(), element=start.at)
        match start.name:
            case "speak":
                voice = VoiceCue(given["voice"]) if given.get("voice") else outer.voice
                rate, tone = values.speak_speed(given.get("rate")), values.speak_pitch(given.get("pitch"))
                changed = replace(note, speed=rate, pitch=tone, volume=values.speak_volume(given.get("volume")))
                return replace(outer, note=changed, voice=voice)
            case "emotion" | "express-as":
                name = given.get("category") or given.get("style") or ""
                degree = values.intensity(given.get("intensity") or given.get("styledegree"))
                return replace(outer, emotion=EmotionCue(name, degree)) if is_known(name) else outer
            case "prosody":
                changed = replace(
                    note,
                    speed=note.speed * values.speed(given.get("rate")),
                    pitch=note.pitch + values.pitch(given.get("pitch")),
                    volume=note.volume + values.volume(given.get("volume")),
                )
                return replace(outer, note=changed)
            case "voice" if given.get("name"):
                return replace(outer, voice=VoiceCue(given["name"]))
            case "phoneme":
                return replace(outer, note=replace(note, reading=values.reading(given)))
            case "say-as":
                return replace(outer, note=replace(note, interpret_as=given.get("interpret-as", "").casefold()))
            case "sub" if given.get("alias", "").strip():
                return replace(outer, alias=given["alias"].strip(), note=note)
            case name if name in _HIDDEN:
                return replace(outer, is_hidden=True)
        return outer
