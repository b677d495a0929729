"""One answer on the Wyoming wire: audio-start, audio-chunks, audio-stop, and what ends a stream or a failure."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from protocol.wyoming import ProtocolError, encode_event
from tts_server.audio.pcm import silence, to_s16le
from tts_server.audio.wav import BYTES_PER_SAMPLE
from tts_server.engine import Samples
from tts_server.errors import TTSError
from tts_server.events import Audio, Done, DoneReason
from tts_server.synthesis.synthesizer import Context
from tts_server.transports.error_codes import code_of
from tts_server.transports.wyoming.wire import Wire

_CHUNK_BYTES: Final = 2048  # as Piper sends and Home Assistant cuts for its satellites; 43 ms at 24 kHz
_WRITE_BYTES: Final = 8 * _CHUNK_BYTES  # at once; then others have their turn, as drain() gives way to slow peers only
_NOTHING_TO_SAY_S: Final = 0.1  # an answer without any audio hangs Home Assistant
# A Voice PE that gets no audio for about 5 s stops listening to the stream for good.
_QUIET_S: Final = 1.0
_FILLER_S: Final = 0.1  # goes out in one go, so that no speech comes between


def error_event(error: TTSError | ProtocolError) -> Event:
    """The `error` event of a failure."""
    code = error.code if isinstance(error, ProtocolError) else code_of(error)
    return Error(str(error), code.value).event()


@dataclass(slots=True)
class Request:
    """Something to answer: a context to be spoken, or why there is none."""

    context: Context | None
    is_stream: bool
    failure: TTSError | ProtocolError | None = None

    def fail(self, failure: TTSError | ProtocolError) -> None:
        """Stop speaking and answer with this instead."""
        self.failure = failure
        if self.context is not None:
            self.context.cancel()

    def close(self) -> None:
        """Let go of a context that is not going to be answered."""
        if self.context is not None:
            self.context.close()


class Reply:
    """Answers one request. One format, one audio-start and one audio-stop: clients read the first only."""

    def __init__(self, request: Request, wire: Wire, progress: asyncio.Event) -> None:
        self._request = request
        self._wire = wire
        self._progress = progress
        self._sent = 0  # samples
        self._is_started = False
        self._heard_at = 0.0  # loop time when the listener runs out of audio

    async def speak(self) -> bool:
        """Say it and tell its end. False after a failure: the connection is to be closed, as old clients wait on."""
        context = self._request.context
        failure = self._request.failure
        if context is not None:
            done = await self._speak_context(context)
            failure = self._request.failure or done.error
            if not self._sent and failure is None and done.reason is not DoneReason.CANCELLED:
                await self._send_audio(context.sample_rate, silence(_NOTHING_TO_SAY_S, context.sample_rate))
        await self._send_end(failure)
        return failure is None

    async def _speak_context(self, context: Context) -> Done:
        async with asyncio.TaskGroup() as tasks:
            filler = tasks.create_task(self._fill_gaps(context))
            async with aclosing(context.events()) as events:
                async for event in events:
                    self._progress.set()
                    if isinstance(event, Audio):
                        await self._send_audio(context.sample_rate, event.samples)
                    elif isinstance(event, Done):
                        filler.cancel()
                        return event
        raise AssertionError("a context always ends with Done")

    async def _send_audio(self, rate: int, samples: Samples) -> None:
        if not self._is_started:
            self._is_started = True
            self._wire.set_unfinished(True)
            await self._wire.send(AudioStart(rate, BYTES_PER_SAMPLE, 1, self._timestamp_ms(rate)).event())
        pcm = to_s16le(samples)
        for start in range(0, len(pcm), _WRITE_BYTES):
            if start:
                await asyncio.sleep(0)
            await self._wire.send(b"".join(self._chunks(rate, pcm[start : start + _WRITE_BYTES])))
        now = asyncio.get_running_loop().time()
        self._heard_at = max(self._heard_at, now) + len(samples) / rate

    def _chunks(self, rate: int, pcm: bytes) -> Iterator[bytes]:
        """Encoded audio-chunk events."""
        for start in range(0, len(pcm), _CHUNK_BYTES):
            audio = pcm[start : start + _CHUNK_BYTES]
            chunk = AudioChunk(rate, BYTES_PER_SAMPLE, 1, audio, timestamp=self._timestamp_ms(rate))
            self._sent += len(audio) // BYTES_PER_SAMPLE
            yield encode_event(chunk.event())

    async def _fill_gaps(self, context: Context) -> None:
        """Send a little silence now and then while the listener has heard all there is: text may come slowly."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(_QUIET_S, self._heard_at + _QUIET_S - loop.time()))
            is_dry = self._is_started and loop.time() >= self._heard_at + _QUIET_S
            if is_dry and not self._wire.is_waiting_for_peer:
                await self._send_audio(context.sample_rate, silence(_FILLER_S, context.sample_rate))

    async def _send_end(self, failure: TTSError | ProtocolError | None) -> None:
        if failure is not None:
            await self._wire.send(error_event(failure))
        if self._is_started and self._request.context is not None:
            await self._wire.send(AudioStop(self._timestamp_ms(self._request.context.sample_rate)).event())
        if self._request.is_stream:
            await self._wire.send(SynthesizeStopped().event())
        if self._is_started:
            self._wire.set_unfinished(False)

    def _timestamp_ms(self, rate: int) -> int:
        return self._sent * 1000 // rate
