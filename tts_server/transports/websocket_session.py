"""One WebSocket connection: what its client says, and what becomes of it."""

import asyncio
import itertools
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from protocol import answers, messages
from protocol.errors import RETRYABLE, CloseCode, ErrorCode
from protocol.messages import MessageInvalid, parse_client_message
from tts_server.errors import ShuttingDown, TTSError
from tts_server.synthesis import Synthesizer
from tts_server.transports.error_codes import code_of
from tts_server.transports.websocket_frames import FRAMINGS
from tts_server.transports.websocket_offer import Offer
from tts_server.transports.websocket_outbox import Closed, Outbox, PeerGone, Send
from tts_server.transports.websocket_pacing import Pacer, RateLimit
from tts_server.transports.websocket_settings import WebSocketSettings
from tts_server.transports.websocket_speech import Rejected, Speech, SpeechSetup

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_CHANNELS: Final = 2**16
_FORGIVEN_PER_S: Final = 0.1
_WARNINGS: Final = 3  # for sending too fast, within _WARNINGS_S; then the connection is closed
_WARNINGS_S: Final = 10.0
_BAD: Final = (ErrorCode.BAD_JSON, ErrorCode.BAD_MESSAGE, ErrorCode.BAD_FIELD, ErrorCode.UNKNOWN_TYPE)
_COUNTED: Final = (*_BAD, ErrorCode.BAD_STATE)


