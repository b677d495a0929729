"""The contexts of one WebSocket session: opened, fed, cancelled, forgotten, and found again after a lost connection."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from protocol import answers, messages
from protocol.errors import ErrorCode
from tts_server.access.access import PRIORITY, Access, Principal
from tts_server.errors import ShuttingDown, TTSError
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.websocket.negotiation import Negotiation
from tts_server.transports.websocket.outbox import Outbox
from tts_server.transports.websocket.pacing import Pacer
from tts_server.transports.websocket.rejection import Rejected
from tts_server.transports.websocket.settings import WebSocketSettings
from tts_server.transports.websocket.speech import Reason, Speech, SpeechSetup
from tts_server.voices import split_name

_CHANNELS: Final = 2**16
DEFAULT: Final = "main"  # the context of messages that name none
MAX_EARLY: Final = 64
Early = messages.Text | messages.Emotion | messages.Set | messages.Flush | messages.End


@dataclass(frozen=True, slots=True)
class Payer:
    """On whose account text is spoken."""

    access: Access
    principal: Principal
    peer: str

    @property
    def client(self) -> str:
        """Among whom turns are shared out fairly."""
        return self.principal.name or self.peer

    def begin(self) -> None:
        """Count a context. Raises RateLimited."""
        self.access.spend(self.principal, self.peer, 0)

    def spend(self, chars: int) -> None:
        """Count characters of its text. Raises RateLimited."""
        self.access.spend(self.principal, self.peer, chars, requests=0)


class Contexts:
    """What a session speaks and has spoken."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        settings: WebSocketSettings,
        negotiation: Negotiation,
        outbox: Outbox,
        silence_others: Callable[[], None],
        on_empty: Callable[[], None],
        take_again: Callable[[messages.ClientMessage], None],
    ) -> None:
        """silence_others: stops the contexts of other sessions; on_empty: the last context is over.

        take_again: does a message that came before its time.
        """
        self._synthesizer = synthesizer
        self._settings = settings
        self._negotiation = negotiation
        self._outbox = outbox
        self._silence_others = silence_others
        self._on_empty = on_empty
        self._take_again = take_again
        self._early: list[Early] = []  # to the default context, before the one that was cancelled is done
        self._speeches: dict[str, Speech] = {}
        self._finished: dict[str, Speech] = {}  # all has been sent, and may not have arrived
        self._channels = itertools.count(1)
        self.tasks: asyncio.TaskGroup  # those who speak
        self.payer: Payer
        self.takes_new = True

    @property
    def are_alive(self) -> bool:
        """Whether any has not been told to its end."""
        return bool(self._speeches)

    def open(self, message: messages.Open) -> None:
        """Begin a context. Raises Rejected, TTSError."""
        if message.priority == "high" or message.preempt == "all":
            self.payer.principal.require(PRIORITY)
        if message.ctx in self._speeches:
            raise Rejected(ErrorCode.CTX_EXISTS, f"context {message.ctx} is not done yet")
        speech, opened = self._begin(message)
        self._start(speech, opened)
        if message.preempt != "none":
            self.stop("preempted", but=speech)
        if message.preempt == "all":
            self._silence_others()
            self._synthesizer.preempt(but=speech.context)

    def add(self, message: messages.Text | messages.Emotion | messages.Set, may_open: Callable[[], None]) -> None:
        """To its context, which is opened by this if there is none. Raises Rejected, TTSError, also of `may_open`."""
        speech, opened = self._speeches.get(message.ctx), None
        if self._must_wait(message):
            return
        if speech is None:
            may_open()
            if isinstance(message, messages.Text) and message.at:
                raise Rejected(ErrorCode.BAD_OFFSET, "the context is new; its text begins at 0", "at", received=0)
            speech, opened = self._begin(messages.Open(ctx=message.ctx))
        try:
            match message:
                case messages.Text():
                    speech.gate.text(message)
                case messages.Emotion():
                    speech.tell_fallback(message.emotion, speech.gate.emotion(message))
                case messages.Set():
                    speech.gate.set(message)
        except (Rejected, TTSError):
            if opened is not None:
                speech.close()
                self._outbox.drop(speech.channel)
            raise
        if opened is not None:
            self._start(speech, opened)

    def flush(self, message: messages.Flush) -> None:
        """Raises Rejected, TTSError."""
        if self._must_wait(message):
            return
        self._speech(message.ctx).gate.flush(message)

    def end(self, message: messages.End) -> None:
        """Raises Rejected, TTSError."""
        if self._must_wait(message):
            return
        self._speech(message.ctx).gate.end()

    def shut(self, ctx: str) -> int | None:
        """A text to this context is not taken: nothing behind it is until it comes again. Where that must be."""
        speech = self._speeches.get(ctx)
        return None if speech is None else speech.gate.shut()

    def ack(self, message: messages.Ack) -> None:
        """Note how far it is played; an `ack` may cross with `done`."""
        if (speech := self._speeches.get(message.ctx)) is not None:
            speech.ack(message)

    def cancel(self, message: messages.Cancel) -> None:
        """Stop one or all, and answer. What is over already is no error."""
        self._early.clear()
        wanted = [*self._speeches] if message.ctx == messages.ALL else [message.ctx]
        alive = [self._speeches[ctx] for ctx in wanted if ctx in self._speeches]
        for speech in alive:
            speech.cancel(message)
        if message.ctx == messages.ALL or not alive:
            self._outbox.say(answers.Cancelled(ref=message.ref, ctx=message.ctx, sent_samples=0, already=not alive))

    def stop(self, reason: Reason, but: Speech | None = None) -> None:
        """Stop all at once."""
        for speech in self._speeches.values():
            if speech is not but:
                speech.stop(reason)

    def resume(self, have: dict[str, int]) -> list[answers.ResumedContext]:
        """Go on with those that the client names, from the `seq` it needs next; drop the others without a word."""
        for ctx in [ctx for ctx in self._speeches if ctx not in have]:
            speech = self._speeches.pop(ctx)
            self._outbox.drop(speech.channel)
            speech.stop("cancelled")
        resumed = []
        for ctx, seq in have.items():
            finished = self._finished.pop(ctx, None)
            if finished is not None:
                self._speeches.setdefault(ctx, finished)
            if (found := self._speeches.get(ctx)) is not None:
                resumed.append(found.resume(seq))
                self._outbox.add(found.channel)
        self._finished.clear()
        if self._outbox.replay is not None:
            channels = [speech.channel for speech in self._speeches.values()]
            self._outbox.replay.settle(channels, asyncio.get_running_loop().time())
        return resumed

    def close(self) -> None:
        """Let go of all."""
        for speech in self._speeches.values():
            speech.close()

    def _begin(self, message: messages.Open) -> tuple[Speech, answers.Opened]:
        """A context that nobody runs yet. Raises Rejected, TTSError."""
        if not self.takes_new:
            raise ShuttingDown("this connection takes no new contexts; it ends when those alive are done")
        alive = 0 if message.preempt != "none" else sum(not speech.is_stopped for speech in self._speeches.values())
        if alive >= self._settings.max_contexts:
            limit = self._settings.max_contexts
            raise Rejected(ErrorCode.TOO_MANY_CONTEXTS, f"{limit} contexts are open; that is the limit")
        plan = self._negotiation.plan(message, self.payer.client)
        self.payer.begin()
        context = self._synthesizer.open(plan.options)
        rate = context.sample_rate
        lead_ms = self._settings.raw_lead_ms if self._outbox.framing == "raw" else self._settings.max_lead_ms
        channel = self._outbox.open(
            message.ctx,
            Pacer(message.flow, message.max_lead_ms or lead_ms, rate),
            max_samples=self._settings.max_buffered_ms * rate // 1000,
            on_done=lambda: self._forget(message.ctx),
        )
        setup = SpeechSetup(
            ctx=message.ctx,
            ch=next(self._channels) % _CHANNELS,
            frame_samples=round(plan.audio.frame_ms * rate / 1000),
            coder=plan.audio.coder(),
            sends_marks=plan.sends_marks,
            max_context_chars=self._synthesizer.limits.max_context_chars,
            spend=self.payer.spend,
        )
        speech = Speech(setup, context, channel, self._outbox)
        opened = self._negotiation.opened(message, setup.ch, context, plan)
        if (asked := message.emotion or split_name(message.voice or "")[1]) is not None:
            speech.tell_fallback(asked, opened.emotion)
        return speech, opened

    def _start(self, speech: Speech, opened: answers.Opened) -> None:
        self._speeches[speech.ctx] = speech
        self._finished.pop(speech.ctx, None)
        self._outbox.say(opened)
        self.tasks.create_task(speech.run(), name=f"context {speech.ctx}")

    def _forget(self, ctx: str) -> None:
        """The context's `done` has been sent."""
        speech = self._speeches.pop(ctx)
        if self._outbox.replay is not None:
            self._finished[ctx] = speech
            while len(self._finished) > self._settings.max_contexts:
                del self._finished[next(iter(self._finished))]
        if ctx == DEFAULT:
            early, self._early = self._early, []
            for message in early:
                self._take_again(message)
        if not self._speeches:
            self._on_empty()

    def _must_wait(self, message: Early) -> bool:
        """Keep what follows a `cancel` for the next default context. Who has not named one knows of no goodbyes."""
        if message.ctx != DEFAULT:
            return False
        stopped = self._speeches.get(DEFAULT)
        begins = isinstance(message, messages.Text) and not message.at
        if stopped is None or stopped.reason != "cancelled" or not (begins or self._early):
            return False
        if len(self._early) >= MAX_EARLY:
            raise Rejected(
                ErrorCode.TEXT_BACKLOG, f"{MAX_EARLY} messages wait for the next context", retry_after_ms=500
            )
        self._early.append(message)
        return True

    def _speech(self, ctx: str) -> Speech:
        if (speech := self._speeches.get(ctx)) is None:
            raise Rejected(ErrorCode.BAD_STATE, f"there is no context {ctx}")
        return speech
