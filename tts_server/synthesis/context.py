"""A context: text in, speech events out. The one path from every door to the engines.

It is pulled: its events are made as fast as the door takes them, so a slow reader slows nothing but itself.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Final

from tts_server.cache.segment_cache import SegmentCache
from tts_server.engine_host.link import EngineLink
from tts_server.errors import EngineFailed, Preempted, TTSError, WrongState
from tts_server.events import Audio, ContextState, Done, DoneReason, Passed, SpeechEvent, SpeechOptions
from tts_server.scheduling.turns import Turns
from tts_server.synthesis.intake import Intake, Limits, Note, Stalled
from tts_server.synthesis.interruption import Interruption, Stopped
from tts_server.synthesis.segment_speaker import SegmentSpeaker, ms

log = logging.getLogger(__name__)

PART_CHARS: Final = 200  # of a long text are read at once, in half a millisecond; then others have their turn


class Context:
    """One text stream in, one stream of speech events out."""

    def __init__(
        self,
        link: EngineLink,
        turns: Turns,
        cache: SegmentCache,
        intake: Intake,
        options: SpeechOptions,
        forget: Callable[["Context"], None],
        tell: Callable[["Context", Done], None],
    ) -> None:
        """forget: called when it is over; tell: called with its summary, if its events were asked for."""
        self._turns = turns
        self._intake = intake
        self._priority, self._client = options.priority, options.client
        self._forget, self._tell = forget, tell
        self.sample_rate = options.sample_rate or intake.voice.sample_rate  # Hz, of all audio of the context
        self._interruption = Interruption()
        self._speaker = SegmentSpeaker(
            link, turns, cache, self._interruption, self.sample_rate, intake.pauses.lead_ms or 0
        )
        self._is_speaking = False
        self._is_done = False

    @property
    def state(self) -> ContextState:
        """Where the context stands."""
        if self._is_done:
            return ContextState.DONE
        if self._interruption.reason is not None:
            return ContextState.CANCELLING
        if self._intake.is_ended:
            return ContextState.ENDING
        if self._is_speaking or self._intake.has_segments:
            return ContextState.SPEAKING
        return ContextState.BUFFERING if self._intake.has_pending_text else ContextState.OPEN

    @property
    def voice(self) -> str:
        """The voice that text from here on gets."""
        return self._intake.voice.name

    @property
    def emotion(self) -> tuple[str, str]:
        """The emotion asked for, and the one in use, for text from here on."""
        return self._intake.emotion_asked, self._intake.emotion_used

    @property
    def skipped(self) -> int:
        """Letters so far that no language here reads; they are left out."""
        return self._intake.skipped

    @property
    def limits(self) -> Limits:
        """Those it was opened under: what is read again later is for others."""
        return self._intake.limits

    @property
    def received(self) -> int:
        """Code points of text received."""
        return self._intake.received

    def text(self, text: str) -> None:
        """Add text. Raises WrongState after `end`, TextTooLong, TextBacklog."""
        self._check_open()
        self._intake.text(text)

    async def take(self, text: str) -> None:
        """Add a text that may be long, without keeping others waiting. Raises as `text` does."""
        self._check_open()
        self._intake.check(len(text))
        for start in range(0, len(text), PART_CHARS):
            if self._interruption.reason is not None:
                return
            self._intake.read(text[start : start + PART_CHARS])
            await asyncio.sleep(0)

    def restyle(self, voice: str | None = None, emotion: str | None = None, **controls: float) -> None:
        """Change how text from here on is said; what was sent before keeps its style.

        controls: intensity, speed, pitch, volume. Raises VoiceUnknown, EmotionUnknown (strict), BadRequest, WrongState.
        """
        self._check_open()
        self._intake.restyle(voice, emotion, **controls)

    def restyle_segment(self, emotion: str, intensity: float) -> str:
        """Say only the next segment with this emotion. Returns the one used. Raises as `restyle` does."""
        self._check_open()
        return self._intake.restyle_segment(emotion, intensity)

    def note(self, content: object) -> None:
        """Let `events` give Passed(content) at this place: behind all that has been cut into segments by now."""
        self._check_open()
        self._intake.note(content)

    def flush(self) -> None:
        """Say now what has been sent, even without a sentence end."""
        self._check_open()
        self._intake.flush()

    def end(self) -> None:
        """No more text follows."""
        self._check_open()
        self._intake.end()

    def cancel(self) -> None:
        """Stop at once; `events` then gives a fade of 5 ms at most, and Done. May be repeated."""
        self._stop(DoneReason.CANCELLED, None)

    def preempt(self) -> None:
        """Stop at once, because something more important is to be said."""
        self._stop(DoneReason.PREEMPTED, Preempted("something more important had to be said"))

    def fail(self, error: TTSError) -> None:
        """Stop at once because of an error from outside."""
        self._stop(DoneReason.ERROR, error)

    def close(self) -> None:
        """Let go of a context whose events nobody iterates. Idempotent."""
        self._is_done = True
        self._intake.discard()
        self._forget(self)

    async def events(self) -> AsyncGenerator[SpeechEvent]:
        """Speak. Yields events in order, Done last and exactly once. Iterate once; close it to give up early."""
        error: TTSError | None = None
        try:
            with self._turns.stream(self._priority, self._client) as stream:
                async with aclosing(self._speak(stream)) as spoken:
                    async for event in spoken:
                        yield event
        except (GeneratorExit, asyncio.CancelledError):  # whoever iterates has lost its listener
            self._interruption.reason = self._interruption.reason or DoneReason.CANCELLED
            self._finish(self._summary(None))
            raise
        except Stopped:
            error = self._interruption.error
        except Stalled:
            self._interruption.reason = DoneReason.IDLE
        except TTSError as failure:
            error = failure
        except Exception:
            log.exception("a context failed")
            error = EngineFailed("an internal error ended the speech")
        finally:
            self.close()
        rest = self._speaker.cut_off()
        done = self._summary(error)
        self._finish(done)  # before whoever has lost its listener goes away with the rest
        if rest is not None:
            yield rest
        yield done

    def _finish(self, done: Done) -> None:
        self._log(done)
        self._tell(self, done)

    async def _speak(self, stream: int) -> AsyncGenerator[SpeechEvent]:
        while (planned := await self._interruption.wait(self._intake.next())) is not None:
            if isinstance(planned, Note):
                yield Passed(planned.content)
                continue
            self._is_speaking = True
            async with aclosing(self._speaker.speak(stream, planned)) as spoken:
                async for event in spoken:
                    yield event
            self._is_speaking = False
        if self._interruption.reason is not None:
            raise Stopped
        for silence in self._closing() if self._speaker.segments else ():
            if silence is not None:
                yield silence

    def _closing(self) -> Iterator[Audio | None]:
        yield self._speaker.pause(self._intake.closing_pause_ms)
        yield self._speaker.silence(self._intake.pauses.tail_ms or 0)

    def _stop(self, reason: DoneReason, error: TTSError | None) -> None:
        if not self._is_done and self._interruption.reason is None:
            self._intake.discard()
            self._interruption.stop(reason, error)

    def _check_open(self) -> None:
        if self._is_done or self._intake.is_ended:
            raise WrongState(f"the context is {self.state}; it takes nothing more")

    def _summary(self, error: TTSError | None) -> Done:
        speaker, started = self._speaker, self._intake.first_text_at
        reason = self._interruption.reason or (DoneReason.ERROR if error else DoneReason.END)
        first = speaker.first_audio_at
        first_ms = ms(first - started) if first is not None and started is not None else None
        synth_ms = ms(speaker.synth_s)
        return Done(
            reason,
            error,
            speaker.segments,
            self.received,
            speaker.samples,
            first_ms,
            synth_ms,
            gaps=speaker.gaps,
            skipped=self.skipped,
        )

    def _log(self, done: Done) -> None:
        if done.error is not None:
            log.warning("could not speak voice=%s chars=%d: %s", self.voice, done.chars, done.error)
        else:
            audio_s = done.samples / self.sample_rate
            log.info(
                "spoke voice=%s emotion=%s chars=%d first_chunk_ms=%s audio_s=%.2f rtf=%.3f end=%s",
                *(self.voice, self.emotion[1], done.chars, done.first_ms, audio_s),
                *(self._speaker.synth_s / audio_s if audio_s else 0.0, done.reason),
            )