class Session:
    """The conversation of one connection."""

    def __init__(
        self, synthesizer: Synthesizer, settings: WebSocketSettings, send: Send, peers: Iterable["Session"]
    ) -> None:
        """peers: all sessions, for a context that silences them."""
        self._synthesizer = synthesizer
        self._settings = settings
        self._peers = peers
        self._outbox = Outbox(send, settings.write_stall_s)
        self._offer = Offer(synthesizer, settings)
        self._speeches: dict[str, Speech] = {}
        self._channels = itertools.count(1)
        self._tasks: asyncio.TaskGroup
        self._rate = RateLimit(settings.messages_per_s, settings.messages_burst)
        self._warnings = RateLimit(1 / _WARNINGS_S, _WARNINGS - 1)
        self._blunders = RateLimit(_FORGIVEN_PER_S, settings.bad_messages - 1)
        self._is_ready = False
        self._leaves_when_done: tuple[str, int, str | None] | None = None  # reason, close code, ref of the `bye`
        self._is_draining = False

    async def run(self, receive: Receive) -> None:
        """Serve the client until it leaves or is sent away. Raises PeerStalled (as a group) when it takes no data."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._outbox.run(), name="outbox")
                await self._listen(receive)
        except* (PeerGone, Closed):
            pass
        finally:
            for speech in self._speeches.values():
                speech.close()

    def drain(self) -> None:
        """Take no new contexts; say goodbye when those alive are done."""
        if self._is_draining:
            return
        self._is_draining = True
        if self._speeches:
            self._outbox.say(answers.Notice(code="draining", message="the server stops when all has been said"))
        self._leave_when_done("shutting_down", CloseCode.GOING_AWAY)

    def silence(self, but: Speech | None = None) -> None:
        """Stop all contexts at once, for one that is more important."""
        for speech in self._speeches.values():
            if speech is not but:
                speech.stop("preempted")

    def shut(self) -> None:
        """Stop all contexts and say goodbye."""
        for speech in self._speeches.values():
            speech.stop("shutdown")
        self.drain()

    async def _listen(self, receive: Receive) -> None:
        while True:
            try:
                async with asyncio.timeout(self._settings.idle_s):
                    received = await receive()
            except TimeoutError:
                if not self._speeches:
                    self._leave("idle", CloseCode.IDLE)
                continue
            if received["type"] == "websocket.disconnect":
                raise PeerGone
            if self._outbox.is_closing:
                continue
            if (text := received.get("text")) is not None:
                self._take(text)
            else:
                message = "binary messages are for the server's audio only"
                self._refuse(ErrorCode.BAD_MESSAGE, message, close_code=CloseCode.UNSUPPORTED_DATA)

    def _take(self, text: str) -> None:
        """Do what one message says, or answer with an error."""
        ref = ctx = None
        try:
            message = parse_client_message(text)
            ref, ctx = message.ref, getattr(message, "ctx", None)
            self._check_rate(message)
            if not self._is_ready and not isinstance(message, messages.Hello):
                self._hello(messages.Hello())
            self._do(message)
        except MessageInvalid as error:
            if not self._is_ready:
                self._hello(messages.Hello())
            self._refuse(error.code, str(error), ref=error.ref, ctx=error.ctx, param=error.param)
        except Rejected as error:
            extra: dict[str, Any] = {
                "param": error.param,
                "received": error.received,
                "retry_after_ms": error.retry_after_ms,
            }
            self._refuse(error.code, str(error), ref=ref, ctx=ctx, **extra)
        except TTSError as error:
            self._refuse(code_of(error), str(error), ref=ref, ctx=ctx)

    def _do(self, message: messages.ClientMessage) -> None:
        match message:
            case messages.Hello():
                self._hello(message)
            case messages.Open():
                self._open(message)
            case messages.Text() | messages.Emotion() | messages.Set():
                self._add(message)
            case messages.Flush():
                self._speech(message.ctx).flush(message)
            case messages.End():
                self._speech(message.ctx).end()
            case messages.Cancel():
                self._cancel(message)
            case messages.Ack():
                if (speech := self._speeches.get(message.ctx)) is not None:  # else it crossed with `done`
                    speech.ack(message)
            case messages.Describe():
                self._outbox.say(self._offer.info(message))
            case messages.Ping():
                self._outbox.say(answers.Pong(ref=message.ref, t=message.t, server_t=_now()))
            case messages.Bye():
                self._bye(message)

    def _hello(self, message: messages.Hello) -> None:
        if self._is_ready:
            raise Rejected(ErrorCode.BAD_STATE, "hello was said already, or another message stood for it")
        framing = next((known for known in message.accept.framing if known in FRAMINGS), None)
        if framing is None:
            known = ", ".join(FRAMINGS)
            raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"framings here: {known}", "accept.framing")
        self._offer.agree(message)
        self._outbox.framing = next(known for known in FRAMINGS if known == framing)
        ready = self._offer.ready(message.ref, f"s_{secrets.token_hex(8)}", self._outbox.framing)
        self._is_ready = True
        log.info("client name=%s version=%s framing=%s", message.client.name, message.client.version, framing)
        if message.resume is not None:
            self._refuse(ErrorCode.RESUME_GONE, "sessions are not kept here; a new one begins")
        self._outbox.say(ready)

    def _open(self, message: messages.Open) -> None:
        if message.ctx in self._speeches:
            raise Rejected(ErrorCode.CTX_EXISTS, f"context {message.ctx} is not done yet")
        speech, opened = self._begin(message)
        self._start(speech, opened)
        if message.preempt != "none":
            for session in self._peers if message.preempt == "all" else (self,):
                session.silence(but=speech)

    def _add(self, message: messages.Text | messages.Emotion | messages.Set) -> None:
        """To the context, which is opened by this if there is none."""
        speech, opened = self._speeches.get(message.ctx), None
        if speech is None:
            if isinstance(message, messages.Text) and message.at:
                raise Rejected(ErrorCode.BAD_OFFSET, "the context is new; its text begins at 0", "at", received=0)
            speech, opened = self._begin(messages.Open(ctx=message.ctx))
        try:
            match message:
                case messages.Text():
                    speech.text(message)
                case messages.Emotion():
                    speech.emotion(message)
                case messages.Set():
                    speech.set(message)
        except (Rejected, TTSError):
            if opened is not None:
                self._discard(speech)
            raise
        if opened is not None:
            self._start(speech, opened)

    def _begin(self, message: messages.Open) -> tuple[Speech, answers.Opened]:
        """A context that nobody runs yet. Raises Rejected, TTSError."""
        if self._is_draining or self._leaves_when_done is not None:
            raise ShuttingDown("this connection takes no new contexts; it ends when those alive are done")
        alive = 0 if message.preempt != "none" else sum(not speech.is_stopped for speech in self._speeches.values())
        if alive >= self._settings.max_contexts:
            limit = self._settings.max_contexts
            raise Rejected(ErrorCode.TOO_MANY_CONTEXTS, f"{limit} contexts are open; that is the limit")
        plan = self._offer.plan(message)
        context = self._synthesizer.open(plan.options)
        ch = next(self._channels) % _CHANNELS
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
            ch=ch,
            frame_samples=round(plan.frame_ms * rate / 1000),
            sends_marks=plan.sends_marks,
            max_context_chars=self._synthesizer.limits.max_context_chars,
        )
        speech = Speech(setup, context, channel, self._outbox)
        opened = self._offer.opened(message, ch, context, plan)
        if message.emotion is not None:
            speech.tell_fallback(message.emotion, opened.emotion)
        return speech, opened

    def _start(self, speech: Speech, opened: answers.Opened) -> None:
        self._speeches[speech.ctx] = speech
        self._outbox.say(opened)
        self._tasks.create_task(speech.run(), name=f"context {speech.ctx}")

    def _discard(self, speech: Speech) -> None:
        speech.close()
        self._outbox.drop(speech.ctx)

    def _forget(self, ctx: str) -> None:
        """The context's `done` has been sent."""
        del self._speeches[ctx]
        if not self._speeches and self._leaves_when_done is not None:
            self._leave(*self._leaves_when_done)

    def _speech(self, ctx: str) -> Speech:
        if (speech := self._speeches.get(ctx)) is None:
            raise Rejected(ErrorCode.BAD_STATE, f"there is no context {ctx}")
        return speech

    def _cancel(self, message: messages.Cancel) -> None:
        wanted = [*self._speeches] if message.ctx == messages.ALL else [message.ctx]
        alive = [self._speeches[ctx] for ctx in wanted if ctx in self._speeches]
        for speech in alive:
            speech.cancel(message)
        if message.ctx == messages.ALL or not alive:
            self._outbox.say(answers.Cancelled(ref=message.ref, ctx=message.ctx, sent_samples=0, already=not alive))

    def _bye(self, message: messages.Bye) -> None:
        if message.drain:
            self._leave_when_done("bye", CloseCode.DONE, message.ref)
        else:
            self._leave("bye", CloseCode.DONE, message.ref)

    def _leave_when_done(self, reason: str, code: int, ref: str | None = None) -> None:
        if ref is None and self._leaves_when_done is not None:
            _, _, ref = self._leaves_when_done
        self._leaves_when_done = (reason, code, ref)
        if not self._speeches:
            self._leave(reason, code, ref)

    def _leave(self, reason: str, code: int, ref: str | None = None) -> None:
        self._outbox.close(answers.Farewell(ref=ref, reason=reason), code)

    def _check_rate(self, message: messages.ClientMessage) -> None:
        """Raises Rejected when messages come too fast. A cancel is always done; lost text closes its context's gate."""
        if self._rate.take(_now()) or isinstance(message, messages.Cancel):
            return
        received = None
        if isinstance(message, messages.Text) and message.ctx in self._speeches:
            received = self._speeches[message.ctx].shut()
        rate = self._settings.messages_per_s
        wait_ms = round(1000 * self._settings.messages_burst / rate)
        raise Rejected(ErrorCode.RATE_LIMITED, f"more than {rate} messages a second", None, received, wait_ms)

    def _refuse(self, code: ErrorCode, message: str, close_code: int | None = None, **fields: Any) -> None:
        """Answer with an error; who goes on blundering is sent away."""
        if code in _COUNTED and not self._blunders.take(_now()):
            close_code = close_code or CloseCode.BAD_MESSAGES
        if code is ErrorCode.RATE_LIMITED and not self._warnings.take(_now()):
            close_code = CloseCode.RATE_LIMITED
        is_fatal = close_code is not None
        self._outbox.say(
            answers.Error(code=code, message=message, retryable=code in RETRYABLE, fatal=is_fatal, **fields)
        )
        if close_code is not None:
            self._leave(code.value, close_code)


def _now() -> float:
    return asyncio.get_running_loop().time()
