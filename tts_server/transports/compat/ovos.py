"""The TTS server of OVOS: GET /v2/synthesize, and /synthesize/TEXT of its first version. A sign of Kokoro-FastAPI."""

from starlette.requests import Request
from starlette.responses import Response

from tts_server.transports.compat.account import Services
from tts_server.transports.compat.speech_request import order_for, spoken
from tts_server.transports.http.requests.application import Application
from tts_server.voices import voice_like


def add_ovos(app: Application, services: Services) -> None:
    """Add the routes."""

    def speak(request: Request, text: str, voice: str, language: str) -> Response:
        if not voice and language and (like := voice_like(language.replace("_", "-"), services.synthesizer.catalogue)):
            voice = like.name
        return spoken(order_for(services, request, "ovos", text, "wav", voice=voice))

    @app.get("/v2/synthesize", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    async def ovos(request: Request, utterance: str, lang: str = "", voice: str = "") -> Response:
        """Say a text as OVOS' TTS server does, as WAV."""
        return speak(request, utterance, voice, lang)

    @app.get("/synthesize/{text:path}", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
    async def ovos_v1(request: Request, text: str, lang: str = "", voice: str = "") -> Response:
        """The same in its first version."""
        return speak(request, text, voice, lang)


def add_kokoro_sign(app: Application) -> None:
    """Let wyoming-openai take us for Kokoro-FastAPI: it then asks for our voices."""

    @app.get("/v1/test", include_in_schema=False)
    async def test() -> dict[str, str]:
        return {"status": "ok"}
