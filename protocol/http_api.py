"""What HTTP clients send and get, as JSON. OpenAI's own routes are in `openai_api.py`."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from protocol.errors import ErrorCode
from protocol.fields import Pauses

AudioFormat = Literal["wav", "mp3", "opus", "flac", "aac", "pcm"]
Mark = Annotated[list[int], Field(min_length=4, max_length=4)]


class SpeechRequest(BaseModel):
    """`POST /api/tts`: what to say, and how. An unlisted field is an error, so that typing mistakes show."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"text": "太好了，你回来了！", "emotion": "happy", "format": "mp3"}]},
    )

    text: str = Field(min_length=1, description="What to say. Where nothing in it can be said, 100 ms of silence come.")
    emotion: str | None = Field(None, max_length=32, description="A name or alias in English or Chinese: happy, 开心.")
    intensity: float = Field(1.0, ge=0.0, le=2.0, description="How strong the emotion is; 1 is the voice's normal.")
    voice: str | None = Field(None, max_length=64, description="A voice's name; left out: the default voice.")
    speed: float = Field(1.0, ge=0.4, le=2.5, description="1 is the voice's normal; 2 takes half the time.")
    pitch: float = Field(0.0, ge=-12.0, le=12.0, description="Semitones up or down.")
    volume: float = Field(0.0, ge=-40.0, le=12.0, description="dB up or down.")
    pauses: Pauses | None = Field(None, description="How long nothing is heard; in an address: pauses.sentence_ms=300.")
    format: Literal["wav", "mp3", "opus", "flac", "aac", "pcm", "json"] | None = Field(
        None, description="Of the audio; json: tell where to fetch it. Left out: what `Accept` asks for, else wav."
    )
    rate: Literal[8000, 16000, 22050, 24000, 44100, 48000] | None = Field(
        None, description="Sample rate in Hz; left out: the voice's own. Opus plays at 48000 whatever it is."
    )
    text_format: Literal["auto", "plain", "ssml", "markdown"] = Field(
        "auto", description="auto: plain, but a text that begins with <speak is SSML."
    )
    stream: bool = Field(True, description="Send the audio while it is made; false: whole, with its length.")
    marks: bool = Field(True, description="Tell when each character is heard, where there is room: JSON and events.")
    strict: bool = Field(False, description="An emotion that the voice lacks is an error, not the nearest one.")


DELAY: Final = "By how much what a decoder gives lags the marks, where the file cannot tell it: 43 of AAC, else 0."


class AudioReply(BaseModel):
    """The answer to `POST /api/tts` with `format` json, or with `Accept: application/json`."""

    audio_url: str = Field(
        description="Path of the audio on this server, for some minutes. Another format: end it in .wav, .mp3, .opus, "
        ".flac, .aac or .pcm."
    )
    voice: str = Field(description="The voice that speaks.")
    emotion: str = Field(description="The emotion used: the nearest that the voice has to the one asked for.")
    format: AudioFormat
    sample_rate: int = Field(description="Hz, of what is decoded (Opus: always 48000); the audio is mono.")
    delay_ms: int = Field(0, description=DELAY)
    duration_ms: int
    first_audio_ms: int | None = Field(description="From the request to the first audio; null: nothing was said.")
    skipped: int = Field(0, description="Letters that no language here reads; left out of the speech.")
    marks: list[Mark] = Field(
        description="[from, to, start_ms, end_ms]: the characters (code points) of `text`, and when they are heard."
    )


class StartEvent(BaseModel):
    """`event: start` of `POST /api/tts/sse`."""

    voice: str
    emotion: str
    format: AudioFormat
    sample_rate: int = Field(description="Hz, of what is decoded (Opus: always 48000).")
    delay_ms: int = Field(0, description=DELAY)


class QueuedEvent(BaseModel):
    """`event: queued`: others are spoken first."""

    position: int
    eta_ms: int = Field(description="An estimate.")


class SegmentEvent(BaseModel):
    """`event: segment`: the audio that follows says this stretch of the text."""

    text: str
    start: int = Field(serialization_alias="from")
    end: int = Field(serialization_alias="to")
    voice: str
    emotion: str


