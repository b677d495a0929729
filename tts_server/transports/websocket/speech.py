"""One context of a WebSocket connection: the core's events onto its channel, and how it stops."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal

from protocol import answers, messages
from protocol.emotions import AUTO, canonical, is_known
from protocol.errors import RETRYABLE, ErrorCode
from tts_server.errors import ShuttingDown
from tts_server.events import Audio, ContextState, Done, DoneReason, Marks, Passed, Queued, SegmentEnded, SegmentStarted
from tts_server.synthesis.context import Context
from tts_server.transports.error_codes import code_of
from tts_server.transports.websocket.channel import Channel
from tts_server.transports.websocket.frames import Coder, Framer, Sound
from tts_server.transports.websocket.gate import Note, TextGate
from tts_server.transports.websocket.outbox import Outbox
from tts_server.voices import unknown_emotion

FADE_S: Final = 0.010  # of what is stopped at once
ACKS_KEPT: Final = 512  # frames of which an `ack` by seq is understood

Reason = Literal["cancelled", "preempted", "shutdown"]


@dataclass(frozen=True, slots=True)
class SpeechSetup:
    """What is fixed for a context when it is opened."""

    ctx: str
    ch: int
    frame_samples: int
    coder: Coder
    sends_marks: bool
    max_context_chars: int
    spend: Callable[[int], None]  # told of text; raises RateLimited


class Speech:
    """A context between its client and the core. `run` speaks; everything else answers a message."""

    def __init__(self, setup: SpeechSetup, context: Context, channel: Channel, outbox: Outbox) -> None:
        self._setup = setup
        self._context = context
        self._outbox = outbox
        self.channel = channel
        self.gate = TextGate(setup.ctx, context, setup.max_context_chars, setup.spend)
        self._framer = Framer(setup.ch, setup.frame_samples, setup.coder)
        self._marks: list[tuple[int, int, int, int]] = []
        self._marks_late_ms = 0.0  # by what a codec has added to the segments before
        self._samples = 0  # given by the core before this segment
        self._ends: deque[tuple[int, int]] = deque(maxlen=ACKS_KEPT)  # seq, position behind the frame
        self._first_ms: int | None = None
        self._played_samples: int | None = None
        self._late_cancels: list[messages.Cancel] = []  # wait for the end of the segment that is being sent
        self._reason: Reason | None = None
        self._done: answers.Done | None = None

    @property
    def ctx(self) -> str:
        """The context's name."""
        return self._setup.ctx

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is said but the end."""
        return self._reason is not None

    @property
    def reason(self) -> Reason | None:
        """Why nothing more is said."""
        return self._reason

    @property
    def context(self) -> Context:
        """The core's side of it."""
        return self._context

    def close(self) -> None:
        """Let go of a context that nobody runs."""
        self._context.close()

    def ack(self, message: messages.Ack) -> None:
        """Note how far the client has played."""
        position = message.played_samples
        if position is None:
            position = next((end for seq, end in self._ends if seq == message.seq), None)
        if position is not None:
            played = min(position, self.channel.sent_samples)
            self._played_samples = max(played, self._played_samples or 0)
            self.channel.pacer.played(played)
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
        self._answer_unreached(self.channel.mute(self._fade()))
        answer = self.channel.put_last if self.channel.next_sound else self._outbox.say  # behind the fade, or at once
        for message in self._late_cancels:
            answer(self._cancelled(message))
        self._late_cancels.clear()
        self._context.cancel()
        if self._done is not None:  # it waited behind audio that is no longer sent
            self._put_done(self._done)

    def _fade(self) -> Sound | None:
        """The next few samples, dying away, so that nobody hears a click."""
        following = self.channel.next_sound or next(self._framer.end(), None)
        return following and following.died_away(round(FADE_S * self._context.sample_rate))

    def resume(self, seq: int) -> answers.ResumedContext:
        """Say again what a client that has come back needs next."""
        next_seq = self.channel.rewind(seq)
        state = ContextState.DONE if self._done is not None else self._context.state
        return answers.ResumedContext(
            ctx=self.ctx,
            ch=self._setup.ch,
            next_seq=next_seq,
            received=self._context.received,
            state=state.value.upper(),
        )

    async def run(self) -> None:
        """Speak until the end."""
        async with aclosing(self._context.events()) as events:
            async for event in events:
                match event:
                    case SegmentStarted():
                        self._begin_segment()
                        self._framer.begin(event.index, event.is_cached)
                        await self.channel.put(self._segment(event))
                    case Marks():
                        await self._put_marks(event)
                    case Audio():
                        for sound in self._framer.feed(event.samples):
                            await self._put_sound(sound)
                    case SegmentEnded():
                        await self._end_segment(event)
                    case Queued():
                        self._tell_queued(event)
                    case Passed():
                        await self._pass(self.gate.notes.popleft())
                    case Done():
                        if event.reason is not DoneReason.CANCELLED and self._framer.is_holding:
                            for sound in self._framer.end():  # silence behind the last segment, or the fade of a stop
                                await self._put_sound(sound)
                        self._finish(event)

    def tell_fallback(self, asked: str, used: str) -> None:
        """Tell the client when it gets another emotion than the one it asked for, or asked for none that there is."""
        if not is_known(asked):
            message = f"{unknown_emotion(asked)}; it is said as {used}"
            self._outbox.say(answers.Notice(code="emotion_unknown", message=message, ctx=self.ctx))
        elif canonical(asked) != used and asked.casefold() != AUTO:
            message = f"voice {self._context.voice} says {asked!r} as {used}"
            self._outbox.say(answers.Notice(code="emotion_fallback", message=message, ctx=self.ctx))

    def _tell_queued(self, event: Queued) -> None:
        message = "other texts are let in first"
        eta_ms = round(1000 * event.eta_s)
        self._outbox.say(
            answers.Notice(code="queued", message=message, ctx=self.ctx, position=event.position, eta_ms=eta_ms)
        )

    def _begin_segment(self) -> None:
        behind = self._framer.position - self._samples
        self._marks_late_ms = 1000 * behind / self._context.sample_rate

    async def _put_sound(self, sound: Sound) -> None:
        if self._first_ms is None and self.gate.first_text_at is not None:
            self._first_ms = round(1000 * (asyncio.get_running_loop().time() - self.gate.first_text_at))
        await self.channel.put(sound)
        self._ends.append((sound.frame.seq, sound.position + sound.samples))

    async def _put_marks(self, event: Marks) -> None:
        late = round(self._marks_late_ms)
        items = [(start, end, start_ms + late, end_ms + late) for start, end, start_ms, end_ms in event.items]
        self._marks += items
        if self._setup.sends_marks:
            segment = self._framer.segment
            await self.channel.put(answers.Marks(ctx=self.ctx, segment=segment, unit="char", items=items))

    async def _end_segment(self, event: SegmentEnded) -> None:
        begun_at = self._framer.segment_position
        for sound in self._framer.end():
            await self._put_sound(sound)
        self._samples += event.samples
        await self.channel.put(
            answers.SegmentEnd(
                ctx=self.ctx,
                segment=event.index,
                pts=self._framer.position,
                samples=self._framer.position - begun_at,
                synth_ms=event.synth_ms,
                wait_ms=event.wait_ms,
                first_ms=event.first_ms,
            )
        )
        self._stop_behind_segment()

    async def _pass(self, note: Note) -> None:
        if isinstance(note, answers.Flushed) and self.channel.segments:
            note = note.model_copy(update={"segment": self.channel.segments - 1})
        await self.channel.put(note)

    def _finish(self, event: Done) -> None:
        if self._late_cancels:
            self._reason = "cancelled"
            self._answer_late_cancels()
        reason = self._reason or ("shutdown" if isinstance(event.error, ShuttingDown) else None)
        error = None
        if event.error is not None:
            error = answers.DoneError(code=code_of(event.error), message=str(event.error))
        self._answer_unreached(self.gate.notes, error)
        self.gate.notes.clear()
        if reason is None and error is None and not event.segments:
            message = "there is nothing in the text that can be spoken"
            self._outbox.say(answers.Notice(code="nothing_to_say", message=message, ctx=self.ctx))
        self._put_done(
            answers.Done(
                ctx=self.ctx,
                reason=reason or event.reason.value,
                segments=event.segments,
                chars=event.chars,
                samples=event.samples,
                first_ms=self._first_ms,
                synth_ms=event.synth_ms,
                skipped=event.skipped or None,
                error=error,
            )
        )

    def _put_done(self, done: answers.Done) -> None:
        """Say the last message. It counts what is sent, which after a `stop` is less than what was made."""
        counted = {"samples": self.channel.samples, "segments": self.channel.segments}
        self._done = done.model_copy(update={**counted, "reason": self._reason or done.reason})
        self.channel.put_last(self._done)

    def _answer_unreached(self, unreached: Iterable[answers.Direct], error: answers.DoneError | None = None) -> None:
        """Answer what was asked for at places in the speech that do not come any more."""
        code = error.code if error else ErrorCode.BAD_STATE
        for answer in unreached:
            self.channel.put_last(
                answers.Error(
                    ref=answer.ref,
                    code=code,
                    message="the context was over before this place in its text was reached",
                    ctx=self.ctx,
                    retryable=code in RETRYABLE,
                    fatal=False,
                )
            )

    def _stop_behind_segment(self) -> None:
        """Do what a `cancel` with the mode `segment` asked for, if there is one and the segment's end is here."""
        if not self._late_cancels or (dropped := self.channel.mute_after_segment()) is None:
            return
        self._reason = "cancelled"
        self._answer_unreached(dropped)
        self._answer_late_cancels()
        self._context.cancel()
        if self._done is not None:
            self._put_done(self._done)

    def _answer_late_cancels(self) -> None:
        for message in self._late_cancels:
            self.channel.put_last(self._cancelled(message))
        self._late_cancels.clear()

    def _cancelled(self, message: messages.Cancel) -> answers.Cancelled:
        samples = self.channel.samples
        played = self._played_samples if message.played_samples is None else message.played_samples
        heard = None if played is None else self._heard(min(played, samples))
        ref = None if message.ctx == messages.ALL else message.ref
        return answers.Cancelled(ref=ref, ctx=self.ctx, sent_samples=samples, heard=heard, already=False)

    def _heard(self, played_samples: int) -> answers.Heard:
        played_ms = 1000 * played_samples / self._context.sample_rate
        to = max((end for _, end, start_ms, _ in self._marks if start_ms < played_ms), default=0)
        return answers.Heard(to=to, text=self.gate.original(0, to))

    def _segment(self, event: SegmentStarted) -> answers.Segment:
        return answers.Segment(
            ctx=self.ctx,
            segment=event.index,
            text=self.gate.original(event.start, event.end),
            start=event.start,
            end=event.end,
            spoken=event.text,
            voice=event.voice,
            emotion=event.emotion,
            intensity=event.intensity,
            pts=self._framer.position,
            cached=event.is_cached,
        )
