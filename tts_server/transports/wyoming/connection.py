"""The conversation with one Wyoming client: reading goes on while it is spoken to."""

import asyncio
import logging
import math
from dataclasses import replace
from typing import Final

from wyoming.event import Event
from wyoming.ping import Ping, Pong

from protocol.errors import ErrorCode
from protocol.wyoming import EventDecoder, ProtocolError, parse_synthesize, text_of
from tts_server.errors import TextBacklog, TextTooLong, TTSError
from tts_server.events import ContextState
from tts_server.synthesis.context import PART_CHARS, Context
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.wyoming.called_phrases import CalledPhrase
from tts_server.transports.wyoming.info import PROGRAM, InfoCache, options_for
from tts_server.transports.wyoming.reply import Reply, Request
from tts_server.transports.wyoming.wire import Wire
from tts_server.user_data.phrases import Phrases

log = logging.getLogger(__name__)

_MAX_WAITING: Final = 4  # requests behind the one being answered; then nothing more is read


class Connection:
    """Serves one client: `_listen` reads and understands, `_answer` speaks the requests one after the other."""

    def __init__(
        self,
        wire: Wire,
        decoder: EventDecoder,
        synthesizer: Synthesizer,
        info: InfoCache,
        idle_s: float,
        peer: str,
        phrases: Phrases | None = None,
    ) -> None:
        """peer: among peers turns are shared out fairly. phrases: what phrase:NAME says."""
        self._phrases = phrases
        self._called = CalledPhrase(None)  # in the stream
        self._wire = wire
        self._decoder = decoder
        self._synthesizer = synthesizer
        self._info = info
        self._idle_s = idle_s
        self._peer = peer
        self._requests: asyncio.Queue[Request | None] = asyncio.Queue(_MAX_WAITING)
        self._stream: Request | None = None  # that takes synthesize-chunk
        self._progress = asyncio.Event()  # something was said, so there may be room for more text
        self._answering = 0  # requests taken in and not answered yet
        self._active_at = asyncio.get_running_loop().time()
        self._has_asked = False
        self._scope = asyncio.timeout(None)

    async def serve(self) -> None:
        """Serve until the client has had all it asked for, is gone or silent, or `stop` takes effect."""
        try:
            async with self._scope:
                async with asyncio.TaskGroup() as tasks:
                    listening = tasks.create_task(self._listen())
                    is_well = await self._answer()
                    listening.cancel()
                await (self._wire.finish() if is_well else self._wire.linger())
        except TimeoutError:
            if not self._scope.expired():
                raise
        finally:
            self._close_requests()
            self._wire.abort()

    @property
    def silent_s(self) -> float:
        """For how long nothing whole has come and nothing was said; infinite when nothing was ever asked."""
        if not self._has_asked:
            return math.inf
        if self._answering or self._stream is not None:
            return 0.0
        return asyncio.get_running_loop().time() - self._active_at

    def stop(self, grace_s: float) -> None:
        """End the conversation: at once, or within `grace_s` when an answer is under way."""
        if not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time() + (grace_s if self._answering else 0.0))

    async def _answer(self) -> bool:
        """Answer requests in order. True at the end of the client's input, False after a failure was told."""
        while (request := await self._requests.get()) is not None:
            try:
                is_well = await Reply(request, self._wire, self._progress).speak()
            finally:
                request.close()
            self._answering -= 1
            self._active_at = asyncio.get_running_loop().time()
            if not is_well:
                return False
        return True

    async def _listen(self) -> None:
        """Take in events until the input ends. That is no cancel: what was asked is still spoken."""
        try:
            while received := await self._receive():
                for event in self._decoder.feed(received):
                    self._active_at = asyncio.get_running_loop().time()
                    self._has_asked = True
                    await self._handle(event)
            self._end_stream()
        except (ProtocolError, TTSError) as failure:
            if self._stream is not None:
                self._stream.fail(failure)
            await self._ask(Request(None, is_stream=False, failure=failure))
        await self._requests.put(None)

    async def _receive(self) -> bytes:
        while True:
            now = asyncio.get_running_loop().time()
            try:
                return await self._wire.receive((now if self._answering else self._active_at) + self._idle_s)
            except TimeoutError:
                if self._answering:  # it listens
                    continue
            if self._decoder.is_inside_event:
                raise ProtocolError(ErrorCode.BAD_MESSAGE, f"the event was not complete within {self._idle_s:g} s")
            log.debug("a client was silent for %g s", self._idle_s)
            return b""

    async def _handle(self, event: Event) -> None:
        """Do what an event says. Raises ProtocolError, TTSError."""
        match event.type:
            case "describe":
                await self._wire.send(self._info.encoded(self._synthesizer.catalogue))
            case "ping":
                text = Ping.from_event(event).text
                await self._wire.send(Pong(text).event() if text is not None else Event("pong"))
            case "synthesize":
                # Inside a stream it repeats the whole text, for servers that cannot stream.
                if not self._is_streaming():
                    await self._synthesize(event)
            case "synthesize-start":
                await self._start_stream(event)
            case "synthesize-chunk":
                await self._take_chunk(text_of(event))
            case "synthesize-stop":
                if self._stream is None:
                    await self._ask(Request(None, is_stream=True))  # its end is waited for all the same
                self._end_stream()
            case "select-program":  # there is one program, so whatever is selected holds already
                if event.data.get("name") not in (None, PROGRAM):
                    log.debug("a program %.64r was selected; %s goes on", event.data["name"], PROGRAM)
            case _:
                log.debug("an event of type %.64r was ignored", event.type)

    async def _synthesize(self, event: Event) -> None:
        text = text_of(event)
        request = self._open(event, is_stream=False)
        await self._ask(request)
        if request.context is not None:
            try:
                called = CalledPhrase(self._phrases)
                if said := called.take(text) or called.end(request.context):
                    await self._add_text(request.context, said)
                if _takes_text(request.context):
                    request.context.end()
            except TTSError as failure:
                request.fail(failure)

    async def _start_stream(self, event: Event) -> None:
        if self._stream is not None and self._stream.context is not None:
            self._stream.context.cancel()
        self._stream = self._open(event, is_stream=True)
        self._called = CalledPhrase(self._phrases)
        await self._ask(self._stream)

    async def _take_chunk(self, text: str) -> None:
        if not self._is_streaming():
            if not text.strip():
                return  # Home Assistant puts a blank between two messages of an assistant
            await self._start_stream(Event("synthesize-start"))
        if self._stream is not None and self._stream.context is not None and (said := self._called.take(text)):
            await self._add_text(self._stream.context, said)

    async def _add_text(self, context: Context, text: str) -> None:
        """Give text to a context; while it has more than it may keep, wait, and with us the client.

        Home Assistant sends an article as one event: it may be as long as a whole stream. Raises TTSError.
        """
        limits = context.limits
        limit, size = limits.max_context_chars, min(PART_CHARS, limits.max_text_chars)
        if context.received + len(text) > limit:
            raise TextTooLong(f"the whole text has {context.received + len(text)} characters; the limit is {limit}")
        for start in range(0, len(text), size):
            await self._add_part(context, text[start : start + size])
            await asyncio.sleep(0)

    async def _add_part(self, context: Context, part: str) -> None:
        while _takes_text(context):
            self._progress.clear()
            try:
                context.text(part)
                return
            except TextBacklog:
                await self._progress.wait()

    def _end_stream(self) -> None:
        context = self._stream.context if self._is_streaming() and self._stream is not None else None
        if context is not None:
            if said := self._called.end(context):
                context.text(said)
            context.end()
        self._stream = None

    def _is_streaming(self) -> bool:
        """Whether a stream takes text. One that ended by itself, for want of text, does not."""
        context = self._stream.context if self._stream is not None else None
        if context is not None and not _takes_text(context):
            self._stream = None
        return self._stream is not None

    def _open(self, event: Event, is_stream: bool) -> Request:
        try:
            catalogue = self._synthesizer.catalogue
            asked = replace(options_for(parse_synthesize(event), catalogue), client=self._peer)
            options = self._synthesizer.clients.manner(self._peer).fill(asked, catalogue)
            return Request(self._synthesizer.open(options), is_stream)
        except (ProtocolError, TTSError) as failure:
            return Request(None, is_stream, failure)

    async def _ask(self, request: Request) -> None:
        self._answering += 1
        try:
            await self._requests.put(request)
        except asyncio.CancelledError:
            request.close()
            raise

    def _close_requests(self) -> None:
        while not self._requests.empty():
            if (request := self._requests.get_nowait()) is not None:
                request.close()


def _takes_text(context: Context) -> bool:
    return context.state not in (ContextState.DONE, ContextState.CANCELLING)
