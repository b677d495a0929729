"""GPT-SoVITS' API in both shapes, at /compat/gpt_sovits: POST with `text` and `text_lang`, GET with `text_language`."""

from pathlib import PurePath
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from tts_server.transports.compat.account import Services
from tts_server.transports.compat.speech_request import order_for, spoken
from tts_server.transports.http.requests.application import Application

PATH: Final = "/compat/gpt_sovits"


class GptSovitsRequest(BaseModel):
    """What of the many keys means something here."""

    text: str
    ref_audio_path: str | None = None
    speed_factor: float = 1.0


def add_gpt_sovits(app: Application, services: Services) -> None:
    """Add the routes. The voice is the name of the reference sound, where there is one of that name."""

    def speak(request: Request, text: str, reference: str | None, speed: float) -> Response:
        voice = PurePath(reference).stem if reference else None
        return spoken(order_for(services, request, "gpt_sovits", text, "wav", voice=voice, speed=speed))

    @app.post(PATH, response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    async def gpt_sovits(wanted: GptSovitsRequest, request: Request) -> Response:
        """Say a text as GPT-SoVITS' second API does, as WAV."""
        return speak(request, wanted.text, wanted.ref_audio_path, wanted.speed_factor)

    @app.get(PATH, response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    async def gpt_sovits_v3(
        request: Request, text: str, refer_wav_path: str | None = None, speed: float = 1.0
    ) -> Response:
        """The same as its third API does."""
        return speak(request, text, refer_wav_path, speed)
