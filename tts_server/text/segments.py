"""Streamed text to segments that are said in one go. Daemon's side, pure.

    cutter = TextCutter(prosody, split="auto")
    cutter.feed(text)       -> segments that are complete now
    cutter.restyle(prosody) -> an emotion, speed, pitch or volume from this place on
    cutter.flush()          -> whatever waits, as a last segment; the stream may go on
    cutter.pending_chars, cutter.received

Any split of the text gives the same segments. A sentence is cut off as soon as its last mark is here, without a look at
what follows, except after an ASCII full stop or inside quotes or brackets, where one more character decides.
"""

from collections.abc import Iterable
from typing import Final, Literal

from tts_server.text.linguistic import Prosody
from tts_server.text.markup import Characters, Cleaner, Tag, Token
from tts_server.text.segment import Segment, Style

Split = Literal["auto", "sentence", "none"]

_STOPS: Final = frozenset("。！？；…!?;")
_COMMAS: Final = frozenset("，,、：")
_OPENING: Final = {"“": "”", "‘": "’", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》", "【": "】", "〈": "〉"}
_CLOSING: Final = frozenset(_OPENING.values())
# Left over from the sentence before (its second mark, a stray closing quote): nothing begins with these.
_NEVER_FIRST: Final = frozenset("。！？；…，、：!?;,:.·—～") | _CLOSING
_ABBREVIATIONS: Final = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "vs", "no", "fig", "inc", "ltd", "co", "jr", "sr", "jan", "feb", "mar",
    "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mt", "ave", "dept", "est", "approx",
})  # fmt: skip
_FIRST_CHARS: Final = 6  # of the first segment before a comma may end it
# Width of a run-on text before it is cut anyway: an ASCII character takes 2, any other 5, so about 60 Chinese ones.
_MAX_WIDTH: Final = 300
_MAX_DEPTH: Final = 8  # of quotes and brackets, before we take them for noise
_MAX_UNBROKEN: Final = 4 * _MAX_WIDTH  # of text without any place to cut


class Segmenter:
    """Cuts cleaned characters into segments. See TextCutter for the whole way."""

    def __init__(self, split: Split = "auto") -> None:
        self._split = split
        self._is_first = True
        self._closers: list[str] = []  # the closing marks that open quotes and brackets wait for, innermost last
        self._start_over()

    @property
    def waiting_chars(self) -> int:
        """Characters that no segment has taken yet."""
        return len(self._chars)

    @property
    def has_speech(self) -> bool:
        """Whether a flush now would give a segment."""
        return self._sayable > 0

    def feed(self, text: str, offsets: Iterable[int]) -> list[Segment]:
        """Take more characters, and where each stood in the client's text."""
        segments: list[Segment] = []
        for char, offset in zip(text, offsets, strict=True):
            self._take(char, offset, segments)
        return segments

    def flush(self) -> list[Segment]:
        """End the current segment here."""
        segments: list[Segment] = []
        self._cut(len(self._chars), segments)
        return segments

    def _start_over(self) -> None:
        self._chars: list[str] = []
        self._offsets: list[int] = []
        self._width = 0
        self._sayable = 0
        self._may_end = False  # the last mark ends the segment unless the next character closes a quote
        self._dot = False  # the last mark is an ASCII full stop
        self._comma = False  # the last mark is a comma after a digit: 1,234 or the end of the first segment
        self._best = {"comma": 0, "space": 0, "gap": 0}  # places to cut a run-on text, as lengths

    def _take(self, char: str, offset: int, segments: list[Segment]) -> None:
        closers = self._closers  # a quotation of several sentences stays open when one of them is cut off
        if (self._may_end or self._dot or self._comma) and self._ends_before(char):
            self._cut(len(self._chars), segments)
            self._closers = closers
        self._may_end = self._dot = self._comma = False
        if not self._chars and (char.isspace() or char in _NEVER_FIRST):
            if char == "\n" or (self._closers and char == self._closers[-1]):
                self._closers = self._closers[:-1] if char != "\n" else []
            return
        self._append(char, offset)
        if self._ends_after(char):
            self._cut(len(self._chars), segments)
        elif self._width > _MAX_WIDTH and self._split != "none":
            self._cut_run_on(segments)

    def _append(self, char: str, offset: int) -> None:
        """Add one character and note whether the text could be cut before it."""
        previous = self._chars[-1] if self._chars else ""
        if previous == " ":
            self._best["space"] = len(self._chars)
        elif previous in _COMMAS and not char.isdigit():
            self._best["comma"] = len(self._chars)
        elif not (previous.isascii() or char.isascii()) and char.isalnum():
            self._best["gap"] = len(self._chars)
        self._chars.append(char)
        self._offsets.append(offset)
        self._width += 2 if char.isascii() else 5
        self._sayable += char.isalnum()

    def _ends_after(self, char: str) -> bool:
        """Say whether the segment ends with this character, which is in it already; or note that the next decides."""
        if self._split == "none":
            return False
        if char == "\n":
            return True
        closed = self._quotes(char)
        if char in _STOPS or (closed and self._stopped_inside()):
            self._may_end = bool(self._closers)
            return not self._closers
        if char == ".":
            self._dot = True
        elif char in _COMMAS and self._is_first and self._split == "auto" and self._sayable >= _FIRST_CHARS:
            self._comma = self._chars[-2].isdigit() or bool(self._closers)
            return not self._comma
        return False

    def _ends_before(self, char: str) -> bool:
        """Say whether a segment that could end at its last mark does so, now that the next character is known."""
        if self._closers and char == self._closers[-1]:
            return False
        if self._may_end:
            return char not in _STOPS and char not in _CLOSING
        if self._comma:
            return not char.isdigit()
        return not (char in ".,-" or (char.isascii() and char.isalnum())) and not self._is_abbreviated(char)

    def _is_abbreviated(self, following: str) -> bool:
        """Say whether the full stop just taken belongs to a word such as Dr. or J. before a space."""
        word = ""
        for char in reversed(self._chars[-8:-1]):
            if not (char.isascii() and char.isalpha()):
                break
            word = char + word
        return following == " " and ((len(word) == 1 and word != "I") or word.lower() in _ABBREVIATIONS)

    def _quotes(self, char: str) -> bool:
        """Keep count of open quotes and brackets. Returns whether this character closed one."""
        if self._closers and char == self._closers[-1]:
            self._closers.pop()
            return True
        if len(self._closers) >= _MAX_DEPTH:
            self._closers = []
        if char in _OPENING:
            self._closers.append(_OPENING[char])
        elif char == '"':
            self._closers.append('"')
        return False

    def _stopped_inside(self) -> bool:
        return len(self._chars) > 1 and (
            self._chars[-2] in _STOPS or self._chars[-2] == "." or self._chars[-2] in _CLOSING
        )

    def _cut_run_on(self, segments: list[Segment]) -> None:
        """Cut a text that goes on and on at its last comma, else at a space, else between two characters."""
        third = len(self._chars) // 3
        place = next((self._best[kind] for kind in ("comma", "space", "gap") if self._best[kind] > third), 0)
        if not place and self._width > _MAX_UNBROKEN:
            place = len(self._chars)
        if place:
            rest, offsets = self._chars[place:], self._offsets[place:]
            self._cut(place, segments)
            for char, offset in zip(rest, offsets, strict=True):
                self._take(char, offset, segments)

    def _cut(self, length: int, segments: list[Segment]) -> None:
        """Emit the first `length` characters, if there is anything to say in them, and begin anew."""
        text = "".join(self._chars[:length])
        trimmed = text.rstrip()
        if any(map(str.isalnum, trimmed)):
            offsets = self._offsets[: len(trimmed)]
            segments.append(Segment(trimmed, (*offsets, offsets[-1] + 1)))
            self._is_first = False
        self._closers = []
        self._start_over()


