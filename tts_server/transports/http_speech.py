"""Speech as HTTP answers: a WAV streamed while it is made, or one that is kept and told about."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from protocol.http_api import AudioReply
from tts_server.audio.pcm import silence, to_s16le, wav_bytes, wav_header
from tts_server.errors import TTSError
from tts_server.speech import Audio, Done, DoneReason, Marks, SpeechEvent, SpeechOptions
from tts_server.synthesis import Context, Synthesizer
from tts_server.transports.stored_audio import StoredAudio

SILENCE_S: Final = 0.1  # the answer to a text in which nothing can be said
PIECE_BYTES: Final = 64 * 1024
WAV: Final = "audio/wav"


@dataclass(frozen=True, slots=True)
class Order:
    """A whole text, and how to say it."""

    synthesizer: Synthesizer
    text: str
    options: SpeechOptions


class SpokenWav(Response):
    """A WAV sent while it is made. Raises TTSError before the first audio; after it, an error cuts the connection."""

    def __init__(self, order: Order) -> None:
        super().__init__(media_type=WAV)
        self._order = order
        self._is_started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with _speaking(self._order, receive) as (context, events):
                async for event in events:
                    if isinstance(event, Audio):
                        await self._send_audio(context, to_s16le(event.samples), send)
                await self._finish(context, send)
        except TTSError:
            if not self._is_started:
                raise
            scope["state"]["abort"]()

    async def _send_audio(self, context: Context, pcm: bytes, send: Send) -> None:
        if not self._is_started:
            await self._start(context, send, None)
            pcm = wav_header(context.sample_rate) + pcm
        await send({"type": "http.response.body", "body": pcm, "more_body": True})

    async def _finish(self, context: Context, send: Send) -> None:
        rest = b""
        if not self._is_started:
            rest = wav_bytes(silence(SILENCE_S, context.sample_rate), context.sample_rate)
            await self._start(context, send, len(rest))
        await send({"type": "http.response.body", "body": rest, "more_body": False})

    async def _start(self, context: Context, send: Send, length: int | None) -> None:
        self._is_started = True
        self.headers["x-voice"] = quote(context.voice)
        self.headers["x-emotion"] = context.emotion[1]
        del self.headers["content-length"]
        if length is not None:
            self.headers["content-length"] = str(length)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})


class StoredWav(Response):
    """A WAV that is there already, sent in pieces so that a slow reader costs no memory."""

    def __init__(self, wav: memoryview) -> None:
        super().__init__(media_type=WAV, headers={"content-length": str(len(wav))})
        self._wav = wav

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self._wav), PIECE_BYTES):
            piece = bytes(self._wav[start : start + PIECE_BYTES])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def speak_and_keep(order: Order, receive: Receive, store: StoredAudio) -> AudioReply:
    """Say the whole text, keep the WAV, and tell about it. Raises TTSError, ClientDisconnect."""
    marks: list[tuple[int, int, int, int]] = []
    with store.record() as recording:
        async with _speaking(order, receive) as (context, events):
            async for event in events:
                if isinstance(event, Audio):
                    recording.add(to_s16le(event.samples))
                elif isinstance(event, Marks):
                    marks += event.items
        if not recording.samples:
            recording.add(to_s16le(silence(SILENCE_S, context.sample_rate)))
        return AudioReply(
            audio_url=f"/audio/{recording.keep(context.sample_rate)}",
            voice=context.voice,
            emotion=context.emotion[1],
            sample_rate=context.sample_rate,
            duration_ms=round(1000 * recording.samples / context.sample_rate),
            marks=marks,
        )


@asynccontextmanager
async def _speaking(order: Order, receive: Receive) -> AsyncIterator[tuple[Context, AsyncGenerator[SpeechEvent]]]:
    """A context that says the text as long as its listener stays, and its events without Done.

    Raises TTSError when the text cannot be said or its speech fails, ClientDisconnect when the listener left.
    """
    context = order.synthesizer.open(order.options)
    try:
        context.text(order.text)
        context.end()
        async with asyncio.TaskGroup() as tasks, aclosing(_until_done(context)) as events:
            watcher = tasks.create_task(_cancel_on_hangup(receive, context))
            yield context, events
            watcher.cancel()
    except ExceptionGroup as group:  # of one: the watcher raises nothing
        raise group.exceptions[0] from None
    finally:
        context.close()


async def _until_done(context: Context) -> AsyncGenerator[SpeechEvent]:
    async with aclosing(context.events()) as events:
        async for event in events:
            if not isinstance(event, Done):
                yield event
            elif event.error is not None:
                raise event.error
            elif event.reason is DoneReason.CANCELLED:
                raise ClientDisconnect


async def _cancel_on_hangup(receive: Receive, context: Context) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    context.cancel()
