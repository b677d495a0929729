"""tts-stream.v1, server to client: every message the server sends beside the binary frames (`frames.py`)."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from protocol.errors import ErrorCode
from protocol.fields import Framing

Style = str | float


class Answer(BaseModel):
    """What every message of the server has in common. Fields that tell nothing are left out on the wire."""

    model_config = ConfigDict(extra="ignore", frozen=True, validate_by_name=True, validate_by_alias=True)

    type: str

    def to_json(self) -> str:
        """The text frame."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


class Direct(Answer):
    """An answer to one message of the client."""

    ref: str | None = Field(None, description="That of the message answered.")


class OfContext(Answer):
    """Something of one context."""

    ctx: str


class OfSegment(OfContext):
    """Something of one segment of a context."""

    segment: int


class Place(OfSegment):
    """Where something stands in the audio of a context."""

    pts: int = Field(description="Samples from the context's start.")


class AudioUsed(BaseModel):
    """How the audio of a context comes."""

    codec: str
    rate: int = Field(description="Hz.")
    channels: int
    frame_ms: int
    bitrate: int | None = Field(None, description="Bits a second, of opus.")
    delay_ms: int = Field(0, description="By how much what a decoder gives lags the marks: 7 of opus, else 0.")
    fade_ms: int = Field(description="Fade at joins that do not fall on silence.")


class DefaultsUsed(BaseModel):
    """What a context gets that asks for nothing."""

    voice: str
    emotion: str
    speed: float
    audio: AudioUsed


class VoiceInfo(BaseModel):
    """A voice."""

    id: str
    language: str
    speaks: list[str]
    emotions: list[str]
    emotion_strengths: dict[str, float] = Field(
        default_factory=dict, description="How plainly each is heard at intensity 1: from 0, not at all, to 1, plainly."
    )
    rates: list[int] = Field(description="Native rates; every other is resampled.")
    description: str


class Server(BaseModel):
    """Who serves."""

    name: str
    version: str


class LimitsUsed(BaseModel):
    """The limits in force. Times in ms."""

    max_message_bytes: int
    max_text_chars: int
    max_pending_chars: int
    max_ctx_chars: int
    max_contexts: int
    messages_per_s: int
    messages_burst: int
    chars_per_min: int = Field(0, description="Of one token and one address; 0: no limit.")
    max_lead_ms: int
    max_buffered_ms: int
    max_delay_ms: int
    ctx_idle_ms: int
    idle_ms: int
    write_stall_ms: int
    engine_timeout_ms: int
    bad_messages: int
    auth_timeout_ms: int | None = None
    replay_ms: int | None = Field(None, description="Sent audio kept for a resume, at most.")


class ResumeOffer(BaseModel):
    """What it takes to go on after a lost connection."""

    token: str = Field(description="Good for one time.")
    ttl_ms: int = Field(description="How long the session is kept without a connection.")


class ResumedContext(BaseModel):
    """A context that goes on."""

    ctx: str
    ch: int
    next_seq: int = Field(description="Of the frame that comes next; later than asked for if older ones are gone.")
    received: int = Field(description="Code points of text that the server has; go on from there with `at`.")
    state: str


class Ready(Direct):
    """The first message of the server: what was agreed, and what there is."""

    type: Literal["ready"] = "ready"
    protocol: str
    session: str
    resume: ResumeOffer | None = Field(None, description="Only for clients that said `hello`.")
    resumed: bool | None = Field(None, description="The session is the one asked for.")
    contexts: list[ResumedContext] | None = None
    server: Server
    framing: Framing
    defaults: DefaultsUsed
    voices: list[VoiceInfo]
    codecs: list[str]
    marks: list[str]
    features: list[str]
    limits: LimitsUsed


class MarksUsed(BaseModel):
    """Which marks a context sends."""

    unit: str


class Opened(Direct, OfContext):
    """A context is there."""

    type: Literal["opened"] = "opened"
    ch: int = Field(description="Its channel in the headers of frames.")
    voice: str
    emotion: str = Field(description="The one in use: the nearest to the one asked for.")
    audio: AudioUsed
    sample_rate_native: int
    resampled: bool
    marks: MarksUsed | None = None
    queue: int = Field(description="How many other texts this box is speaking now.")


