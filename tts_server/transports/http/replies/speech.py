"""Speech as HTTP answers: whole, or kept and told about. `streamed_audio.py` sends it while it is made."""

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
from starlette.types import Receive

from protocol.http_api import AudioReply, Mark
from tts_server import __version__
from tts_server.audio.encode import FORMATS, FormatName, encode_whole
from tts_server.audio.pcm import silence, to_s16le
from tts_server.engine import Samples
from tts_server.events import Audio, Done, DoneReason, Marks, SegmentStarted, SpeechEvent, SpeechOptions
from tts_server.synthesis.synthesizer import Context, Synthesizer
from tts_server.transports.http.replies.audio import AudioFile
from tts_server.transports.http.replies.coded_file import CodedFile, coded_file
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.replies.stored_audio import Kept, Recording, StoredAudio

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

    def __post_init__(self) -> None:
        manner = self.synthesizer.clients.manner(self.report.peer, self.report.principal.name)
        object.__setattr__(self, "options", manner.fill(self.options, self.synthesizer.catalogue))

    def headers(self, context: Context) -> dict[str, str]:
        """What is told beside the audio, once it is there."""
        told = {
            "x-voice": quote(self.report.voice or context.voice),
            "x-emotion": context.emotion[1],
            "x-sample-rate": str(FORMATS[self.form].told_rate(context.sample_rate)),
        }
        if context.skipped:
            told["x-skipped"] = str(context.skipped)
        if (first_ms := self.report.first_audio_ms) is not None:
            told["x-first-audio-ms"] = str(first_ms)
        return told

    def tag(self) -> str:
        """Of the request: the same one gives the same audio, to the ear. Raises VoiceUnknown, EngineLoading."""
        synthesizer = self.synthesizer
        voice = synthesizer.catalogue.choose(self.options.voice, self.options.language)
        options = replace(self.options, client="", priority=0)  # who asks, and when, does not change what is heard
        said = (__version__, voice.name, voice.revision or voice.version, synthesizer.house_style, options, self.text)
        return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()[:24] + "-" + self.form


@dataclass(frozen=True, slots=True)
class _Spoken:
    context: Context
    marks: list[Mark]


async def speak_whole(order: Order, receive: Receive, store: StoredAudio) -> Response:
    """Say the whole text and answer with a file whose length is known. Raises TTSError, ClientDisconnect."""
    with store.record() as recording:
        if FORMATS[order.form].container:
            async with coded_file(order.form, order.tag()) as file:
                spoken = await _record(order, receive, recording, file)
            content = file.content
        else:
            spoken = await _record(order, receive, recording)
            content = await asyncio.to_thread(encode_whole, order.form, recording.pcm, spoken.context.sample_rate)
    answer = AudioFile(order.form, content, await asyncio.to_thread(_digest, content))
    answer.headers.update(order.headers(spoken.context))
    return answer


async def speak_for_later(order: Order, receive: Receive, store: StoredAudio) -> Kept:
    """Say the whole text and keep the audio, to be found by the request. Raises TTSError, ClientDisconnect."""
    tag = order.tag()
    with store.record() as recording:
        spoken = await _record(order, receive, recording)
        return store.get(recording.keep(spoken.context.sample_rate, order.form, tag, order.headers(spoken.context)))


async def speak_and_keep(order: Order, receive: Receive, store: StoredAudio, wants_marks: bool = True) -> AudioReply:
    """Say the whole text, keep the audio, and tell about it. Raises TTSError, ClientDisconnect."""
    with store.record() as recording:
        spoken = await _record(order, receive, recording)
        context = spoken.context
        audio_id = recording.keep(context.sample_rate, order.form)
        return AudioReply(
            audio_url=f"/audio/{audio_id}" + ("" if order.form == "wav" else f".{order.form}"),
            voice=order.report.voice or context.voice,
            emotion=context.emotion[1],
            format=order.form,
            sample_rate=FORMATS[order.form].told_rate(context.sample_rate),
            delay_ms=FORMATS[order.form].delay_ms(context.sample_rate),
            duration_ms=round(1000 * recording.samples / context.sample_rate),
            first_audio_ms=order.report.first_audio_ms,
            skipped=context.skipped,
            marks=spoken.marks if wants_marks else [],
        )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]


async def _record(order: Order, receive: Receive, recording: Recording, file: CodedFile | None = None) -> _Spoken:
    marks: list[Mark] = []

    async def take(samples: Samples) -> None:
        recording.add(to_s16le(samples))
        if file is not None:
            await file.take(samples, context.sample_rate)

    async with speaking(order, receive) as (context, events):
        async for event in events:
            if isinstance(event, Audio):
                await take(event.samples)
            elif isinstance(event, Marks):
                marks += map(list, event.items)
    if not recording.samples:
        await take(silence(SILENCE_S, context.sample_rate))
    return _Spoken(context, marks)


@asynccontextmanager
async def speaking(order: Order, receive: Receive) -> AsyncIterator[tuple[Context, AsyncGenerator[SpeechEvent]]]:
    """A context that says the text as long as its listener stays, and its events without Done.

    Raises TTSError when the text cannot be said or its speech fails, ClientDisconnect when the listener left.
    """
    log.debug("to say: %r", order.text)  # the one place where a text is logged, and only when asked
    context = order.synthesizer.open(order.options)
    try:
        await context.take(order.text)
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
            elif isinstance(event, SegmentStarted):
                report.voice = report.voice or event.voice
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
