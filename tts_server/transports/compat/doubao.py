"""Volcengine's one-sentence API, as xiaozhi's `doubao` asks for it, at /compat/doubao: JSON in, sound in base64 out."""

import asyncio
import base64
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.requests import Request

from tts_server.audio.encode import FORMATS, FormatName, encode_whole
from tts_server.audio.pcm import silence, to_s16le
from tts_server.errors import TextTooLong
from tts_server.events import Audio
from tts_server.transports.compat.account import Services, percent_louder
from tts_server.transports.compat.speech_request import order_for
from tts_server.transports.http.replies.speech import SILENCE_S, Order, speaking
from tts_server.transports.http.requests.application import Application

PATH: Final = "/compat/doubao"
MAX_CHARS: Final = 1024  # as there: the whole sound is one JSON text
_FORMS: Final[dict[str, FormatName]] = {"ogg_opus": "opus"}
_SUCCESS: Final = 3000


class DoubaoAudio(BaseModel):
    """How to say it."""

    voice_type: str | None = None
    encoding: str = "wav"
    rate: int = 24000
    speed_ratio: float = 1.0
    volume_ratio: float = 1.0
    emotion: str | None = None


class DoubaoText(BaseModel):
    """What to say."""

    text: str
    reqid: str = ""


class DoubaoRequest(BaseModel):
    """What of the request means something here."""

    audio: DoubaoAudio = Field(default_factory=DoubaoAudio)
    request: DoubaoText


def add_doubao(app: Application, services: Services) -> None:
    """Add the route."""

    @app.post(PATH)
    async def doubao(wanted: DoubaoRequest, request: Request) -> dict[str, Any]:
        """Say a text as Volcengine's one-sentence API does; `data` is the sound in base64."""
        if len(wanted.request.text) > MAX_CHARS:
            raise TextTooLong(f"text has {len(wanted.request.text)} characters; the limit is {MAX_CHARS}")
        audio = wanted.audio
        form = _FORMS.get(audio.encoding) or (FORMATS[audio.encoding].name if audio.encoding in FORMATS else "wav")
        order = order_for(
            *(services, request, "doubao", wanted.request.text, form, audio.voice_type, audio.emotion, audio.rate),
            speed=audio.speed_ratio,
            volume=percent_louder(100 * (audio.volume_ratio - 1)),
        )
        sound = await asyncio.to_thread(_encoded, form, await _samples(order, request), audio.rate)
        return {"reqid": wanted.request.reqid, "code": _SUCCESS, "message": "Success", "sequence": -1, "data": sound}


async def _samples(order: Order, request: Request) -> bytes:
    pcm = bytearray()
    async with speaking(order, request.receive) as (context, events):
        async for event in events:
            if isinstance(event, Audio):
                pcm += to_s16le(event.samples)
    return bytes(pcm) or to_s16le(silence(SILENCE_S, context.sample_rate))


def _encoded(form: FormatName, pcm: bytes, sample_rate: int) -> str:
    return base64.b64encode(encode_whole(form, pcm, sample_rate)).decode()
