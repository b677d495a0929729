"""Audio sent while it is made. A WAV that was spoken before is there at once, and then tells its length."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tts_server.audio.encode import FORMATS, Encoder, FormatName, open_encoder
from tts_server.audio.pcm import silence, to_s16le
from tts_server.audio.wav import wav_header
from tts_server.engine import Samples
from tts_server.errors import EngineBusy, TextTooLong, TTSError
from tts_server.events import Audio, Queued, SegmentStarted, SpeechEvent
from tts_server.synthesis.synthesizer import Context
from tts_server.transports.http.replies.speech import SILENCE_S, Order, speaking
from tts_server.transports.http.replies.stored_audio import Recording, StoredAudio

_GATHER_S: Final = 0.02  # looking whether all of a cached text is at hand takes no longer, however long the text


class StreamEncoder:
    """An encoder whose work is done off the event loop, where it is work. There is none before the first samples: one
    of FLAC takes 7 MB.
    """

    def __init__(self, form: FormatName, sample_rate: int) -> None:
        self._form, self._sample_rate = form, sample_rate
        self._is_work = bool(FORMATS[form].container)
        self._encoder: Encoder | None = None

    async def encode(self, samples: Samples) -> bytes:
        """The bytes that are ready after samples (N,)."""
        return await asyncio.to_thread(self._encode, samples) if self._is_work else self._encode(samples)

    async def finish(self) -> bytes:
        """The rest."""
        return await asyncio.to_thread(self._finish) if self._is_work else self._finish()

    def _open(self) -> Encoder:
        if self._encoder is None:
            self._encoder = open_encoder(self._form, self._sample_rate)
        return self._encoder

    def _encode(self, samples: Samples) -> bytes:
        return self._open().encode(samples)

    def _finish(self) -> bytes:
        rest = self._open().finish()
        self._encoder = None
        return rest


class Keeper:
    """Keeps what is sent, for whoever asks for it again; gives up quietly where the store has no room."""

    def __init__(self, store: StoredAudio, order: Order) -> None:
        self._store = store
        self._tag, self._form = order.tag(), order.form
        self._recording: Recording | None = None

    def begin(self, closing: ExitStack) -> None:
        """Start; what was not finished is dropped with `closing`."""
        self._recording = closing.enter_context(self._store.record())

    def add(self, samples: Samples) -> None:
        """Take the next samples."""
        if self._recording is not None:
            try:
                self._recording.add(to_s16le(samples))
            except (TextTooLong, EngineBusy):
                self._recording.drop()
                self._recording = None

    def finish(self, sample_rate: int, headers: dict[str, str]) -> None:
        """All of it was said."""
        if self._recording is not None:
            kept = {name: value for name, value in headers.items() if name != "x-first-audio-ms"}
            self._recording.keep(sample_rate, self._form, self._tag, kept)


class SpokenAudio(Response):
    """Audio sent while it is made. Raises TTSError before the first audio; after it, an error ends the connection."""

    def __init__(self, order: Order, keeper: Keeper | None = None) -> None:
        super().__init__(media_type=FORMATS[order.form].media_type)
        del self.headers["content-length"]
        self.headers["etag"] = f'W/"{order.tag()}"'
        self._order = order
        self._keeper = keeper
        self._is_started = False
        self._gathered: list[Samples] | None = [] if order.form == "wav" else None  # None: not, or no longer
        self._gather_until = float("inf")

    def unspoken(self) -> Response:
        """The same answer without its audio, for HEAD: what is known before anything is said."""
        answer = Response(media_type=self.media_type, headers={"etag": self.headers["etag"]})
        del answer.headers["content-length"]
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with ExitStack() as closing:
                if self._keeper is not None:
                    self._keeper.begin(closing)
                await self._speak(receive, send)
        except TTSError:
            if not self._is_started:
                raise
            scope["state"]["break_off"]()

    async def _speak(self, receive: Receive, send: Send) -> None:
        async with speaking(self._order, receive) as (context, events):
            encoder = StreamEncoder(self._order.form, context.sample_rate)
            try:
                samples = await self._take_all(context, events, encoder, send)
            except TTSError:
                if self._is_started:  # the codec holds how the sound dies away
                    await self._send_audio(context, await encoder.finish(), send)
                raise
            if not samples:
                await self._take(context, encoder, silence(SILENCE_S, context.sample_rate), send)
            if self._keeper is not None:
                self._keeper.finish(context.sample_rate, self._order.headers(context))
            if self._gathered is not None:
                await self._send_whole(context, send)
            else:
                await send({"type": "http.response.body", "body": await encoder.finish(), "more_body": False})

    async def _take_all(
        self, context: Context, events: AsyncIterator[SpeechEvent], encoder: StreamEncoder, send: Send
    ) -> int:
        """Send what is spoken, to its end; how many samples that were."""
        samples = 0
        async for event in events:
            if isinstance(event, Audio):
                samples += len(event.samples)
                await self._take(context, encoder, event.samples, send)
            elif self._gathered is not None and not self._is_at_hand(event):
                await self._let_go(context, encoder, send)
        return samples

    def _is_at_hand(self, event: SpeechEvent) -> bool:
        """Whether the audio that comes next was spoken before."""
        return not isinstance(event, Queued) and not (isinstance(event, SegmentStarted) and not event.is_cached)

    async def _take(self, context: Context, encoder: StreamEncoder, samples: Samples, send: Send) -> None:
        if self._keeper is not None:
            self._keeper.add(samples)
        if self._gathered is None:
            await self._send_audio(context, await encoder.encode(samples), send)
            return
        if not self._gathered:
            self._gather_until = time.monotonic() + _GATHER_S
        self._gathered.append(samples)
        if time.monotonic() > self._gather_until:
            await self._let_go(context, encoder, send)

    async def _let_go(self, context: Context, encoder: StreamEncoder, send: Send) -> None:
        """Not all of it is at hand: send what is, and go on without a length."""
        gathered, self._gathered = self._gathered or [], None
        for samples in gathered:
            await self._send_audio(context, await encoder.encode(samples), send)

    async def _send_whole(self, context: Context, send: Send) -> None:
        pcm = b"".join(map(to_s16le, self._gathered or []))
        head = wav_header(context.sample_rate, len(pcm))
        self.headers["content-length"] = str(len(head) + len(pcm))
        await self._send_audio(context, head, send)
        await send({"type": "http.response.body", "body": pcm, "more_body": False})

    async def _send_audio(self, context: Context, audio: bytes, send: Send) -> None:
        if not self._is_started:
            self._is_started = True
            self.headers.update(self._order.headers(context))
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if audio:
            await send({"type": "http.response.body", "body": audio, "more_body": True})
