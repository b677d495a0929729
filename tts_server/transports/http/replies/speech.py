"""Speech as HTTP answers: audio streamed while it is made, or whole, or kept and told about."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from protocol.http_api import AudioReply, Mark
from tts_server import __version__
from tts_server.audio.encode import FORMATS, FormatName, encode_whole, open_encoder
from tts_server.audio.pcm import silence, to_s16le
from tts_server.engine import Samples
from tts_server.errors import TTSError
from tts_server.events import Audio, Done, DoneReason, Marks, SpeechEvent, SpeechOptions
from tts_server.synthesis.synthesizer import Context, Synthesizer
from tts_server.transports.http.replies.audio import AudioFile
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.replies.stored_audio import Recording, StoredAudio

log = logging.getLogger(__name__)

SILENCE_S: Final = 0.1  # the answer to a text in which nothing can be said


@dataclass(frozen=True, slots=True)
class Order:
    """A whole text, how to say it, and what the answer looks like."""

    synthesizer: Synthesizer
    text: str
    options: SpeechOptions
    form: FormatName
    report: Report

    def headers(self, context: Context) -> dict[str, str]:
        """What is told beside the audio, once it is there."""
        told = {
            "x-voice": quote(context.voice),
            "x-emotion": context.emotion[1],
            "x-sample-rate": str(context.sample_rate),
        }
        if (first_ms := self.report.first_audio_ms) is not None:
            told["x-first-audio-ms"] = str(first_ms)
        return told

    def tag(self, context: Context) -> str:
        """Of the request: the same one gives the same audio, to the ear."""
        voice = self.synthesizer.catalogue.choose(context.voice)
        options = replace(self.options, client="")  # who asks does not change what is heard
        said = (__version__, voice.name, voice.revision or voice.version, self.form, options, self.text)
        return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:24]


class StreamEncoder:
    """An encoder whose work is done off the event loop, where it is work."""

    def __init__(self, form: FormatName, sample_rate: int) -> None:
        self._form, self._sample_rate = form, sample_rate
        self._is_work = bool(FORMATS[form].container)

    async def open(self) -> None:
        """Load the codec."""
        if self._is_work:
            self._encoder = await asyncio.to_thread(open_encoder, self._form, self._sample_rate)
        else:
            self._encoder = open_encoder(self._form, self._sample_rate)

    async def encode(self, samples: Samples) -> bytes:
        """The bytes that are ready after samples (N,)."""
        if self._is_work:
            return await asyncio.to_thread(self._encoder.encode, samples)
        return self._encoder.encode(samples)

    async def finish(self) -> bytes:
        """The rest."""
        return await asyncio.to_thread(self._encoder.finish) if self._is_work else self._encoder.finish()


class SpokenAudio(Response):
    """Audio sent while it is made. Raises TTSError before the first audio; after it, an error cuts the connection."""

    def __init__(self, order: Order) -> None:
        super().__init__(media_type=FORMATS[order.form].media_type)
        self._order = order
        self._is_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with speaking(self._order, receive) as (context, events):
                encoder = StreamEncoder(self._order.form, context.sample_rate)
                await encoder.open()
                async for event in events:
                    if isinstance(event, Audio):
                        await self._send_audio(context, await encoder.encode(event.samples), send)
                if not self._is_started:
                    silent = silence(SILENCE_S, context.sample_rate)
                    await self._send_audio(context, await encoder.encode(silent), send)
                rest = await encoder.finish()
                await send({"type": "http.response.body", "body": rest, "more_body": False})
        except TTSError:
            if not self._is_started:
                raise
            scope["state"]["abort"]()

    async def _send_audio(self, context: Context, audio: bytes, send: Send) -> None:
        if not self._is_started:
            self._is_started = True
            del self.headers["content-length"]
            self.headers.update({**self._order.headers(context), "etag": f'W/"{self._order.tag(context)}"'})
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if audio:
            await send({"type": "http.response.body", "body": audio, "more_body": True})


@dataclass(frozen=True, slots=True)
class _Spoken:
    context: Context
    marks: list[Mark]


async def speak_whole(order: Order, receive: Receive, store: StoredAudio) -> Response:
    """Say the whole text and answer with a file whose length is known. Raises TTSError, ClientDisconnect."""
    with store.record() as recording:
        spoken = await _record(order, receive, recording)
        rate = spoken.context.sample_rate
        content = await asyncio.to_thread(encode_whole, order.form, bytes(recording.pcm), rate)
    tag = hashlib.sha256(content).hexdigest()[:24]
    answer = AudioFile(order.form, content, tag)
    answer.headers.update(order.headers(spoken.context))
    return answer


async def speak_and_keep(order: Order, receive: Receive, store: StoredAudio, wants_marks: bool = True) -> AudioReply:
    """Say the whole text, keep the audio, and tell about it. Raises TTSError, ClientDisconnect."""
    with store.record() as recording:
        spoken = await _record(order, receive, recording)
        context = spoken.context
        audio_id = recording.keep(context.sample_rate, order.form)
        return AudioReply(
            audio_url=f"/audio/{audio_id}" + ("" if order.form == "wav" else f".{order.form}"),
            voice=context.voice,
            emotion=context.emotion[1],
            format=order.form,
            sample_rate=context.sample_rate,
            duration_ms=round(1000 * recording.samples / context.sample_rate),
            first_audio_ms=order.report.first_audio_ms,
            marks=spoken.marks if wants_marks else [],
        )


async def _record(order: Order, receive: Receive, recording: Recording) -> _Spoken:
    marks: list[Mark] = []
    async with speaking(order, receive) as (context, events):
        async for event in events:
            if isinstance(event, Audio):
                recording.add(to_s16le(event.samples))
            elif isinstance(event, Marks):
                marks += map(list, event.items)
    if not recording.samples:
        recording.add(to_s16le(silence(SILENCE_S, context.sample_rate)))
    return _Spoken(context, marks)


@asynccontextmanager
async def speaking(order: Order, receive: Receive) -> AsyncIterator[tuple[Context, AsyncGenerator[SpeechEvent]]]:
    """A context that says the text as long as its listener stays, and its events without Done.

    Raises TTSError when the text cannot be said or its speech fails, ClientDisconnect when the listener left.
    """
    log.debug("to say: %r", order.text)  # the one place where a text is logged, and only when asked
    context = order.synthesizer.open(order.options)
    try:
        context.text(order.text)
        context.end()
        async with asyncio.TaskGroup() as tasks, aclosing(_until_done(context, order.report)) as events:
            watcher = tasks.create_task(_cancel_on_hangup(receive, context))
            yield context, events
            watcher.cancel()
    except ExceptionGroup as group:  # of one: the watcher raises nothing
        raise group.exceptions[0] from None
    finally:
        context.close()


async def _until_done(context: Context, report: Report) -> AsyncGenerator[SpeechEvent]:
    async with aclosing(context.events()) as events:
        async for event in events:
            if isinstance(event, Audio):
                report.audio_came()
            if not isinstance(event, Done):
                yield event
                continue
            report.ended(event, context.sample_rate)
            if event.error is not None:
                raise event.error
            if event.reason is DoneReason.CANCELLED:
                raise ClientDisconnect


async def _cancel_on_hangup(receive: Receive, context: Context) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    context.cancel()
