"""What one WebSocket client says, and what becomes of it; nothing here reads or writes a socket."""

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Protocol

from protocol import answers, messages
from protocol.errors import RETRYABLE, CloseCode, ErrorCode
from protocol.messages import MessageInvalid, parse_client_message
from tts_server.access.access import SPEAK, Access, Principal
from tts_server.access.box_names import elsewhere, marked
from tts_server.errors import RateLimited, TTSError, Unauthorized
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.asgi_socket import Socket
from tts_server.transports.error_codes import code_of
from tts_server.transports.websocket.channel import Replay
from tts_server.transports.websocket.contexts import Contexts, Payer
from tts_server.transports.websocket.flood_control import FloodControl
from tts_server.transports.websocket.frames import FRAMINGS
from tts_server.transports.websocket.handshake import Handshake
from tts_server.transports.websocket.negotiation import Negotiation
from tts_server.transports.websocket.outbox import Outbox
from tts_server.transports.websocket.rejection import Rejected
from tts_server.transports.websocket.settings import WebSocketSettings
from tts_server.transports.websocket.surrogates import Surrogates

log = logging.getLogger(__name__)


class Resumable(Protocol):
    """A session that has lost its connection and can go on over another one."""

    async def take_over(self, socket: Socket, hello: messages.Hello) -> None:
        """Go on over this socket; returns when that is over."""


class ComesBack(Exception):
    """The client goes on with a session it had: that one takes over."""

    def __init__(self, session: Resumable, hello: messages.Hello) -> None:
        super().__init__(session)
        self.session = session
        self.hello = hello


