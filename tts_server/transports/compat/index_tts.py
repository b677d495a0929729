"""index-tts-vllm's route, as xiaozhi's `index_stream` asks for it: POST /tts, raw PCM at 24 kHz."""

from typing import Final

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from tts_server.transports.compat.account import Services
from tts_server.transports.compat.speech_request import order_for, spoken
from tts_server.transports.http.requests.application import Application

PATH: Final = "/tts"
RATE: Final = 24000  # Hz, whatever the device plays


class IndexTtsRequest(BaseModel):
    """The two keys that tell this client from others that ask for the same path."""

    text: str
    character: str | None = Field(description="A voice; names that are not here go to a voice like it.")


def add_index_tts(app: Application, services: Services) -> None:
    """Add the route."""

    @app.post(PATH, response_class=Response, responses={200: {"content": {"audio/pcm": {}}}})
    async def index_tts(wanted: IndexTtsRequest, request: Request) -> Response:
        """Say a text as index-tts does: 16-bit PCM at 24 kHz, mono, without a header."""
        order = order_for(services, request, "index_tts", wanted.text, "pcm", voice=wanted.character, sample_rate=RATE)
        return spoken(order)
