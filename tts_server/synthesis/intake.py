"""Text on its way into a context: cut into segments, each with the voice and style that held at its place."""

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from protocol.emotions import AUTO
from tts_server.engine import Voice
from tts_server.errors import TextBacklog, TextTooLong
from tts_server.events import SpeechOptions
from tts_server.markup.readers import reader_for
from tts_server.markup.segments import TextCutter
from tts_server.markup.tokens import Cue
from tts_server.synthesis.delivery import Delivery
from tts_server.synthesis.pauses import behind, put_behind, taken_from_start
from tts_server.synthesis.speaking_style import SpeakingStyle
from tts_server.text.linguistic.language import unreadable
from tts_server.text.linguistic.segment import Segment
from tts_server.text.linguistic.utterance import Prosody
from tts_server.voices import Catalogue, split_name


class Limits(Protocol):
    """The limits a context keeps; the configuration has them."""

    @property
    def max_text_chars(self) -> int:
        """In one piece of text."""

    @property
    def max_context_chars(self) -> int:
        """In all text of a context."""

    @property
    def max_pending_chars(self) -> int:
        """Received and not yet spoken."""

    @property
    def max_contexts(self) -> int:
        """Contexts at the same time, over all doors."""

    @property
    def when_full(self) -> Literal["queue", "refuse"]:
        """What becomes of a text for which there is no room."""

    @property
    def max_delay_s(self) -> float:
        """Text without a sentence end waits no longer than this before it is said."""

    @property
    def max_hold_s(self) -> float:
        """What may still grow, such as a number or a word, waits no longer than this."""

    @property
    def context_idle_s(self) -> float:
        """A context ends when no text came for so long."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A segment and the voice that will say it."""

    segment: Segment
    voice: Voice
    cut_at: float  # when it was cut, on the loop's clock
    is_followed: bool = False  # by another segment, that is known already


@dataclass(frozen=True, slots=True)
class Note:
    """A place in the text that somebody wants to be told of."""

    content: object


class Stalled(Exception):
    """No text came for `context_idle_s`."""