class Dialogue:
    """One client's messages and the answers to them."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        settings: WebSocketSettings,
        access: Access,
        handshake: Handshake,
        silence_others: Callable[[], None],
        find: Callable[[messages.Resume, Principal], Resumable | None],
    ) -> None:
        """silence_others: stops the contexts of all other sessions; find: the session that a client may go on with."""
        self.id = marked(settings.box, f"s_{secrets.token_hex(8)}")
        self._settings = settings
        self._access = access
        self._peer = handshake.peer
        self._find = find
        self._negotiation = Negotiation(synthesizer, settings)
        self._synthesizer = synthesizer
        self._flood_control = FloodControl(settings.messages_per_s, settings.messages_burst, settings.bad_messages)
        self._resume_token: str | None = None
        self._is_ready = False
        self._leaves_when_done: tuple[str, int, str | None] | None = None  # reason, close code, ref of the `bye`
        self._timers: list[asyncio.TimerHandle] = []
        self.principal: Principal | None = None  # None: AUTH
        self.outbox = Outbox()
        self._surrogates = Surrogates()
        self.contexts = Contexts(
            *(synthesizer, settings, self._negotiation, self.outbox, silence_others, self._on_empty, self._attempt)
        )
        if handshake.principal is not None:
            self._admit(handshake.principal)

    @property
    def can_be_resumed(self) -> bool:
        """Whether the client has what it needs to come back."""
        return self._resume_token is not None

    def is_resumed_by(self, wanted: messages.Resume, principal: Principal) -> bool:
        """Whether that is our client with its token, which is then used up."""
        token = self._resume_token or ""
        is_theirs = self.principal is not None and principal.name == self.principal.name
        if not is_theirs or not token or not hmac.compare_digest(token.encode(), wanted.token.encode()):
            return False
        self._resume_token = None
        return True

    def take(self, message: str | bytes) -> None:
        """Do what one message says, or answer with an error. Raises ComesBack."""
        if self.outbox.is_closing:
            return
        if isinstance(message, bytes):
            text = "binary messages are for the server's audio only"
            self._refuse(ErrorCode.BAD_MESSAGE, text, close_code=CloseCode.UNSUPPORTED_DATA)
        elif self.principal is None and len(message) > self._settings.max_unauthenticated_bytes:
            limit = self._settings.max_unauthenticated_bytes
            self._refuse(ErrorCode.UNAUTHORIZED, f"without a token, {limit} bytes are the limit", close_code=1009)
        else:
            self._take_text(message)

    def come_back(self, hello: messages.Hello) -> None:
        """The client has lost its connection and has another now."""
        assert hello.resume is not None
        resumed = self.contexts.resume(hello.resume.have)
        ready = self._ready(hello.ref)
        self.outbox.say_first(ready.model_copy(update={"resumed": True, "contexts": resumed}))
        log.info("client came back, contexts=%d", len(resumed))

    def drain(self) -> None:
        """Take no new contexts; say goodbye when those alive are done."""
        if self._leaves_when_done is not None and self._leaves_when_done[1] == CloseCode.GOING_AWAY:
            return
        if self.contexts.are_alive:
            self.outbox.say(answers.Notice(code="draining", message="the server stops when all has been said"))
        self._leave_when_done("shutting_down", CloseCode.GOING_AWAY)

    def be_idle(self) -> None:
        """Nothing was said and nothing was sent for long."""
        if self.principal is None:
            text = "no `hello` with a token came in time"
            self._refuse(ErrorCode.UNAUTHORIZED, text, close_code=CloseCode.STALLED)
        elif not self.contexts.are_alive:
            self._leave("idle", CloseCode.IDLE)

    def close(self) -> None:
        """Let go of everything."""
        for timer in self._timers:
            timer.cancel()
        self.contexts.close()

    def _take_text(self, text: str) -> None:
        try:
            message = parse_client_message(self._surrogates.joined(text))
        except MessageInvalid as error:
            if self.principal is not None:
                self._be_ready()
            self._refuse(error.code, str(error), ref=error.ref, ctx=error.ctx, param=error.param)
        else:
            self._attempt(message, is_new=True)

    def _attempt(self, message: messages.ClientMessage, is_new: bool = False) -> None:
        """Do what a message says, or answer with an error. Raises ComesBack."""
        ref, ctx = message.ref, getattr(message, "ctx", None)
        try:
            if is_new and not isinstance(message, messages.Hello):
                self._check_rate(message)
                self._be_ready()
            self._do(message)
        except Rejected as error:
            extra: dict[str, Any] = {
                "param": error.param,
                "received": error.received,
                "retry_after_ms": error.retry_after_ms,
            }
            self._refuse(error.code, str(error), ref=ref, ctx=ctx, **extra)
        except Unauthorized as error:
            close_code = None if self._is_ready else CloseCode.UNAUTHORIZED
            self._refuse(code_of(error), str(error), close_code, ref=ref, ctx=ctx)
        except TTSError as error:
            wait_ms = round(1000 * error.retry_after_s) if isinstance(error, RateLimited) else None
            self._refuse(code_of(error), str(error), ref=ref, ctx=ctx, retry_after_ms=wait_ms)

    def _do(self, message: messages.ClientMessage) -> None:
        match message:
            case messages.Hello():
                self._hello(message)
            case messages.Open():
                self._check_may_speak()
                self.contexts.open(message)
            case messages.Text() | messages.Emotion() | messages.Set():
                self.contexts.add(message, may_open=self._check_may_speak)
            case messages.Flush():
                self.contexts.flush(message)
            case messages.End():
                self.contexts.end(message)
            case messages.Cancel():
                self.contexts.cancel(message)
            case messages.Ack():
                self.contexts.ack(message)
            case messages.Describe():
                self.outbox.say(self._negotiation.info(message))
            case messages.Ping():
                server_t = asyncio.get_running_loop().time()
                self.outbox.say(answers.Pong(ref=message.ref, t=message.t, server_t=server_t))
            case messages.Bye():
                self._bye(message)

    def _be_ready(self) -> None:
        """Whoever says something else first has said `hello` by that. Raises Unauthorized."""
        if not self._is_ready:
            if self.principal is None:
                raise Unauthorized("this server needs a token: begin with a `hello` that has it")
            self.outbox.say(self._ready(None))

    def _hello(self, message: messages.Hello) -> None:
        if self._is_ready:
            raise Rejected(ErrorCode.BAD_STATE, "hello was said already, or another message stood for it")
        if self.principal is None:
            self._admit(self._access.admit(self._peer, message.token))
        assert self.principal is not None
        if message.resume is not None and (session := self._find(message.resume, self.principal)) is not None:
            raise ComesBack(session, message)
        framing = next((known for known in message.accept.framing if known in FRAMINGS), None)
        if framing is None:
            known = ", ".join(FRAMINGS)
            raise Rejected(ErrorCode.FORMAT_UNSUPPORTED, f"framings here: {known}", "accept.framing")
        token = self.principal.name if self.principal is not None else ""
        self._negotiation.agree(message, self._synthesizer.clients.manner(self._peer, token))
        self.outbox.framing = next(known for known in FRAMINGS if known == framing)
        if self._settings.resume_s:
            self.outbox.replay = Replay(self._settings.replay_bytes, self._settings.replay_s)
        log.info("client name=%s version=%s framing=%s", message.client.name, message.client.version, framing)
        if message.resume is not None:
            where = elsewhere(self._settings.box, message.resume.session)
            self._refuse(ErrorCode.RESUME_GONE, f"that session is not here any more{where}; a new one begins")
        self.outbox.say(self._ready(message.ref))

    def _ready(self, ref: str | None) -> answers.Ready:
        self._is_ready = True
        resume = None
        if self.outbox.replay is not None:
            self._resume_token = f"r_{secrets.token_urlsafe(16)}"
            resume = answers.ResumeOffer(token=self._resume_token, ttl_ms=round(1000 * self._settings.resume_s))
        return self._negotiation.ready(ref, self.id, self.outbox.framing, resume)

    def _admit(self, principal: Principal) -> None:
        self.principal = principal
        self.contexts.payer = Payer(self._access, principal, self._peer)
        if principal.expires_at is not None:
            left_s = max(0.0, principal.expires_at - time.time())
            self._call_later(max(0.0, left_s - self._settings.token_grace_s), self._warn_of_expiry)
            self._call_later(left_s + self._settings.token_grace_s, self._expire)

    def _check_may_speak(self) -> None:
        """Raises Refused without the scope, Unauthorized when the token has expired since."""
        assert self.principal is not None
        self.principal.require(SPEAK)
        if self.principal.expires_at is not None and self.principal.expires_at < time.time():
            raise Unauthorized("the token has expired; connect again with a new one")

    def _warn_of_expiry(self) -> None:
        if self._is_ready:  # nothing is said before the client has spoken
            text = "the token expires soon; contexts that are open then speak on, new ones are refused"
            self.outbox.say(answers.Notice(code="token_expiring", message=text))

    def _expire(self) -> None:
        text = "the token has expired; connect again with a new one"
        self._refuse(ErrorCode.UNAUTHORIZED, text, close_code=CloseCode.UNAUTHORIZED)

    def _bye(self, message: messages.Bye) -> None:
        if not message.drain:
            self._leave("bye", CloseCode.DONE, message.ref)
            return
        self._leave_when_done("bye", CloseCode.DONE, message.ref)
        self._call_later(self._settings.drain_s, lambda: self.contexts.stop("shutdown"))

    def _leave_when_done(self, reason: str, code: int, ref: str | None = None) -> None:
        if ref is None and self._leaves_when_done is not None:
            _, _, ref = self._leaves_when_done
        self._leaves_when_done = (reason, code, ref)
        self.contexts.takes_new = False
        if not self.contexts.are_alive:
            self._leave(reason, code, ref)

    def _on_empty(self) -> None:
        if self._leaves_when_done is not None:
            self._leave(*self._leaves_when_done)

    def _leave(self, reason: str, code: int, ref: str | None = None) -> None:
        self.outbox.close(answers.Farewell(ref=ref, reason=reason), code)

    def _call_later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call))

    def _check_rate(self, message: messages.ClientMessage) -> None:
        """Raises Rejected when messages come too fast. A cancel is always done; lost text closes its context's gate."""
        now = asyncio.get_running_loop().time()
        if self._flood_control.may_send(now) or isinstance(message, messages.Cancel):
            return
        received = self.contexts.shut(message.ctx) if isinstance(message, messages.Text) else None
        rate = self._settings.messages_per_s
        wait_ms = round(1000 * self._settings.messages_burst / rate)
        text = f"more than {rate} messages a second"
        close_code = self._flood_control.warn(now)
        if close_code is None:
            raise Rejected(ErrorCode.RATE_LIMITED, text, None, received, wait_ms)
        self._refuse(ErrorCode.RATE_LIMITED, text, close_code, ref=message.ref)

    def _refuse(self, code: ErrorCode, message: str, close_code: int | None = None, **fields: Any) -> None:
        """Answer with an error; who goes on blundering is sent away."""
        close_code = close_code or self._flood_control.count_error(code, asyncio.get_running_loop().time())
        is_fatal = close_code is not None
        self.outbox.say(
            answers.Error(code=code, message=message, retryable=code in RETRYABLE, fatal=is_fatal, **fields)
        )
        if close_code is not None:
            self._leave(code.value, close_code)
