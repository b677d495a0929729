"""Our own routes that speak: `/api/tts`, its events, and the replies kept under `/audio/`."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from protocol.http_api import AudioReply, SpeechRequest
from tts_server.access.access import Access
from tts_server.audio.encode import FILES, FORMATS, FormatName
from tts_server.errors import AudioGone
from tts_server.events import Pauses, SpeechOptions
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.replies.audio import AudioFile, kept_as
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.replies.speech import Order, speak_and_keep, speak_whole
from tts_server.transports.http.replies.sse import MEDIA_TYPE, OurEvents, SpokenEvents
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.replies.streamed_audio import SpokenAudio
from tts_server.transports.http.requests.application import Application
from tts_server.voices import check_emotion, split_name

# In the OpenAPI document: audio of every format.
AUDIO: Final[dict[str, Any]] = {form.media_type: {} for form in FORMATS.values()}
_ACCEPTED: Final[dict[str, FormatName]] = {
    **{form.media_type: form.name for form in FORMATS.values()},
    **{"audio/mp3": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/opus": "opus", "audio/x-flac": "flac"},
}


Say = Callable[[SpeechRequest, Request], Awaitable[Response | AudioReply]]


def add_speech(app: Application, synthesizer: Synthesizer, store: StoredAudio, access: Access) -> Say:
    """Add the routes. Returns what answers a request, for others that come to one."""

    def order(wanted: SpeechRequest, request: Request, form: FormatName) -> Order:
        report = Report.of(request.scope)
        report.chars = len(wanted.text)
        access.spend(report.principal, report.peer, report.chars)
        return Order(synthesizer, wanted.text, options_of(wanted, report), form, report)

    async def tts(wanted: SpeechRequest, request: Request) -> Response | AudioReply:
        """Say a text. The answer is audio, sent while it is made.

        Headers tell the voice, the emotion used, the sample rate and the time to the first audio. With `format` json
        or `Accept: application/json` the speech is made first and the answer tells where to fetch it. A text without
        anything that can be said (spaces, emoji) gives 100 ms of silence; an empty one is an error. Fields may stand
        in the address too; those of the body win.
        """
        form, wants_json = _form(wanted, request.headers.get("accept", ""))
        ordered = order(wanted, request, form)
        if wants_json:
            return await speak_and_keep(ordered, request.receive, store, wanted.marks)
        return SpokenAudio(ordered) if wanted.stream else await speak_whole(ordered, request.receive, store)

    async def sse(wanted: SpeechRequest, request: Request) -> Response:
        """Say a text, as server-sent events: `start`, `segment`, `marks`, `audio` in base64, `done`, or `error`."""
        form, _ = _form(wanted, "")
        return SpokenEvents(order(wanted, request, form), OurEvents(wanted.marks))

    for path, speak, summary, content in (
        ("/api/tts", tts, "Say a text", AUDIO),
        ("/api/tts/sse", sse, "Say a text, as events", {MEDIA_TYPE: {}}),
    ):
        app.add_api_route(
            *(path, speak),
            methods=["POST"],
            summary=summary,
            response_model=AudioReply if speak is tts else None,
            response_class=JSONResponse if speak is tts else Response,
            responses={
                200: {"content": content},
            },
            also_in_address=True,
        )

    @app.get(
        "/audio/{name}", summary="A reply that is kept", response_class=Response, responses={200: {"content": AUDIO}}
    )
    async def audio(name: str) -> AudioFile:
        """A reply that `POST /api/tts` told of, for some minutes after it, in any format: `ID`, `ID.mp3`, `ID.m4a`."""
        audio_id, dot, suffix = name.partition(".")
        suffix = suffix.casefold()
        if dot and suffix not in FILES:
            raise AudioGone(f"audio is kept in {', '.join(FILES)}")
        return await kept_as(store, audio_id, FILES[suffix].name if dot else None)

    return tts


def options_of(wanted: SpeechRequest, report: Report, priority: int = 0) -> SpeechOptions:
    """How a request is to be spoken. Raises EmotionUnknown for a word that is no emotion."""
    check_emotion(wanted.emotion)
    check_emotion(split_name(wanted.voice)[1] if wanted.voice else None)
    return SpeechOptions(
        voice=wanted.voice,
        emotion=wanted.emotion,
        intensity=wanted.intensity,
        speed=wanted.speed,
        pitch=wanted.pitch,
        volume=wanted.volume if "volume" in wanted.model_fields_set else None,
        pauses=Pauses(**wanted.pauses.model_dump()) if wanted.pauses else Pauses(),
        sample_rate=wanted.rate,
        text_format=wanted.text_format,
        strict=wanted.strict,
        priority=priority,
        client=report.client,
    )


def _form(wanted: SpeechRequest, accept: str) -> tuple[FormatName, bool]:
    """The format of the audio, and whether it is to be told of in JSON. A field wins over a header."""
    kinds = [kind.partition(";")[0].strip().casefold() for kind in accept.split(",")]
    accepted = next((_ACCEPTED[kind] for kind in kinds if kind in _ACCEPTED), None)
    wants_audio = any(kind.startswith("audio/") for kind in kinds)
    wants_json = wanted.format == "json" or ("application/json" in kinds and not wants_audio)
    chosen = wanted.format if wanted.format in FORMATS else accepted
    return FORMATS[chosen or "wav"].name, wants_json
