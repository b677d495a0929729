"""One context of a WebSocket connection: the client's messages into the core, the core's events onto the channel."""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal

from protocol import answers, messages
from protocol.emotions import canonical
from protocol.errors import RETRYABLE, ErrorCode
from tts_server.errors import ShuttingDown, TextBacklog, TTSError
from tts_server.speech import Audio, Done, Marks, Passed, SegmentEnded, SegmentStarted
from tts_server.synthesis import Context
from tts_server.transports.error_codes import code_of
from tts_server.transports.websocket_frames import Framer, Sound
from tts_server.transports.websocket_outbox import Channel, Outbox

MAX_NOTES: Final = 256  # changes of manner and flushes whose place has not been reached
ACKS_KEPT: Final = 512  # frames of which an `ack` by seq is understood
RETRY_MS: Final = 500

Reason = Literal["cancelled", "preempted", "shutdown"]


class Rejected(Exception):
    """A message that is not done, with what an `error` tells about it."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        param: str | None = None,
        received: int | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.received = received
        self.retry_after_ms = retry_after_ms


@dataclass(frozen=True, slots=True)
class SpeechSetup:
    """What is fixed for a context when it is opened."""

    ctx: str
    ch: int
    frame_samples: int
    sends_marks: bool
    max_context_chars: int


class Speech:
    """A context between its client and the core. `run` speaks; everything else answers a message."""

    def __init__(self, setup: SpeechSetup, context: Context, channel: Channel, outbox: Outbox) -> None:
        self._setup = setup
        self._ctx = setup.ctx
        self._context = context
        self._channel = channel
        self._outbox = outbox
        self._framer = Framer(setup.ch, setup.frame_samples)
        self._pieces: list[str] = []  # of the text, as it came
        self._marks: list[tuple[int, int, int, int]] = []
        self._ends: deque[tuple[int, int]] = deque(maxlen=ACKS_KEPT)  # seq, position behind the frame
        self._notes: deque[answers.Applied | answers.Flushed] = deque()
        self._is_shut = False  # a piece of text was refused: nothing may come before it is sent again
        self._first_text_at: float | None = None
        self._first_ms: int | None = None
        self._played_samples: int | None = None
        self._late_cancels: list[messages.Cancel] = []  # wait for the end of the segment that is being sent
        self._reason: Reason | None = None
        self._done: answers.Done | None = None

    @property
    def ctx(self) -> str:
        """The context's name."""
        return self._ctx

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is said but the end."""
        return self._reason is not None

    def close(self) -> None:
        """Let go of a context that nobody runs."""
        self._context.close()

    def text(self, message: messages.Text) -> None:
        """Take a piece of text. Raises Rejected, TTSError."""
        received = self._context.received
        self._check_gate(message.at == received)
        if message.at is not None and message.at != received:
            raise Rejected(ErrorCode.BAD_OFFSET, f"the text goes on at {received}, not at {message.at}", "at", received)
        try:
            self._context.text(message.text)
        except TextBacklog as error:
            self._is_shut = True
            raise Rejected(ErrorCode.TEXT_BACKLOG, str(error), "text", received, RETRY_MS) from None
        except TTSError:
            if received + len(message.text) > self._setup.max_context_chars:
                self._context.end()
            raise
        self._is_shut = False
        self._pieces.append(message.text)
        if self._first_text_at is None and message.text:
            self._first_text_at = _now()
        if message.flush:
            self._flush(message.ref)
        if message.end:
            self._context.end()

    def emotion(self, message: messages.Emotion) -> None:
        """Change the emotion from here on, or for the next segment. Raises Rejected, TTSError."""
        self._check_gate()
        self._check_notes()
        intensity = 1.0 if message.intensity is None else message.intensity
        if message.scope == "segment":
            used = self._context.restyle_segment(message.emotion, intensity)
        else:
            self._context.restyle(emotion=message.emotion, intensity=intensity)
            _, used = self._context.emotion
        at = self._context.received
        self._note(
            answers.Applied(ref=message.ref, ctx=self._ctx, what="emotion", asked=message.emotion, used=used, at=at)
        )
        self.tell_fallback(message.emotion, used)

    def set(self, message: messages.Set) -> None:
        """Change voice, speed, pitch or volume from here on. Raises Rejected, TTSError."""
        self._check_gate()
        self._check_notes()
        controls = {name: getattr(message, name) for name in ("speed", "pitch", "volume")}
        controls = {name: value for name, value in controls.items() if value is not None}
        self._context.restyle(voice=message.voice, **controls)
        asked = {**({"voice": message.voice} if message.voice else {}), **controls}
        used = {**asked, "voice": self._context.voice}
        at = self._context.received
        self._note(answers.Applied(ref=message.ref, ctx=self._ctx, what="set", asked=asked, used=used, at=at))

    def flush(self, message: messages.Flush) -> None:
        """Say what has been sent. Raises Rejected, TTSError."""
        self._check_gate()
        self._flush(message.ref)

    def end(self) -> None:
        """No more text follows. Raises Rejected, TTSError."""
        self._check_gate()
        self._context.end()

    def shut(self) -> int:
        """A piece of text was not taken: refuse all that follows it. Returns where the text must go on."""
        self._is_shut = True
        return self._context.received

    def ack(self, message: messages.Ack) -> None:
        """Note how far the client has played."""
        position = message.played_samples
        if position is None:
            position = next((end for seq, end in self._ends if seq == message.seq), None)
        if position is not None:
            played = min(position, self._channel.sent_samples)
            self._played_samples = max(played, self._played_samples or 0)
            self._channel.pacer.played(played)
            self._outbox.wake()

    def cancel(self, message: messages.Cancel) -> None:
        """Stop at once, or when the segment that is being sent is over, and answer."""
        if self.is_stopped:
            self._outbox.say(self._cancelled(message).model_copy(update={"already": True}))
            return
        self._late_cancels.append(message)
        if message.mode == "now":
            self.stop("cancelled")
        else:
            self._stop_behind_segment()

    def stop(self, reason: Reason) -> None:
        """Stop at once: of this context nothing more is sent but `done`."""
        self._reason = self._reason or reason
        self._answer_unreached(self._channel.mute())
        for message in self._late_cancels:
            self._outbox.say(self._cancelled(message))
        self._late_cancels.clear()
        self._context.cancel()
        if self._done is not None:  # it waited behind audio that is no longer sent
            self._put_done(self._done)

    async def run(self) -> None:
        """Speak until the end."""
        async with aclosing(self._context.events()) as events:
            async for event in events:
                match event:
                    case SegmentStarted():
                        self._framer.begin(event.index)
                        await self._channel.put(self._segment(event))
                    case Marks():
                        await self._put_marks(event)
                    case Audio():
                        for sound in self._framer.feed(event.samples):
                            await self._put_sound(sound)
                    case SegmentEnded():
                        await self._end_segment(event)
                    case Passed():
                        await self._pass(self._notes.popleft())
                    case Done():
                        self._finish(event)

    def tell_fallback(self, asked: str, used: str) -> None:
        """Tell the client when it gets another emotion than the one it asked for."""
        if canonical(asked) != used:
            message = f"voice {self._context.voice} says {asked!r} as {used}"
            self._outbox.say(answers.Notice(code="emotion_fallback", message=message, ctx=self._ctx))

    async def _put_sound(self, sound: Sound) -> None:
        if self._first_ms is None and self._first_text_at is not None:
            self._first_ms = round(1000 * (_now() - self._first_text_at))
        await self._channel.put(sound)
        self._ends.append((sound.frame.seq, sound.position + sound.samples))

    async def _put_marks(self, event: Marks) -> None:
        self._marks += event.items
        if self._setup.sends_marks:
            segment, items = self._framer.segment, list(event.items)
            await self._channel.put(answers.Marks(ctx=self._ctx, segment=segment, unit="char", items=items))

    async def _end_segment(self, event: SegmentEnded) -> None:
        for sound in self._framer.end():
            await self._put_sound(sound)
        await self._channel.put(
            answers.SegmentEnd(
                ctx=self._ctx,
                segment=event.index,
                pts=self._framer.position,
                samples=event.samples,
                synth_ms=event.synth_ms,
                wait_ms=event.wait_ms,
                first_ms=event.first_ms,
            )
        )
        self._stop_behind_segment()

    async def _pass(self, note: answers.Applied | answers.Flushed) -> None:
        if isinstance(note, answers.Flushed) and self._channel.segments:
            note = note.model_copy(update={"segment": self._channel.segments - 1})
        await self._channel.put(note)

    def _finish(self, event: Done) -> None:
        if self._late_cancels:
            self._reason = "cancelled"
            self._answer_late_cancels()
        reason = self._reason or ("shutdown" if isinstance(event.error, ShuttingDown) else None)
        error = None
        if event.error is not None:
            error = answers.DoneError(code=code_of(event.error), message=str(event.error))
        self._answer_unreached(self._notes, error)
        self._notes.clear()
        if reason is None and error is None and not event.segments:
            message = "there is nothing in the text that can be spoken"
            self._outbox.say(answers.Notice(code="nothing_to_say", message=message, ctx=self._ctx))
        self._put_done(
            answers.Done(
                ctx=self._ctx,
                reason=reason or event.reason.value,
                segments=event.segments,
                chars=event.chars,
                samples=event.samples,
                first_ms=self._first_ms,
                synth_ms=event.synth_ms,
                error=error,
            )
        )

    def _put_done(self, done: answers.Done) -> None:
        """Say the last message. It counts what is sent, which after a `stop` is less than what was made."""
        counted = {"samples": self._channel.samples, "segments": self._channel.segments}
        self._done = done.model_copy(update={**counted, "reason": self._reason or done.reason})
        self._channel.put_last(self._done)

    def _answer_unreached(self, unreached: Iterable[answers.Direct], error: answers.DoneError | None = None) -> None:
        """Answer what was asked for at places in the speech that do not come any more."""
        code = error.code if error else ErrorCode.BAD_STATE
        for answer in unreached:
            self._channel.put_last(
                answers.Error(
                    ref=answer.ref,
                    code=code,
                    message="the context was over before this place in its text was reached",
                    ctx=self._ctx,
                    retryable=code in RETRYABLE,
                    fatal=False,
                )
            )

    def _stop_behind_segment(self) -> None:
        """Do what a `cancel` with the mode `segment` asked for, if there is one and the segment's end is here."""
        if not self._late_cancels or (dropped := self._channel.mute_after_segment()) is None:
            return
        self._reason = "cancelled"
        self._answer_unreached(dropped)
        self._answer_late_cancels()
        self._context.cancel()
        if self._done is not None:
            self._put_done(self._done)

    def _answer_late_cancels(self) -> None:
        for message in self._late_cancels:
            self._channel.put_last(self._cancelled(message))
        self._late_cancels.clear()

    def _cancelled(self, message: messages.Cancel) -> answers.Cancelled:
        samples = self._channel.samples
        played = self._played_samples if message.played_samples is None else message.played_samples
        heard = None if played is None else self._heard(min(played, samples))
        ref = None if message.ctx == messages.ALL else message.ref
        return answers.Cancelled(ref=ref, ctx=self._ctx, sent_samples=samples, heard=heard, already=False)

    def _heard(self, played_samples: int) -> answers.Heard:
        played_ms = 1000 * played_samples / self._context.sample_rate
        to = max((end for _, end, start_ms, _ in self._marks if start_ms < played_ms), default=0)
        return answers.Heard(to=to, text=self._original(0, to))

    def _segment(self, event: SegmentStarted) -> answers.Segment:
        return answers.Segment(
            ctx=self._ctx,
            segment=event.index,
            text=self._original(event.start, event.end),
            start=event.start,
            end=event.end,
            spoken=event.text,
            voice=event.voice,
            emotion=event.emotion,
            intensity=event.intensity,
            pts=self._framer.position,
            cached=False,
        )

    def _original(self, start: int, end: int) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0][start:end]

    def _flush(self, ref: str | None) -> None:
        self._check_notes()
        self._context.flush()
        self._note(answers.Flushed(ref=ref, ctx=self._ctx))

    def _note(self, note: answers.Applied | answers.Flushed) -> None:
        self._context.note(note)
        self._notes.append(note)

    def _check_notes(self) -> None:
        if len(self._notes) >= MAX_NOTES:
            message = f"{MAX_NOTES} changes and flushes wait for their place in the speech"
            raise Rejected(ErrorCode.TEXT_BACKLOG, message, received=self._context.received, retry_after_ms=RETRY_MS)

    def _check_gate(self, is_expected: bool = False) -> None:
        if self._is_shut and not is_expected:
            received = self._context.received
            message = f'a piece of text was refused before this; go on with a text that has "at": {received}'
            raise Rejected(ErrorCode.TEXT_BACKLOG, message, received=received, retry_after_ms=RETRY_MS)


def _now() -> float:
    return asyncio.get_running_loop().time()
