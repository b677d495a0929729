"""Speech as server-sent events: audio in base64 between what is known about it."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, Protocol

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from protocol.errors import ErrorCode
from protocol.http_api import (
    AudioEvent,
    DoneEvent,
    MarksEvent,
    QueuedEvent,
    SegmentEvent,
    StartEvent,
    error_json,
)
from protocol.openai_api import AudioDelta, AudioDone, Usage
from tts_server.audio.encode import FORMATS
from tts_server.audio.pcm import silence
from tts_server.errors import TTSError
from tts_server.events import Audio, Marks, Queued, SegmentStarted, SpeechEvent
from tts_server.synthesis.synthesizer import Context
from tts_server.transports.error_codes import code_of
from tts_server.transports.http.replies.speech import SILENCE_S, Order, speaking
from tts_server.transports.http.replies.streamed_audio import StreamEncoder

MEDIA_TYPE: Final = "text/event-stream"


class Dialect(Protocol):
    """What the events of a stream are called and hold."""

    def begin(self, order: Order, context: Context) -> bytes:
        """Before everything else."""

    def tell(self, event: SpeechEvent) -> bytes:
        """An event that is not audio; empty if it is not told."""

    def audio(self, data: bytes) -> bytes:
        """The next bytes of the file."""

    def end(self, order: Order, duration_s: float) -> bytes:
        """All has been said."""

    def failed(self, code: ErrorCode, message: str) -> bytes:
        """The speech failed after the answer had begun."""


class SpokenEvents(Response):
    """The stream. Raises TTSError before its first event; later errors are events themselves."""

    def __init__(self, order: Order, dialect: Dialect) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        self._order = order
        self._dialect = dialect
        self._is_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with (
                speaking(self._order, receive) as (context, events),
                aclosing(self._told(context, events)) as parts,
            ):
                async for told in parts:
                    await self._start(context, send)
                    await send({"type": "http.response.body", "body": told, "more_body": True})
        except TTSError as error:
            if not self._is_started:
                raise
            told = self._dialect.failed(code_of(error), str(error))
            await send({"type": "http.response.body", "body": told, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _told(self, context: Context, events: AsyncIterator[SpeechEvent]) -> AsyncGenerator[bytes]:
        encoder = StreamEncoder(self._order.form, context.sample_rate)
        samples, begin = 0, self._dialect.begin(self._order, context)
        async for event in events:
            told = begin + await self._news(event, encoder)
            if isinstance(event, Audio):
                samples += len(event.samples)
            if told:
                yield told
                begin = b""
        if not samples:
            if begin:
                yield begin
            silent = silence(SILENCE_S, context.sample_rate)
            samples = len(silent)
            yield self._dialect.audio(await encoder.encode(silent) + await encoder.finish())
        elif rest := await encoder.finish():
            yield self._dialect.audio(rest)
        yield self._dialect.end(self._order, samples / context.sample_rate)

    async def _news(self, event: SpeechEvent, encoder: StreamEncoder) -> bytes:
        if not isinstance(event, Audio):
            return self._dialect.tell(event)
        audio = await encoder.encode(event.samples)
        return self._dialect.audio(audio) if audio else b""

    async def _start(self, context: Context, send: Send) -> None:
        if self._is_started:
            return
        self._is_started = True
        del self.headers["content-length"]
        self.headers.update(self._order.headers(context))
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})


class OurEvents:
    """`POST /api/tts/sse`: events with names."""

    def __init__(self, wants_marks: bool) -> None:
        self._wants_marks = wants_marks

    def begin(self, order: Order, context: Context) -> bytes:
        form, rate = FORMATS[order.form], context.sample_rate
        started = StartEvent(
            voice=context.voice,
            emotion=context.emotion[1],
            format=order.form,
            sample_rate=form.told_rate(rate),
            delay_ms=form.delay_ms(rate),
        )
        return _named("start", started)

    def tell(self, event: SpeechEvent) -> bytes:
        match event:
            case Queued():
                return _named("queued", QueuedEvent(position=event.position, eta_ms=round(1000 * event.eta_s)))
            case SegmentStarted():
                told = SegmentEvent(
                    text=event.text, start=event.start, end=event.end, voice=event.voice, emotion=event.emotion
                )
                return _named("segment", told)
            case Marks() if self._wants_marks:
                return _named("marks", MarksEvent(items=[list(item) for item in event.items]))
        return b""

    def audio(self, data: bytes) -> bytes:
        return _named("audio", AudioEvent(data=base64.b64encode(data).decode()))

    def end(self, order: Order, duration_s: float) -> bytes:
        report = order.report
        told = DoneEvent(
            duration_ms=round(1000 * duration_s),
            first_audio_ms=report.first_audio_ms,
            real_time_factor=report.real_time_factor,
            skipped=report.skipped,
        )
        return _named("done", told)

    def failed(self, code: ErrorCode, message: str) -> bytes:
        return b"event: error\ndata: " + error_json(code, message) + b"\n\n"


class OpenAiEvents:
    """`stream_format: sse` of OpenAI's route: events whose type is in their data."""

    def begin(self, order: Order, context: Context) -> bytes:
        return b""

    def tell(self, event: SpeechEvent) -> bytes:
        return b""

    def audio(self, data: bytes) -> bytes:
        return _data(AudioDelta(audio=base64.b64encode(data).decode()))

    def end(self, order: Order, duration_s: float) -> bytes:
        chars = len(order.text)
        return _data(AudioDone(usage=Usage(input_tokens=chars, output_tokens=0, total_tokens=chars)))

    def failed(self, code: ErrorCode, message: str) -> bytes:
        return b"data: " + error_json(code, message) + b"\n\n"


def _named(name: str, told: BaseModel) -> bytes:
    return f"event: {name}\n".encode() + _data(told)


def _data(told: BaseModel) -> bytes:
    return f"data: {told.model_dump_json(by_alias=True)}\n\n".encode()
