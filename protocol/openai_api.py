"""What clients of OpenAI's speech API send and get. Fields that we do not know are passed over, as theirs does."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from protocol.http_api import AudioFormat

VOICES: Final = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable"),
    *("marin", "nova", "onyx", "sage", "shimmer", "verse"),
)
MODELS: Final = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")


def _small(value: Any) -> Any:
    """MP3 is as good as mp3."""
    return value.lower() if isinstance(value, str) else value


class VoiceId(BaseModel):
    """A voice in the form of an object."""

    id: str = Field(max_length=64)


class OpenAiSpeechRequest(BaseModel):
    """`POST /v1/audio/speech`."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"model": "tts-1", "voice": "alloy", "input": "今天天气很好。"}]},
    )

    # Clients written in JavaScript send null for what they leave out.
    input: str = Field(min_length=1, description="What to say. More than OpenAI's 4096 characters may come.")
    model: str | None = Field(None, max_length=64, description="Any name: the voices here are what they are.")
    voice: str | VoiceId | None = Field(
        None,
        description="A voice of this server, a mood behind it or not (baker||happy), or one of OpenAI's 13 names; "
        "left out: the default voice.",
    )
    response_format: Annotated[AudioFormat | None, BeforeValidator(_small)] = Field(
        None, description="Left out: mp3. pcm: 24 kHz, 16 bit, mono."
    )
    speed: float | None = Field(
        None, strict=True, ge=0.25, le=4.0, description="Beyond 0.4 to 2.5 the nearest of these is used; left out: 1."
    )
    instructions: str | None = Field(None, max_length=4096, description="How to say it, in English or Chinese.")
    stream: bool | None = Field(
        None, strict=True, description="false: a whole file, with its length; left out: sent while made."
    )
    stream_format: Literal["audio", "sse"] | None = Field(None, description="Left out: audio.")


class OpenAiModel(BaseModel):
    """A model, in OpenAI's words."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class OpenAiModelList(BaseModel):
    """`GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[OpenAiModel]


class NamedModel(BaseModel):
    """What Open WebUI reads of a model or voice."""

    id: str
    name: str


class AudioModelList(BaseModel):
    """`GET /v1/audio/models`."""

    models: list[NamedModel]


class AudioVoiceList(BaseModel):
    """`GET /v1/audio/voices`."""

    voices: list[NamedModel]


class Usage(BaseModel):
    """Characters stand in for tokens, of which there are none here."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class AudioDelta(BaseModel):
    """The next bytes of the file, in base64."""

    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str


class AudioDone(BaseModel):
    """The last event."""

    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: Usage
