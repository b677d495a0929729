"""Contexts: text in, speech events out. The one path from every door to the engines.

A context is pulled: its events are made as fast as the door takes them, so a slow reader slows nothing but itself.
"""

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

import numpy as np

from tts_server.audio.join import Joiner
from tts_server.audio.resample import Resampler
from tts_server.engine import AudioChunk, Samples
from tts_server.engine_host.link import EngineHostLost, EngineLink
from tts_server.errors import EngineBusy, EngineFailed, ShuttingDown, TTSError, WrongState
from tts_server.intake import Intake, Limits, Note, Planned, Stalled
from tts_server.speech import (
    Audio,
    ContextState,
    Done,
    DoneReason,
    Marks,
    Passed,
    SegmentEnded,
    SegmentStarted,
    SpeechEvent,
    SpeechOptions,
)
from tts_server.turns import Turns
from tts_server.voices import Catalogue

log = logging.getLogger(__name__)
T = TypeVar("T")


class Synthesizer:
    """Opens contexts for the doors and knows which are alive."""

    def __init__(self, link: EngineLink, turns: Turns, limits: Limits, default_emotion: str = "neutral") -> None:
        self._link = link
        self._turns = turns
        self._limits = limits
        self._default_emotion = default_emotion
        self._contexts: set[Context] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    @property
    def catalogue(self) -> Catalogue:
        """The voices of this box."""
        return self._link.catalogue

    @property
    def limits(self) -> Limits:
        """What every context keeps to."""
        return self._limits

    @property
    def default_emotion(self) -> str:
        """The emotion of requests that name none."""
        return self._default_emotion

    @property
    def active(self) -> int:
        """Contexts alive, over all doors."""
        return len(self._contexts)

    @property
    def is_ready(self) -> bool:
        """Whether a request would be spoken now."""
        return self._link.is_ready and not self._draining

    def open(self, options: SpeechOptions) -> "Context":
        """A new context; the caller iterates its `events` to the end or closes them, or calls `close`.

        Raises VoiceUnknown, EmotionUnknown (strict), EngineLoading, EngineBusy, ShuttingDown.
        """
        if self._draining:
            raise ShuttingDown("the daemon is stopping")
        if len(self._contexts) >= self._limits.max_contexts:
            raise EngineBusy(f"{len(self._contexts)} texts are being spoken; the limit is {self._limits.max_contexts}")
        intake = Intake(self.catalogue, self._limits, options, self._default_emotion)
        context = Context(self._link, self._turns, intake, options, self._forget)
        self._contexts.add(context)
        self._idle.clear()
        return context

    async def drain(self, grace_s: float) -> None:
        """Take no new contexts, let those alive finish within `grace_s`, then fail what is left."""
        self._draining = True
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d texts were still being spoken after %g s and are cut off", len(self._contexts), grace_s)
            for context in list(self._contexts):
                context.fail(ShuttingDown("the daemon stopped before all was said"))

    def _forget(self, context: "Context") -> None:
        self._contexts.discard(context)
        if not self._contexts:
            self._idle.set()


class _Stopped(Exception):
    """`cancel` or `fail` broke into a wait."""