class TextCutter:
    """A context's text stream: raw text and changes of style in, segments out."""

    def __init__(self, prosody: Prosody = Prosody(), *, split: Split = "auto") -> None:  # noqa: B008 - frozen
        self._prosody = prosody
        self._next_prosody = prosody
        self._cleaner = Cleaner()
        self._segmenter = Segmenter(split)

    @property
    def received(self) -> int:
        """Code points of the client's text so far."""
        return self._cleaner.received

    @property
    def pending_chars(self) -> int:
        """Code points received and not yet part of a segment."""
        return self._cleaner.held_chars + self._segmenter.waiting_chars

    def feed(self, text: str) -> list[Segment]:
        """Take the next piece of text. Returns the segments it completed."""
        return self._styled(self._cut(self._cleaner.feed(text)))

    def flush(self) -> list[Segment]:
        """End the current segment here; the text may go on afterwards."""
        return self._styled([*self._cut(self._cleaner.flush()), *self._segmenter.flush()])

    def restyle(self, prosody: Prosody) -> list[Segment]:
        """Say what follows another way: a new emotion ends the segment; speed, pitch, volume wait for the next."""
        said: list[Segment] = []
        if (prosody.emotion, prosody.intensity) != (self._next_prosody.emotion, self._next_prosody.intensity):
            said = self.flush()
        self._next_prosody = prosody
        if not self._segmenter.waiting_chars:
            self._prosody = prosody
        return said

    def restyle_segment(self, prosody: Prosody) -> list[Segment]:
        """Say only the next segment another way."""
        said = self.flush()
        self._prosody = prosody
        return said

    def _cut(self, tokens: Iterable[Token]) -> list[Segment]:
        segments: list[Segment] = []
        for token in tokens:
            match token:
                case Characters(text, offsets):
                    segments += self._segmenter.feed(text, offsets)
                case Tag():
                    pass  # not read aloud; what a tag may mean is decided here
        return segments

    def _styled(self, segments: list[Segment]) -> list[Segment]:
        styled = []
        for segment in segments:
            style = Style(0, len(segment.text), self._prosody)
            styled.append(Segment(segment.text, segment.offsets, (style, *segment.spans)))
            self._prosody = self._next_prosody
        return styled
