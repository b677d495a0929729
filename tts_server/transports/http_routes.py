"""The HTTP routes, and what an error looks like on them."""

from importlib.resources import files
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from protocol.errors import ErrorCode
from protocol.http_api import AudioReply, ErrorBody, Health, SpeechRequest, error_json
from protocol.messages import PATH, SUBPROTOCOL
from tts_server import __version__
from tts_server.errors import EngineLoading, TTSError
from tts_server.speech import SpeechOptions
from tts_server.synthesis import Synthesizer
from tts_server.transports.error_codes import code_of, status_of
from tts_server.transports.http_speech import WAV, Order, SpokenWav, StoredWav, speak_and_keep
from tts_server.transports.stored_audio import StoredAudio

_HTTP_CODES: Final = {400: ErrorCode.BAD_JSON, 404: ErrorCode.NOT_FOUND}
_RETRY_LATER: Final = (429, 503)
# In the OpenAPI document: what every route answers with when it does not answer as it should.
_ERRORS: Final[dict[int | str, dict[str, Any]]] = {"default": {"model": ErrorBody, "description": "An error"}}
_WAV: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {WAV: {}}}}


def build_app(synthesizer: Synthesizer, store: StoredAudio) -> FastAPI:
    """The application behind the guard."""
    # The pages that FastAPI makes of the OpenAPI document load scripts from the internet; the document itself stays.
    app = FastAPI(
        title="tts-server",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_ERRORS,
    )
    app.add_exception_handler(TTSError, _on_tts_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unexpected_error)
    _add_probes(app, synthesizer)
    _add_speech(app, synthesizer, store)
    _add_protocol(app)
    return app


def _add_probes(app: FastAPI, synthesizer: Synthesizer) -> None:
    @app.get("/healthz")
    async def healthz() -> Health:
        """Is the process alive? Answered whatever the engines do."""
        return Health(status="ok", version=__version__)

    @app.get("/readyz")
    async def readyz() -> Health:
        """Would a request be spoken now?"""
        if not synthesizer.is_ready:
            raise EngineLoading("no voice is ready to speak: the engines are loading, or the daemon is stopping")
        return Health(status="ready", version=__version__)


def _add_speech(app: FastAPI, synthesizer: Synthesizer, store: StoredAudio) -> None:
    @app.post("/api/tts", response_model=AudioReply, response_class=JSONResponse, responses=_WAV)
    async def tts(wanted: SpeechRequest, request: Request) -> Response | AudioReply:
        """Say a text. The answer is a WAV, sent while it is made, with the headers X-Voice and X-Emotion.

        With `Accept: application/json` the speech is made first and the answer tells where to fetch it.
        A text without anything that can be said (spaces, emoji) gives 100 ms of silence; an empty one is an error.
        """
        order = Order(synthesizer, wanted.text, _options(wanted))
        if _wants_json(request.headers.get("accept", "")):
            return await speak_and_keep(order, request.receive, store)
        return SpokenWav(order)

    @app.get("/audio/{audio_id}", response_class=Response, responses=_WAV)
    async def audio(audio_id: str) -> Response:
        """A reply that `POST /api/tts` told of, for some minutes after it."""
        return StoredWav(store.get(audio_id))


def _add_protocol(app: FastAPI) -> None:
    """What programs that write clients read."""

    def serve(path: str, text: str, media_type: str) -> None:
        async def document() -> Response:
            return Response(text, media_type=media_type)

        app.add_api_route(path, document, include_in_schema=False)

    folder = files("protocol") / "schema"
    serve("/asyncapi.yaml", (folder / "asyncapi.yaml").read_text(encoding="utf-8"), "application/yaml")
    for name in ("client.json", "server.json"):
        serve(f"/schema/{name}", (folder / name).read_text(encoding="utf-8"), "application/schema+json")

    @app.get(PATH, include_in_schema=False)
    async def upgrade() -> Response:
        message = f"this is a WebSocket with the subprotocol {SUBPROTOCOL}; /asyncapi.yaml describes it"
        answer = _error(426, ErrorCode.UNSUPPORTED_VERSION, message)
        answer.headers.update({"upgrade": "websocket", "connection": "upgrade"})
        return answer


def _options(wanted: SpeechRequest) -> SpeechOptions:
    return SpeechOptions(
        voice=wanted.voice,
        emotion=wanted.emotion,
        intensity=wanted.intensity,
        speed=wanted.speed,
        pitch=wanted.pitch,
        volume=wanted.volume,
    )


def _wants_json(accept: str) -> bool:
    """Whether JSON is asked for by name, and audio is not."""
    return "application/json" in accept.casefold() and "audio/" not in accept.casefold()


async def _on_tts_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, TTSError)
    return _error(status_of(error), code_of(error), str(error))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = {
        400: "the body cannot be read as JSON in UTF-8",
        404: "there is nothing at this path; /openapi.json lists what there is",
        405: f"this path does not take {request.method}; /openapi.json lists what it takes",
    }.get(error.status_code, error.detail)
    code = _HTTP_CODES.get(error.status_code, ErrorCode.BAD_MESSAGE)
    answer = _error(error.status_code, code, message)
    answer.headers.update(error.headers or {})  # Allow
    return answer


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    if problem["type"] == "json_invalid":
        return _error(400, ErrorCode.BAD_JSON, f"the body is not valid JSON: {problem['ctx']['error']}")
    if not _is_json(request.headers.get("content-type", "")):
        return _error(415, ErrorCode.BAD_MESSAGE, "send JSON, with the header Content-Type: application/json")
    param = ".".join(str(part) for part in problem["loc"][1:]) or None
    return _error(422, ErrorCode.BAD_FIELD, f"{param or 'the body'}: {problem['msg']}", param)


async def _on_unexpected_error(_: Request, __: Exception) -> Response:
    return _error(500, ErrorCode.INTERNAL, "something went wrong inside the server; its log tells more")


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().casefold()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _error(status: int, code: ErrorCode, message: str, param: str | None = None) -> Response:
    headers = {"retry-after": "1"} if status in _RETRY_LATER else None
    return Response(error_json(code, message, param), status, headers, "application/json")