class Intake:
    """Takes text and changes of style in order; gives out what can be said."""

    def __init__(
        self,
        catalogue: Catalogue,
        limits: Limits,
        options: SpeechOptions,
        default_emotion: str,
        style: SpeakingStyle,
    ) -> None:
        """Raises VoiceUnknown, EngineLoading, EmotionUnknown (strict)."""
        self._catalogue = catalogue
        self.limits = limits
        self._delivery = Delivery(catalogue, options, default_emotion, style)
        reader = reader_for(options.text_format, style.markup, options.lenient)
        self.pauses = options.pauses.over(style.pauses)
        self._cutter = TextCutter(
            self.prosody,
            split=options.split,
            reader=reader,
            on_cue=self._follow,
            paragraph_ms=self.pauses.paragraph_ms or 0,
        )
        self._max_delay_s = limits.max_delay_s if options.max_delay_s is None else options.max_delay_s
        self._max_hold_s = max(limits.max_hold_s, self._max_delay_s)
        self._has_settled = False  # since the last text, what is safe to say has been taken out
        self._idle_s = limits.context_idle_s if options.idle_s is None else options.idle_s
        self._planned: deque[Planned | Note] = deque()
        self._changed = asyncio.Event()
        self._last_text_at = self._now()
        self.first_text_at: float | None = None
        self.is_ended = False
        self._last_pause_ms = 0  # asked for behind the last word of the last segment
        self.skipped = 0  # letters that no language reads

    @property
    def voice(self) -> Voice:
        """The voice of text from here on."""
        return self._delivery.voice

    @property
    def prosody(self) -> Prosody:
        """How text from here on is said."""
        return self._delivery.prosody

    @property
    def emotion_asked(self) -> str:
        """The emotion asked for."""
        return self._delivery.emotion_asked

    @property
    def emotion_used(self) -> str:
        """The emotion in use for it."""
        return self._delivery.emotion_used

    @property
    def received(self) -> int:
        """Code points of text received."""
        return self._cutter.received

    @property
    def closing_pause_ms(self) -> int:
        """How long nothing is to be heard behind the last word."""
        return self._cutter.waiting_pause_ms or self._last_pause_ms

    @property
    def has_segments(self) -> bool:
        """Whether a segment waits to be said."""
        return any(isinstance(planned, Planned) for planned in self._planned)

    @property
    def has_pending_text(self) -> bool:
        """Whether text waits that is no segment yet, and could be said."""
        return self._cutter.can_flush

    def text(self, text: str) -> None:
        """Add text. Raises TextTooLong, TextBacklog, MarkupInvalid; then nothing of it is said."""
        self.check(len(text))
        self.read(text)

    def read(self, text: str) -> None:
        """Add text that has been checked. Raises MarkupInvalid."""
        self._last_text_at = self._now()
        self._has_settled = False
        if self.first_text_at is None and text:
            self.first_text_at = self._last_text_at
        self._plan(self._cutter.feed(text))

    def check(self, chars: int) -> None:
        """Whether so many characters more can be taken. Raises TextTooLong, TextBacklog."""
        if chars > self.limits.max_text_chars:
            raise TextTooLong(f"text has {chars} characters; the limit is {self.limits.max_text_chars}")
        total = self.received + chars
        if total > self.limits.max_context_chars:
            raise TextTooLong(f"the whole text has {total} characters; the limit is {self.limits.max_context_chars}")
        pending = self._cutter.pending_chars
        pending += sum(len(planned.segment.text) for planned in self._planned if isinstance(planned, Planned))
        if pending and pending + chars > self.limits.max_pending_chars:
            raise TextBacklog(f"{pending} characters wait to be spoken; the limit is {self.limits.max_pending_chars}")

    def restyle(self, voice: str | None = None, emotion: str | None = None, **controls: float) -> None:
        """Change how text from here on is said. Raises VoiceUnknown, EmotionUnknown (strict), BadRequest."""
        chosen = None
        if voice is not None:
            chosen = self._catalogue.choose(voice)
            emotion = emotion or split_name(voice)[1]
            self._plan(self._cutter.flush())
        self._delivery.change(chosen, emotion, **controls)
        self._plan(self._cutter.restyle(self.prosody))

    def restyle_segment(self, emotion: str, intensity: float) -> str:
        """Say the next segment with another emotion. Returns the one used. Raises EmotionUnknown, BadRequest."""
        prosody = self._delivery.for_one_segment(emotion, intensity)
        self._plan(self._cutter.restyle_segment(prosody))
        return "neutral" if prosody.emotion == AUTO else prosody.emotion

    def note(self, content: object) -> None:
        """Put a note behind the text that has been cut into segments."""
        self._planned.append(Note(content))
        self._changed.set()

    def flush(self) -> None:
        """Say what has been sent, even without a sentence end."""
        self._plan(self._cutter.flush())

    def end(self) -> None:
        """No more text follows. Raises MarkupInvalid; the text has ended all the same."""
        self.is_ended = True
        try:
            self._plan(self._cutter.end())
        finally:
            self._changed.set()

    def discard(self) -> None:
        """Drop what is planned and let nobody wait any longer."""
        self._planned.clear()
        self.is_ended = True
        self._changed.set()

    async def next(self) -> Planned | Note | None:
        """The next segment to say, or the note that stands before it; None when all has been said. Raises Stalled."""
        while not self._planned:
            if self.is_ended:
                return None
            self._changed.clear()
            try:
                async with asyncio.timeout(self._patience_s()):
                    await self._changed.wait()
            except TimeoutError:
                self._lose_patience()
        planned = self._planned.popleft()
        return self._with_pause_behind(planned) if isinstance(planned, Planned) else planned

    def _with_pause_behind(self, planned: Planned) -> Planned:
        """The segment with the exact pause that follows it, if that is known: only its voice can make a short one."""
        following, pause_ms = self._planned[0] if self._planned else None, 0
        if isinstance(following, Planned):
            pause_ms, segment = taken_from_start(following.segment)
            self._planned[0] = replace(following, segment=segment)
        elif following is None:
            pause_ms = self._cutter.waiting_pause_ms
        segment = put_behind(planned.segment, pause_ms)
        return replace(planned, segment=segment, is_followed=self.has_segments)

    def _patience_s(self) -> float:
        pending_s = self._max_hold_s if self._has_settled else self._max_delay_s
        waits_s = pending_s if self.has_pending_text else self._idle_s
        return max(0.0, self._last_text_at + waits_s - self._now())

    def _lose_patience(self) -> None:
        if self.has_pending_text and not self._has_settled:
            self._has_settled = True
            self._plan(self._cutter.settle())
        elif self.has_pending_text:
            self.flush()
        elif self._now() >= self._last_text_at + self._idle_s:
            raise Stalled

    def _plan(self, segments: list[Segment]) -> None:
        now = self._now()
        left_out = (unreadable(segment.text) + self._catalogue.unspoken(segment.text) for segment in segments)
        self.skipped += sum(left_out)
        if segments:
            self._last_pause_ms = behind(segments[-1])
        self._planned.extend(Planned(self._delivery.finished(segment), self.voice, now) for segment in segments)
        self._changed.set()

    def _follow(self, cue: Cue, segments: list[Segment]) -> Prosody:
        """Go on as a cue in the text says. The segments before it keep their voice."""
        self._plan(segments)
        segments.clear()
        return self._delivery.follow(cue)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