class MarksEvent(BaseModel):
    """`event: marks`."""

    items: list[Mark]


class AudioEvent(BaseModel):
    """`event: audio`: the next bytes of the file, in base64."""

    data: str


class DoneEvent(BaseModel):
    """`event: done`, the last one."""

    duration_ms: int
    first_audio_ms: int | None
    real_time_factor: float | None
    skipped: int = Field(0, description="Letters that no language here reads; left out of the speech.")


class VoiceInfo(BaseModel):
    """A voice."""

    name: str
    language: str = Field(description="BCP 47, as people choose it.")
    speaks: list[str] = Field(description="Languages it can say.")
    gender: Literal["female", "male", "neutral"] | None = Field(description="null: not known.")
    emotions: list[str] = Field(description="Canonical names it has; others fall back to the nearest.")
    emotion_strengths: dict[str, float] = Field(
        description="How plainly each is heard at intensity 1: from 0, not at all, to 1, plainly."
    )
    faint_emotions: list[str] = Field(description="Of the emotions, those that are hardly heard: a strength below 0.5.")
    rate: int = Field(description="Its own sample rate in Hz.")
    description: str
    engine: str
    version: str
    licence: str = Field(description="SPDX identifier.")
    attribution: str
    attribution_url: str
    is_default: bool


class VoiceList(BaseModel):
    """`GET /api/voices`."""

    voices: list[VoiceInfo]


class EmotionInfo(BaseModel):
    """An emotion. `name` never changes; the others are for people."""

    name: str
    en: str
    zh: str
    aliases: list[str]


class EmotionList(BaseModel):
    """`GET /api/emotions`."""

    emotions: list[EmotionInfo]
    default: str


class EngineInfo(BaseModel):
    """`GET /api/engine`: how the daemon is now."""

    id: str = Field(description="Of this box: the name under which it is announced. It stays as it is.")
    state: Literal["loading", "ready", "draining"]
    version: str
    voices: list[str]
    active_streams: int = Field(description="Texts being spoken, over all doors.")
    queue: int = Field(description="Texts waiting for their turn.")
    real_time_factor: float | None = Field(
        description="Computing time over audio time, lately; null: nothing was said."
    )
    host_restarts: int
    needs_token: bool
    settings_digest: str = Field(
        description="Of the settings that boxes behind one balancer should have in common: equal where those are."
    )


class Ticket(BaseModel):
    """`POST /api/ws-tickets`: opens one WebSocket, as `?ticket=` behind its address."""

    ticket: str
    expires_in_s: float


class Health(BaseModel):
    """`GET /healthz` and `GET /readyz` when all is well."""

    status: str
    version: str


class ErrorDetail(BaseModel):
    """What went wrong: `code` for programs, `message` for people. The shape is OpenAI's."""

    code: ErrorCode
    message: str
    type: str = Field(description="OpenAI's coarser kind of `code`.")
    param: str | None = Field(None, description="The field at fault, where there is one.")


class ErrorBody(BaseModel):
    """The body of every error answer."""

    error: ErrorDetail


_TYPES = {
    ErrorCode.UNAUTHORIZED: "authentication_error",
    ErrorCode.FORBIDDEN: "permission_error",
    ErrorCode.RATE_LIMITED: "rate_limit_error",
    ErrorCode.TOO_MANY_CONNECTIONS: "rate_limit_error",
    ErrorCode.ENGINE_LOADING: "server_error",
    ErrorCode.ENGINE_BUSY: "server_error",
    ErrorCode.ENGINE_FAILED: "server_error",
    ErrorCode.ENGINE_TIMEOUT: "server_error",
    ErrorCode.SHUTTING_DOWN: "server_error",
    ErrorCode.INTERNAL: "server_error",
}


def error_json(code: ErrorCode, message: str, param: str | None = None) -> bytes:
    """An error body as UTF-8 JSON."""
    kind = _TYPES.get(code, "invalid_request_error")
    detail = ErrorDetail(code=code, message=message, type=kind, param=param)
    return ErrorBody(error=detail).model_dump_json().encode()