class Context:
    """One text stream in, one stream of speech events out."""

    def __init__(
        self,
        link: EngineLink,
        turns: Turns,
        intake: Intake,
        options: SpeechOptions,
        forget: Callable[["Context"], None],
    ) -> None:
        self._link = link
        self._turns = turns
        self._intake = intake
        self._priority = options.priority
        self._forget = forget
        self.sample_rate = options.sample_rate or intake.voice.sample_rate  # Hz, of all audio of the context
        self._scope: asyncio.Timeout | None = None  # around the wait that `cancel` must interrupt
        self._stopped: DoneReason | None = None
        self._error: TTSError | None = None
        self._is_speaking = False
        self._is_done = False
        self._first_audio_at: float | None = None
        self._segments = self._samples = 0
        self._synth_s = self._asking_s = 0.0  # the engine's own time, and the time spent asking for it
        self._joiner = Joiner(self.sample_rate)

    @property
    def state(self) -> ContextState:
        """Where the context stands."""
        if self._is_done:
            return ContextState.DONE
        if self._stopped is not None:
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
        return self._intake.emotion_asked, self._intake.prosody.emotion

    @property
    def received(self) -> int:
        """Code points of text received."""
        return self._intake.received

    def text(self, text: str) -> None:
        """Add text. Raises WrongState after `end`, TextTooLong, TextBacklog."""
        self._check_open()
        self._intake.text(text)

    def restyle(self, voice: str | None = None, emotion: str | None = None, **controls: float) -> None:
        """Change how text from here on is said; what was sent before keeps its manner.

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
        """Stop at once; `events` then gives Done and nothing else. May be repeated."""
        self._stop(DoneReason.CANCELLED, None)

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
            with self._turns.stream(self._priority) as stream:
                async with aclosing(self._speak(stream)) as spoken:
                    async for event in spoken:
                        yield event
        except _Stopped:
            error = self._error
        except Stalled:
            self._stopped = DoneReason.IDLE
        except TTSError as failure:
            error = failure
        except Exception:
            log.exception("a context failed")
            error = EngineFailed("an internal error ended the speech")
        finally:
            self.close()
        done = self._summary(error)
        self._log(done)
        yield done

    async def _speak(self, stream: int) -> AsyncGenerator[SpeechEvent]:
        while (planned := await self._interruptible(self._intake.next())) is not None:
            if isinstance(planned, Note):
                yield Passed(planned.content)
                continue
            self._is_speaking = True
            async with aclosing(self._speak_segment(stream, planned)) as spoken:
                async for event in spoken:
                    yield event
            self._is_speaking = False
        if self._stopped is not None:
            raise _Stopped

    async def _speak_segment(self, stream: int, planned: Planned) -> AsyncGenerator[SpeechEvent]:
        index, base = self._segments, self._samples
        synth_s, asking_s = self._synth_s, self._asking_s
        first_at: float | None = None
        self._segments += 1
        yield _segment_started(index, planned)
        rate = Resampler(planned.voice.sample_rate, self.sample_rate)
        async with aclosing(self._chunks(stream, planned)) as chunks:
            async for chunk in chunks:
                first_at = first_at or self._now()
                if chunk.timings:
                    yield _marks(chunk, base / self.sample_rate)
                if len(samples := self._joiner.feed(rate.feed(chunk.samples))):
                    yield self._audio(samples)
        if len(samples := np.concatenate([self._joiner.feed(rate.flush()), self._joiner.end_piece()])):
            yield self._audio(samples)
        synth_s, asking_s = self._synth_s - synth_s, self._asking_s - asking_s
        yield SegmentEnded(
            *(index, self._samples - base, _ms(synth_s), _ms(max(0.0, asking_s - synth_s))),
            first_ms=None if first_at is None else _ms(first_at - planned.cut_at),
        )

    async def _chunks(self, stream: int, planned: Planned) -> AsyncGenerator[AudioChunk]:
        """The segment's audio. A segment of which nothing was heard is run once more if the engine host is lost."""
        voice = planned.voice.name
        for attempt in itertools.count():
            was_heard = False
            try:
                with self._link.open(planned.segment, voice) as utterance:
                    try:
                        while True:
                            asked_at = self._now()
                            chunk = await self._interruptible(self._turns.take(stream, voice, utterance.next_chunk))
                            self._asking_s += self._now() - asked_at
                            if chunk is None:
                                return
                            was_heard = True
                            yield chunk
                    finally:
                        self._synth_s += utterance.busy_s
            except EngineHostLost:
                if was_heard or attempt:
                    raise
            await self._interruptible(self._link.wait_ready())

    async def _interruptible(self, waiting: Awaitable[T]) -> T:
        """Await, but let `cancel` and `fail` break in."""
        try:
            async with asyncio.timeout(None) as self._scope:
                if self._stopped is not None:
                    self._interrupt()
                return await waiting
        except TimeoutError:
            if self._stopped is None:
                raise
            raise _Stopped from None
        finally:
            self._scope = None

    def _stop(self, reason: DoneReason, error: TTSError | None) -> None:
        if self._stopped is None and not self._is_done:
            self._stopped, self._error = reason, error
            self._intake.discard()
            self._interrupt()

    def _interrupt(self) -> None:
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    def _check_open(self) -> None:
        if self._is_done or self._intake.is_ended:
            raise WrongState(f"the context is {self.state}; it takes nothing more")

    def _audio(self, samples: Samples) -> Audio:
        if self._first_audio_at is None:
            self._first_audio_at = self._now()
        position = self._samples
        self._samples += len(samples)
        return Audio(samples, position)

    def _summary(self, error: TTSError | None) -> Done:
        reason = self._stopped or (DoneReason.ERROR if error else DoneReason.END)
        started, first = self._intake.first_text_at, self._first_audio_at
        first_ms = _ms(first - started) if first is not None and started is not None else None
        return Done(reason, error, self._segments, self.received, self._samples, first_ms, _ms(self._synth_s))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _log(self, done: Done) -> None:
        if done.error is not None:
            log.warning("could not speak voice=%s chars=%d: %s", self.voice, done.chars, done.error)
        else:
            audio_s = done.samples / self.sample_rate
            log.info(
                "spoke voice=%s emotion=%s chars=%d first_chunk_ms=%s audio_s=%.2f rtf=%.3f end=%s",
                *(self.voice, self.emotion[1], done.chars, done.first_ms, audio_s),
                *(self._synth_s / audio_s if audio_s else 0.0, done.reason),
            )


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def _segment_started(index: int, planned: Planned) -> SegmentStarted:
    segment, prosody = planned.segment, planned.segment.prosody
    start, end = segment.offsets[0], segment.offsets[-1]
    return SegmentStarted(index, segment.text, start, end, planned.voice.name, prosody.emotion, prosody.intensity)


def _marks(chunk: AudioChunk, base_s: float) -> Marks:
    def ms(sample: int) -> int:
        return round(1000 * (base_s + sample / chunk.sample_rate))

    return Marks(tuple((t.start, t.end, ms(t.first_sample), ms(t.last_sample)) for t in chunk.timings))
