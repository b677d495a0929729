"""Shapes that messages of both directions and several kinds share."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_ID_CHARS: Final = 64

Framing = Literal["header16", "raw", "base64"]
Flow = Literal["clock", "ack", "none"]

# A tool that knows no context ids speaks as "main".
ContextId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_ID_CHARS,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="The context, named by the client.",
    ),
]
Name = Annotated[str, Field(max_length=64)]
Intensity = Annotated[float, Field(ge=0.0, le=2.0, description="How strong the emotion is; 1 is the voice's normal.")]
Speed = Annotated[float, Field(ge=0.4, le=2.5, description="1 is the voice's normal; 2 takes half the time.")]
Pitch = Annotated[float, Field(ge=-12.0, le=12.0, description="Semitones up or down.")]
Volume = Annotated[float, Field(ge=-40.0, le=12.0, description="dB up or down.")]
Samples = Annotated[int, Field(ge=0, le=2**53, description="Samples at the context's rate.")]
Seq = Annotated[int, Field(ge=0, le=2**53, description="Number of a frame within its context.")]


class Part(BaseModel):
    """Something inside a message of a client. Unknown fields are passed over, wrong values of known ones refused."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class Pauses(BaseModel):
    """How long nothing is heard, in ms. What is left out is as the box is set, or as the voice does it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    sentence_ms: int | None = Field(None, ge=0, le=10_000, description="After a sentence.")
    clause_ms: int | None = Field(None, ge=0, le=10_000, description="After a comma and its like.")
    paragraph_ms: int | None = Field(None, ge=0, le=10_000, description="Where a line ends, besides the sentence's.")
    lead_ms: int | None = Field(None, ge=0, le=5_000, description="Before the first word, for amplifiers that wake up.")
    tail_ms: int | None = Field(None, ge=0, le=5_000, description="Behind the last word, for players that cut it off.")


class Controls(Part):
    """The voice and how it is bent; what is left out stays as it is."""

    voice: Name | None = None
    speed: Speed | None = None
    pitch: Pitch | None = None
    volume: Volume | None = None


class SpeakingStyle(Controls):
    """All of how a text is said."""

    language: Name | None = Field(None, description="BCP 47; chooses a voice where none is named.")
    emotion: Name | None = Field(None, description="A name or alias in English or Chinese.")
    intensity: Intensity | None = None
