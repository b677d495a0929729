"""What HTTP clients send and get, as JSON."""

from pydantic import BaseModel, ConfigDict, Field

from protocol.errors import ErrorCode


class SpeechRequest(BaseModel):
    """`POST /api/tts`: what to say, and how. An unlisted field is an error, so that typing mistakes show."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    text: str = Field(min_length=1, description="What to say. Where nothing in it can be said, 100 ms of silence come.")
    emotion: str | None = Field(None, max_length=32, description="A name or alias in English or Chinese: happy, 开心.")
    intensity: float = Field(1.0, ge=0.0, le=2.0, description="How strong the emotion is; 1 is the voice's normal.")
    voice: str | None = Field(None, max_length=64, description="A voice's name; left out: the default voice.")
    speed: float = Field(1.0, ge=0.4, le=2.5, description="1 is the voice's normal; 2 takes half the time.")
    pitch: float = Field(0.0, ge=-12.0, le=12.0, description="Semitones up or down.")
    volume: float = Field(0.0, ge=-40.0, le=12.0, description="dB up or down.")


class AudioReply(BaseModel):
    """The answer to `POST /api/tts` with `Accept: application/json`."""

    audio_url: str = Field(description="Path of the WAV on this server. It is kept for some minutes only.")
    voice: str = Field(description="The voice that speaks.")
    emotion: str = Field(description="The emotion used: the nearest that the voice has to the one asked for.")
    sample_rate: int = Field(description="Hz; the audio is 16 bit, mono.")
    duration_ms: int
    marks: list[tuple[int, int, int, int]] = Field(
        description="[from, to, start_ms, end_ms]: the characters (code points) of `text`, and when they are heard."
    )


class Health(BaseModel):
    """`GET /healthz` and `GET /readyz` when all is well."""

    status: str
    version: str


class ErrorDetail(BaseModel):
    """What went wrong: `code` for programs, `message` for people."""

    code: ErrorCode
    message: str
    param: str | None = Field(None, description="The field at fault, where there is one.")


class ErrorBody(BaseModel):
    """The body of every error answer."""

    error: ErrorDetail


def error_json(code: ErrorCode, message: str, param: str | None = None) -> bytes:
    """An error body as UTF-8 JSON."""
    detail = ErrorDetail(code=code, message=message, param=param)
    return ErrorBody(error=detail).model_dump_json(exclude_none=True).encode()