class Segment(Place):
    """The frames that follow say this stretch of the text."""

    type: Literal["segment"] = "segment"
    text: str = Field(description="As the client sent it.")
    start: int = Field(alias="from", description="Code points of the context's text, half-open.")
    end: int = Field(alias="to")
    spoken: str = Field(description="Without markup and what cannot be spoken.")
    voice: str
    emotion: str
    intensity: float
    cached: bool


class Marks(OfSegment):
    """When characters are heard: [from, to, start_ms, end_ms], times from the context's start."""

    type: Literal["marks"] = "marks"
    unit: str
    items: list[tuple[int, int, int, int]]


class SegmentEnd(OfSegment):
    """All frames of the segment have been sent."""

    type: Literal["segment_end"] = "segment_end"
    pts: int = Field(description="Behind its last sample.")
    samples: int
    synth_ms: int = Field(description="Time the engine worked on it.")
    wait_ms: int = Field(description="Time it waited for its turns.")
    first_ms: int | None = Field(None, description="From its cut to its first audio.")


class Applied(Direct, OfContext):
    """The answer to `emotion` and `set`, before the first segment that begins at `at` or behind it."""

    type: Literal["applied"] = "applied"
    what: Literal["emotion", "set"]
    asked: str | dict[str, Style] = Field(description="An emotion, or the fields of a `set`.")
    used: str | dict[str, Style]
    at: int


class Flushed(Direct, OfContext):
    """All audio of the text before the `flush` has been sent."""

    type: Literal["flushed"] = "flushed"
    segment: int | None = Field(None, description="The last one sent; none if nothing was said.")


class Heard(BaseModel):
    """The text that had been heard."""

    to: int
    text: str


class Cancelled(Direct, OfContext):
    """The answer to `cancel`. No frame of the context follows."""

    type: Literal["cancelled"] = "cancelled"
    sent_samples: int
    heard: Heard | None = Field(None, description="If the client told how far it had played.")
    already: bool = Field(description="There was nothing left to cancel.")


class DoneError(BaseModel):
    """Why a context failed."""

    code: ErrorCode
    message: str


class Done(OfContext):
    """The last message of a context, exactly once."""

    type: Literal["done"] = "done"
    reason: Literal["end", "cancelled", "idle", "preempted", "error", "shutdown"]
    segments: int
    chars: int
    samples: int
    first_ms: int | None = Field(None, description="From the first text to the first frame.")
    synth_ms: int
    skipped: int | None = Field(None, description="Letters that no language here reads; left out of the speech.")
    error: DoneError | None = None


class Notice(Answer):
    """Something worth knowing that needs no action."""

    type: Literal["notice"] = "notice"
    code: str
    message: str
    ctx: str | None = None
    drain_ms: int | None = None
    behind_ms: int | None = None
    position: int | None = Field(None, description="Texts to be let in before this one, itself included.")
    eta_ms: int | None = Field(None, description="About how long that takes.")


class Info(Direct):
    """The answer to `describe`."""

    type: Literal["info"] = "info"
    voices: list[VoiceInfo] | None = None
    engine: dict[str, Any] | None = None
    limits: LimitsUsed | None = None


class Pong(Direct):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"
    t: float | None = None
    server_t: float = Field(description="Seconds of the server's own clock.")


class Error(Direct):
    """Something cannot be done. `code` is for programs, `message` for people."""

    type: Literal["error"] = "error"
    code: ErrorCode
    message: str
    ctx: str | None = None
    param: str | None = None
    retryable: bool
    retry_after_ms: int | None = None
    fatal: bool = Field(description="The connection is closed after this.")
    received: int | None = Field(None, description="Code points of text that the server has of the context.")


class Farewell(Direct):
    """The last message before the server closes by its own will."""

    type: Literal["bye"] = "bye"
    reason: str


class AudioText(Place):
    """A frame as text, with the framing `base64`."""

    type: Literal["audio"] = "audio"
    ch: int
    seq: int
    flags: int
    data: str


ServerMessage = Annotated[
    Ready
    | Opened
    | Segment
    | Marks
    | SegmentEnd
    | Applied
    | Flushed
    | Cancelled
    | Done
    | Notice
    | Info
    | Pong
    | Error
    | Farewell
    | AudioText,
    Field(discriminator="type"),
]
SERVER_MESSAGE: Final[TypeAdapter[ServerMessage]] = TypeAdapter(ServerMessage)
