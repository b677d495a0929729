"""Cleaned characters to segments that are said in one go. Daemon's side, pure.

A sentence is cut off as soon as its last mark is here, without a look at what follows, except after an ASCII full stop
or inside quotes or brackets, where one more character decides. What markup noted about characters goes with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final, Literal

from tts_server.markup import full_stops
from tts_server.markup.tokens import Note
from tts_server.text.linguistic.segment import Pause, Reading, SayAs, Segment, Span, Style
from tts_server.text.linguistic.utterance import Prosody

Split = Literal["auto", "sentence", "none"]
Place = tuple[int, Note | None]  # where a character stood in the client's text, and what was noted about it

_STOPS: Final = frozenset("。！？；…!?;")
_COMMAS: Final = frozenset("，,、：")
_OPENING: Final = {"“": "”", "‘": "’", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》", "【": "】", "〈": "〉"}
_CLOSING: Final = frozenset(_OPENING.values())
# Left over from the sentence before (its second mark, a stray closing quote): nothing begins with these.
_NEVER_FIRST: Final = frozenset("。！？；…，、：!?;,:.·—～") | _CLOSING
# Behind these a Chinese sentence may be cut while it waits: no word goes on over them.
_PARTICLES: Final = frozenset("的了吗呢吧啊呀嘛")
_FIRST_CHARS: Final = 6  # of the first segment before a comma may end it
# Width of a run-on text before it is cut anyway: an ASCII character takes 2, any other 5, so about 60 Chinese ones.
_MAX_WIDTH: Final = 300
_MAX_DEPTH: Final = 8  # of quotes and brackets, before we take them for noise
_MAX_UNBROKEN: Final = 4 * _MAX_WIDTH  # of text without any place to cut
_MAX_PAUSE_MS: Final = 10_000  # at one place

_UNITS = "℃℉㎏㎎㎝㎜㎞㎡㎢㎥"  # signs that are said even alone


class Segmenter:
    """Cuts cleaned characters into segments. See TextCutter for the whole way."""

    def __init__(self, split: Split = "auto", paragraph_ms: int = 0) -> None:
        """paragraph_ms: a pause where a line ends that says something, before the next one."""
        self._split = split
        self._paragraph_ms = paragraph_ms
        self._has_said = False  # on this line
        self._is_first = True
        self._closers: list[str] = []  # the closing marks that open quotes and brackets wait for, innermost last
        self._pauses: list[Pause] = []  # `at` counts the waiting characters
        self._start_over()

    @property
    def waiting_chars(self) -> int:
        """Characters that no segment has taken yet."""
        return len(self._chars)

    @property
    def waiting_pause_ms(self) -> int:
        """How long a pause was asked for, right behind the last segment."""
        return sum(pause.ms for pause in self._pauses if not pause.at and not pause.is_added)

    @property
    def has_speech(self) -> bool:
        """Whether a flush now would give a segment."""
        return self._sayable > 0

    @property
    def is_inside_sentence(self) -> bool:
        """Whether what waits has no mark at its end yet."""
        return self.has_speech and (self._chars[-1] in _COMMAS or not _is_mark(self._chars[-1]))

    def feed(self, text: str, offsets: Iterable[int], note: Note | None = None) -> list[Segment]:
        """Take more characters, where each stood in the client's text, and what markup noted about them."""
        segments: list[Segment] = []
        for char, offset in zip(text, offsets, strict=True):
            self._take(char, (offset, note), segments)
        return segments

    def pause(self, ms: int, *, is_added: bool = False) -> None:
        """Put an exact pause here, or one besides the sentence's, which an exact one makes needless."""
        at = len(self._chars)
        here = [pause for pause in self._pauses if pause.at == at]
        if is_added and not all(pause.is_added for pause in here):
            return
        ms += sum(pause.ms for pause in here if pause.is_added == is_added)
        self._pauses = [pause for pause in self._pauses if pause.at != at]
        self._pauses.append(Pause(at, min(ms, _MAX_PAUSE_MS), is_added))

    def flush(self) -> list[Segment]:
        """End the current segment here."""
        segments: list[Segment] = []
        self._cut(len(self._chars), segments, is_flush=True)
        return segments

    def settle(self) -> list[Segment]:
        """Say what can be said while nobody knows how the text goes on: all up to the last place that is safe to cut.

        A number, a Latin word, a unit, an open bracket and most Chinese words may still grow.
        """
        segments: list[Segment] = []
        if safe := self._safe_length():
            closers = self._closers
            rest, places = self._chars[safe:], self._places[safe:]
            self._cut(safe, segments)
            self._closers = closers if not rest else self._closers
            for char, place in zip(rest, places, strict=True):
                self._take(char, place, segments)
        return segments

    def _safe_length(self) -> int:
        """How many of the waiting characters can be said whatever follows; 0 when none."""
        chars = self._chars
        opened = next((at for at, char in enumerate(chars) if char in _OPENING), None) if self._closers else None
        for length in range(len(chars) if opened is None else opened, 0, -1):
            last, before = chars[length - 1], chars[length - 2] if length > 1 else ""
            following = chars[length] if length < len(chars) else ""
            if last in _PARTICLES:
                if before not in _PARTICLES and not following.isspace():
                    return length
            elif last in _STOPS or last in _COMMAS or last in _CLOSING or last == "\n":
                if not (before.isdigit() and (not following or following.isdigit())):
                    return length
            elif last == " " and following and not before.isdigit() and not following.isdigit():
                return length
        return 0

    def _start_over(self) -> None:
        self._chars: list[str] = []
        self._places: list[Place] = []
        self._width = 0
        self._sayable = 0
        self._may_end = False  # the last mark ends the segment unless the next character closes a quote
        self._lead: Place | None = None  # a full stop that begins the segment: kept before a digit
        self._dot = False  # the last mark is an ASCII full stop
        self._comma = False  # the last mark is a comma after a digit: 1,234 or the end of the first segment
        self._comma_at = 0  # behind an ASCII comma that may end the first segment, until what follows tells; 0: none
        self._best = {"comma": 0, "space": 0, "gap": 0}  # places to cut a run-on text, as lengths

    def _take(self, char: str, place: Place, segments: list[Segment]) -> None:
        if self._comma_at:
            self._decide_comma(char, segments)
        closers = self._closers  # a quotation of several sentences stays open when one of them is cut off
        if (self._may_end or self._dot or self._comma) and self._ends_before(char):
            self._cut(len(self._chars), segments)
            self._closers = closers
        self._may_end = self._dot = self._comma = False
        if self._lead is not None and char.isdigit():
            self._append(".", self._lead)  # .5, whatever sentence ended before
        self._lead = place if char == "." and not self._chars else None
        if not self._chars and (char.isspace() or char in _NEVER_FIRST):
            if char == "\n" and self._has_said:
                self._end_line()
            if char == "\n" or (self._closers and char == self._closers[-1]):
                self._closers = self._closers[:-1] if char != "\n" else []
            return
        self._append(char, place)
        if self._ends_after(char):
            self._cut(len(self._chars), segments)
            if char == "\n" and self._has_said:
                self._end_line()
        elif self._width > _MAX_WIDTH and self._split != "none":
            self._cut_run_on(segments)

    def _end_line(self) -> None:
        self._has_said = False
        if self._paragraph_ms:
            self.pause(self._paragraph_ms, is_added=True)

    def _append(self, char: str, place: Place) -> None:
        """Add one character and note whether the text could be cut before it."""
        previous = self._chars[-1] if self._chars else ""
        if previous == " ":
            self._best["space"] = len(self._chars)
        elif previous in _COMMAS and not char.isdigit():
            self._best["comma"] = len(self._chars)
        elif not (previous.isascii() or char.isascii()) and char.isalnum():
            self._best["gap"] = len(self._chars)
        self._chars.append(char)
        self._places.append(place)
        self._width += 2 if char.isascii() else 5
        self._sayable += char.isalnum() or char in _UNITS

    def _ends_after(self, char: str) -> bool:
        """Say whether the segment ends with this character, which is in it already; or note that the next decides."""
        if self._split == "none":
            return False
        if char == "\n":
            return True
        closed = self._quotes(char)
        if char in _STOPS or (closed and self._stopped_inside()):
            self._may_end = bool(self._closers) or (char == "!" and self._chars[-2:-1] == [" "])  # x != None
            return not self._may_end
        if char == ".":
            self._dot = True
        elif char in _COMMAS and self._is_first and self._split == "auto" and self._sayable >= _FIRST_CHARS:
            if char == ",":
                self._comma_at = self._comma_at or len(self._chars)
                return False
            if not any("一" <= one <= "鿿" for one in self._chars):
                return False  # Feels like 39℃，记得多喝水: which language it is comes later
            self._comma = self._chars[-2].isdigit() or bool(self._closers)
            return not self._comma
        return False

    def _decide_comma(self, char: str, segments: list[Segment]) -> None:
        """End the first segment at a comma, unless what follows belongs to what stands before: Portland, OR."""
        at = self._comma_at
        following = "".join(self._chars[at:]) + char
        if full_stops.may_belong(following):
            return
        self._comma_at = 0
        if full_stops.belongs(following) or (self._closers and following[0] == self._closers[-1]):
            return
        rest, places, closers = self._chars[at:], self._places[at:], self._closers
        self._cut(at, segments)
        self._closers = closers
        for one, place in zip(rest, places, strict=True):
            self._take(one, place, segments)

    def _ends_before(self, char: str) -> bool:
        """Say whether a segment that could end at its last mark does so, now that the next character is known."""
        if self._closers and char == self._closers[-1]:
            return False
        if self._may_end:
            return char not in _STOPS and char not in _CLOSING and not (char == "=" and self._chars[-1] == "!")
        if self._comma:
            return not char.isdigit()
        return not (char in ".,-" or (char.isascii() and char.isalnum())) and not self._goes_on(char)

    def _goes_on(self, following: str) -> bool:
        """Say whether the full stop just taken belongs to a word such as Dr. or J. before a space."""
        return full_stops.ends_no_sentence("".join(self._chars[-full_stops.LOOK_BACK :]), following)

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
        cut = next((self._best[kind] for kind in ("comma", "space", "gap") if self._best[kind] > third), 0)
        if not cut and self._width > _MAX_UNBROKEN:
            cut = len(self._chars)
        if cut:
            rest, places = self._chars[cut:], self._places[cut:]
            self._cut(cut, segments)
            for char, place in zip(rest, places, strict=True):
                self._take(char, place, segments)

    def _cut(self, length: int, segments: list[Segment], *, is_flush: bool = False) -> None:
        """Emit the first `length` characters, if there is anything to say in them, and begin anew."""
        trimmed = "".join(self._chars[:length]).rstrip()
        places = self._places[: len(trimmed)]
        if has_speech := any(char.isalnum() or char in _UNITS for char in trimmed):
            offsets = tuple(offset for offset, _ in places)
            spans = (*_noted(places), *self._take_pauses(length, len(trimmed), is_flush))
            segments.append(Segment(trimmed, (*offsets, offsets[-1] + 1), spans))
            self._is_first = False
            self._has_said = True
        # A pause with nothing before it waits for what follows.
        if not has_speech:
            self._pauses = [replace(pause, at=max(0, pause.at - length)) for pause in self._pauses]
        self._closers = []
        self._start_over()

    def _take_pauses(self, length: int, end: int, is_flush: bool) -> list[Span]:
        """The pauses inside the first `length` characters; one behind them is part only where the text is flushed."""
        count = sum(pause.at < length or is_flush for pause in self._pauses)
        taken, left = self._pauses[:count], self._pauses[count:]
        self._pauses = [replace(pause, at=pause.at - length) for pause in left]
        return [replace(pause, at=min(pause.at, end)) for pause in taken]


def _noted(places: Sequence[Place]) -> Iterable[Span]:
    """What was noted about neighbouring characters, as spans. Styles are on top of the segment's own."""
    at = 0
    for note, group in groupby(place[1] for place in places):
        start, at = at, at + sum(1 for _ in group)
        if note is None:
            continue
        if (note.speed, note.pitch, note.volume) != (1.0, 0.0, 0.0):
            yield Style(start, at, Prosody(speed=note.speed, pitch=note.pitch, volume=note.volume))
        if note.reading:
            yield Reading(start, at, note.reading)
        if note.interpret_as:
            yield SayAs(start, at, note.interpret_as)


def _is_mark(char: str) -> bool:
    return char in _STOPS or char in _CLOSING or char in '."\n'
