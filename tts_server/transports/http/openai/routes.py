"""OpenAI's speech routes, for programs that know no others. With and without `/v1`, since base addresses vary."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from protocol.emotions import CHINESE_NAMES, is_known
from protocol.openai_api import (
    MODELS,
    VOICES,
    AudioModelList,
    AudioVoiceList,
    NamedModel,
    OpenAiModel,
    OpenAiModelList,
    OpenAiSpeechRequest,
)
from tts_server.access.access import Access
from tts_server.engine import Voice
from tts_server.errors import AudioGone
from tts_server.events import RANGES, SpeechOptions
from tts_server.synthesis.synthesizer import Synthesizer
from tts_server.transports.http.api.tts import AUDIO
from tts_server.transports.http.openai.instructions import emotion_of
from tts_server.transports.http.openai.voices import like, voice_for
from tts_server.transports.http.replies.report import Report
from tts_server.transports.http.replies.speech import Order, speak_whole
from tts_server.transports.http.replies.sse import MEDIA_TYPE, OpenAiEvents, SpokenEvents
from tts_server.transports.http.replies.stored_audio import StoredAudio
from tts_server.transports.http.replies.streamed_audio import SpokenAudio
from tts_server.transports.http.requests.application import Application
from tts_server.voices import SEPARATOR, split_name, unknown_emotion

PCM_RATE: Final = 24000  # Hz; what OpenAI's pcm is, and what its clients take it for
_OWNER: Final = "tts-server"
_CREATED: Final = 1_700_000_000  # clients show it; it means nothing here
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {**AUDIO, MEDIA_TYPE: {}}}}


def add_openai(
    app: Application,
    synthesizer: Synthesizer,
    store: StoredAudio,
    access: Access,
    voices: Mapping[str, str],
    is_strict: bool = False,
) -> None:
    """Add the routes. voices: the owner's choice for some voice names; is_strict: what is no voice here is an error."""

    async def speech(wanted: OpenAiSpeechRequest, request: Request) -> Response:
        """Say a text, as OpenAI's `/v1/audio/speech` does. `instructions` become an emotion."""
        report = Report.of(request.scope)
        report.chars = len(wanted.input)
        access.spend(report.principal, report.peer, report.chars)
        form = wanted.response_format or "mp3"
        voice, warning = voice_for(wanted.voice, synthesizer.catalogue, voices), ""
        if voice and not is_strict:
            voice, warning = like(voice, synthesizer.catalogue)
        options = SpeechOptions(
            voice=voice,
            emotion=emotion_of(wanted.instructions or ""),
            speed=min(max(wanted.speed or 1.0, RANGES["speed"][0]), RANGES["speed"][1]),
            sample_rate=PCM_RATE if form == "pcm" else None,
            client=report.client,
        )
        order = Order(synthesizer, wanted.input, options, form, report)
        answer = await _answer(order, wanted, request)
        if voice and (mood := split_name(voice)[1]) and not is_known(mood):
            warning = "; ".join(filter(None, (warning, unknown_emotion(mood))))
        if warning:
            answer.headers["x-warning"] = warning.encode("ascii", "backslashreplace").decode()
        return answer

    async def _answer(order: Order, wanted: OpenAiSpeechRequest, request: Request) -> Response:
        if wanted.stream_format == "sse":
            return SpokenEvents(order, OpenAiEvents())
        return await speak_whole(order, request.receive, store) if wanted.stream is False else SpokenAudio(order)

    async def models() -> OpenAiModelList:
        """OpenAI's names of speech models; all speak with the voices of this box."""
        return OpenAiModelList(data=[_model(name) for name in MODELS])

    async def model(name: str) -> OpenAiModel:
        """One of them."""
        if name not in MODELS:
            raise AudioGone(f"there is no model {name[:64]!r}; models here: {', '.join(MODELS)}")
        return _model(name)

    async def audio_models() -> AudioModelList:
        """The same, as Open WebUI asks for them."""
        return AudioModelList(models=[NamedModel(id=name, name=name) for name in MODELS])

    async def audio_voices() -> AudioVoiceList:
        """The voices of this box with their moods, and OpenAI's names, as Open WebUI asks for them."""
        voices = synthesizer.catalogue.voices
        ours = [entry for voice in voices for entry in _entries(voice)]
        others = [name for name in VOICES if synthesizer.catalogue.find(name) is None]
        return AudioVoiceList(voices=[*ours, *(NamedModel(id=name, name=name) for name in others)])

    for base in ("/v1", "", "/v1/v1"):  # with /v1 in the base URL and in the client, too
        for method, path, answer, summary in (
            ("POST", "/audio/speech", speech, "Say a text, in OpenAI's words"),
            ("GET", "/models", models, "OpenAI's names of models"),
            ("GET", "/models/{name}", model, "One of them"),
            ("GET", "/audio/models", audio_models, "The models, as Open WebUI asks for them"),
            ("GET", "/audio/voices", audio_voices, "The voices, as Open WebUI asks for them"),
        ):
            sound: dict[str, Any] = {"response_class": Response, "responses": _ANSWERS} if answer is speech else {}
            app.add_api_route(
                *(base + path, answer), methods=[method], summary=summary, include_in_schema=base == "/v1", **sound
            )


def _entries(voice: Voice) -> Iterator[NamedModel]:
    yield NamedModel(id=voice.name, name=voice.name)
    for emotion in voice.emotions:
        if emotion != "neutral":
            label = f"{voice.name} ({emotion} {CHINESE_NAMES.get(emotion, '')}".rstrip() + ")"
            yield NamedModel(id=f"{voice.name}{SEPARATOR}{emotion}", name=label)


def _model(name: str) -> OpenAiModel:
    return OpenAiModel(id=name, created=_CREATED, owned_by=_OWNER)
