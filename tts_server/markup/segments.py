"""Streamed text to segments that are said in one go. Daemon's side, pure.

    cutter = TextCutter(prosody, split="auto", reader=Cleaner())
    cutter.feed(text)       -> segments that are complete now
    cutter.restyle(prosody) -> an emotion, speed, pitch or volume from this place on
    cutter.flush()          -> whatever waits, as a last segment; the stream may go on
    cutter.end()            -> the same, and nothing follows
    cutter.pending_chars, cutter.received

Any split of the text gives the same segments.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol

from tts_server.markup.markup import Cleaner
from tts_server.markup.segmenter import Segmenter, Split
from tts_server.markup.tokens import Characters, Cue, EmotionCue, Gap, Stop, Token, VoiceCue
from tts_server.text.linguistic.segment import Segment, Span, Style, Unfinished
from tts_server.text.linguistic.utterance import Prosody

__all__ = ["Reader", "Split", "TextCutter"]

SPEED_LIMITS: Final = (0.4, 2.5)  # of what a context and its markup ask for together
PITCH_LIMITS: Final = (-12.0, 12.0)
VOLUME_LIMITS: Final = (-60.0, 12.0)


class Reader(Protocol):
    """Takes a client's text piece by piece; gives what is to be spoken, and cues."""

    @property
    def received(self) -> int:
        """Code points fed so far."""

    @property
    def held_chars(self) -> int:
        """Code points received and not decided yet."""

    @property
    def can_flush(self) -> bool:
        """Whether what is held can be decided now, should no more come for a while."""

    def feed(self, text: str) -> list[Token]:
        """Read the next piece."""

    def flush(self) -> list[Token]:
        """Decide what is held, as far as that is possible. The text may go on."""

    def end(self) -> list[Token]:
        """Decide all: nothing follows."""


OnCue = Callable[[Cue, list[Segment]], Prosody]  # a cue and the segments before it; how to go on


class TextCutter:
    """A context's text stream: raw text and changes of style in, segments out."""

    def __init__(
        self,
        prosody: Prosody = Prosody(),  # noqa: B008 - frozen
        *,
        split: Split = "auto",
        reader: Reader | None = None,
        on_cue: OnCue | None = None,
        paragraph_ms: int = 0,
    ) -> None:
        """on_cue: says what a cue in the text means; without it, cues are passed over.

        paragraph_ms: a pause where a line ends.
        """
        self._prosody = prosody
        self._next_prosody = prosody
        self._only: tuple[str, float] | None = None  # emotion and intensity of the next segment alone
        self._reader = reader or Cleaner()
        self._on_cue = on_cue
        self._segmenter = Segmenter(split, paragraph_ms)

    @property
    def received(self) -> int:
        """Code points of the client's text so far."""
        return self._reader.received

    @property
    def pending_chars(self) -> int:
        """Code points received and not yet part of a segment."""
        return self._reader.held_chars + self._segmenter.waiting_chars

    @property
    def waiting_pause_ms(self) -> int:
        """How long a pause was asked for right behind the last segment, whatever follows it."""
        return self._segmenter.waiting_pause_ms

    @property
    def can_flush(self) -> bool:
        """Whether a flush would decide about anything that waits."""
        return self._segmenter.waiting_chars > 0 or (self._reader.held_chars > 0 and self._reader.can_flush)

    def feed(self, text: str) -> list[Segment]:
        """Take the next piece of text. Returns the segments it completed. Raises MarkupInvalid."""
        return self._cut(self._reader.feed(text))

    def flush(self) -> list[Segment]:
        """End the current segment here; the text may go on afterwards."""
        return [*self._cut(self._reader.flush()), *self._styled(self._segmenter.flush())]

    def settle(self) -> list[Segment]:
        """Take out what can be said while the text stalls; what may still grow waits on."""
        return self._styled(self._segmenter.settle())

    def end(self) -> list[Segment]:
        """End the text. Raises MarkupInvalid."""
        return [*self._cut(self._reader.end()), *self._styled(self._segmenter.flush())]

    def restyle(self, prosody: Prosody) -> list[Segment]:
        """Say what follows another way: a new emotion ends the segment; speed, pitch, volume wait for the next."""
        said = self._cut(self._reader.flush()) if self._is_other_emotion(prosody) else []
        return [*said, *self._become(prosody)]

    def restyle_segment(self, prosody: Prosody) -> list[Segment]:
        """Say only the next segment with this emotion and intensity; the rest of its style may still be changed."""
        said = [*self._cut(self._reader.flush()), *self._leave_sentence()]
        self._prosody = self._next_prosody
        self._only = (prosody.emotion, prosody.intensity)
        return said

    def _cut(self, tokens: Iterable[Token]) -> list[Segment]:
        segments: list[Segment] = []
        for token in tokens:
            match token:
                case Characters(text, offsets, note):
                    segments += self._styled(self._segmenter.feed(text, offsets, note))
                case Gap(ms, is_added):
                    self._segmenter.pause(ms, is_added=is_added)
                case Stop():
                    segments += self._styled(self._segmenter.flush())
                case EmotionCue() | VoiceCue() if self._on_cue is not None:
                    if isinstance(token, VoiceCue):
                        segments += self._leave_sentence()
                    segments += self._become(self._on_cue(token, segments))
        return segments

    def _become(self, prosody: Prosody) -> list[Segment]:
        """Take on another style."""
        said: list[Segment] = []
        if self._is_other_emotion(prosody):
            said = self._leave_sentence()
            self._only = None
        self._next_prosody = prosody
        if not self._segmenter.waiting_chars:
            self._prosody = prosody
        return said

    def _is_other_emotion(self, prosody: Prosody) -> bool:
        now = self._next_prosody
        return (prosody.emotion, prosody.intensity) != (now.emotion, now.intensity)

    def _leave_sentence(self) -> list[Segment]:
        """End the segment, wherever in a sentence that is."""
        is_inside = self._segmenter.is_inside_sentence
        said = self._styled(self._segmenter.flush())
        if said and is_inside:
            said[-1] = replace(said[-1], spans=(*said[-1].spans, Unfinished()))
        return said

    def _styled(self, segments: list[Segment]) -> list[Segment]:
        return [self._style(segment) for segment in segments]

    def _style(self, segment: Segment) -> Segment:
        """The segment with its style."""
        prosody = self._prosody
        if self._only is not None:
            emotion, intensity = self._only
            prosody, self._only = replace(prosody, emotion=emotion, intensity=intensity), None
        self._prosody = self._next_prosody
        spans: list[Span] = [Style(0, len(segment.text), prosody)]
        spans += [_on_top(span, prosody) if isinstance(span, Style) else span for span in segment.spans]
        return replace(segment, spans=tuple(spans))


def _on_top(style: Style, prosody: Prosody) -> Style:
    """A style that markup asks for, on top of the context's."""
    wanted = style.prosody
    changed = replace(
        prosody,
        speed=min(max(prosody.speed * wanted.speed, SPEED_LIMITS[0]), SPEED_LIMITS[1]),
        pitch=min(max(prosody.pitch + wanted.pitch, PITCH_LIMITS[0]), PITCH_LIMITS[1]),
        volume=min(max(prosody.volume + wanted.volume, VOLUME_LIMITS[0]), VOLUME_LIMITS[1]),
    )
    return replace(style, prosody=changed)
