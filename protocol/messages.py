"""tts-stream.v1, client to server: every message a client may send, and the one parser for them.

Fields nobody knows are passed over, so that newer clients can talk to older servers; wrong values of known ones are
refused. What the server sends back stands in `answers.py`.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from protocol.errors import ErrorCode

SUBPROTOCOL: Final = "tts-stream.v1"
MINOR_VERSION: Final = "1.0"
PATH: Final = "/ws/v1"
ALL: Final = "*"  # as `ctx` of a cancel: every context

Framing = Literal["header16", "raw", "base64"]
Flow = Literal["clock", "ack", "none"]

# A tool that knows no context ids speaks as "main".
ContextId = Annotated[
    str,
    Field(
        "main",
        min_length=1,
        max_length=64,
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


class Part(BaseModel):
    """Something inside a message."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class ClientMessageBase(Part):
    """What every message of a client may carry."""

    ref: Annotated[str, Field(max_length=64, description="Comes back in the one direct answer, or in the error.")] | (
        None
    ) = None


class AudioFormat(Part):
    """How audio is wanted. What is left out is as in `hello.defaults`, else as the voice has it."""

    codec: str | None = Field(None, max_length=32, description="One of `ready.codecs`.")
    rate: int | None = Field(None, description="Hz: 8000, 16000, 22050, 24000, 44100 or 48000.")
    frame_ms: int | None = Field(
        None, ge=10, le=120, description="Length of a frame; the last of a segment is shorter."
    )


class Client(Part):
    """Who the client is, for the server's log."""

    name: Name | None = None
    version: Name | None = None


class Defaults(Part):
    """What contexts of this connection get when `open` does not say."""

    voice: Name | None = None
    language: Name | None = None
    emotion: Name | None = None
    intensity: Intensity | None = None
    speed: Speed | None = None
    pitch: Pitch | None = None
    volume: Volume | None = None
    audio: AudioFormat = AudioFormat()


class Accept(Part):
    """What the client understands, the best first."""

    framing: list[Name] = Field(["header16"], min_length=1, max_length=16)
    marks: list[Name] = Field([], max_length=16, description="Units of marks to send without being asked in `open`.")


class Hello(ClientMessageBase):
    """Introduces the client. May be left out: the first other message then stands for an empty one."""

    type: Literal["hello"] = "hello"
    client: Client = Client()
    defaults: Defaults = Defaults()
    accept: Accept = Accept()
    resume: dict[str, Any] | None = Field(None, description="Refused with `resume_gone`; a new session begins.")


class Open(ClientMessageBase):
    """Opens a context and says how it is to be spoken. Answered with `opened`."""

    type: Literal["open"] = "open"
    ctx: ContextId = "main"
    voice: Name | None = None
    language: Name | None = Field(None, description="BCP 47; chooses a voice where none is named.")
    emotion: Name | None = Field(None, description="A name or alias in English or Chinese.")
    intensity: Intensity | None = None
    speed: Speed | None = None
    pitch: Pitch | None = None
    volume: Volume | None = None
    strict: bool = Field(False, description="An emotion the voice lacks is an error, not a fallback.")
    audio: AudioFormat = AudioFormat()
    marks: Name | None = Field(None, description="`char`: when each character is heard.")
    text_format: Name = Field("plain", description="`plain` or `markdown`; markdown marks are never read aloud.")
    split: Literal["auto", "sentence", "none"] = "auto"
    max_delay_ms: int | None = Field(None, ge=0, le=60_000, description="Text waits no longer for its sentence end.")
    max_lead_ms: int | None = Field(None, ge=100, le=5_000, description="How far sending may run ahead of playing.")
    flow: Flow = "clock"
    priority: Literal["low", "normal", "high"] = "normal"
    preempt: Literal["none", "same", "all"] = Field(
        "none", description="Cancels the other contexts of this connection (same), or of every one (all)."
    )
    ctx_idle_ms: int | None = Field(None, ge=5_000, le=600_000)


class Text(ClientMessageBase):
    """The next piece of the text, appended as it is."""

    type: Literal["text"] = "text"
    ctx: ContextId = "main"
    text: str
    flush: bool = False
    end: bool = False
    at: int | None = Field(None, ge=0, description="The position (code points) this piece must land on.")


class Emotion(ClientMessageBase):
    """A change of emotion at this place of the text. Answered with `applied`."""

    type: Literal["emotion"] = "emotion"
    ctx: ContextId = "main"
    emotion: Name
    intensity: Intensity | None = None
    scope: Literal["from", "segment"] = Field("from", description="Until the next one, or for the next segment only.")


class Set(ClientMessageBase):
    """A change of voice, speed, pitch or volume at this place of the text. Answered with `applied`."""

    type: Literal["set"] = "set"
    ctx: ContextId = "main"
    voice: Name | None = None
    speed: Speed | None = None
    pitch: Pitch | None = None
    volume: Volume | None = None


class Flush(ClientMessageBase):
    """Say what has been sent, even without a sentence end. Answered with `flushed` behind its audio."""

    type: Literal["flush"] = "flush"
    ctx: ContextId = "main"


class End(ClientMessageBase):
    """No more text follows. Answered with `done` when all has been said."""

    type: Literal["end"] = "end"
    ctx: ContextId = "main"


class Cancel(ClientMessageBase):
    """Stop. Answered with `cancelled`, then `done`."""

    type: Literal["cancel"] = "cancel"
    ctx: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^([A-Za-z0-9._:-]+|\*)$")] = "main"
    mode: Literal["now", "segment"] = Field("now", description="At once, or after the segment that is being sent.")
    played_samples: Samples | None = None


class Ack(ClientMessageBase):
    """How far the client has played."""

    type: Literal["ack"] = "ack"
    ctx: ContextId = "main"
    seq: int | None = Field(None, ge=0, le=2**53)
    played_samples: Samples | None = None


class Describe(ClientMessageBase):
    """Asks what there is. Answered with `info`."""

    type: Literal["describe"] = "describe"
    what: list[Literal["voices", "engine", "limits"]] = Field(["voices", "engine", "limits"], max_length=3)


class Ping(ClientMessageBase):
    """Asks for a `pong`; browsers do not see the WebSocket's own."""

    type: Literal["ping"] = "ping"
    t: float | None = Field(None, description="Comes back as it is.")


class Bye(ClientMessageBase):
    """Ends the connection: at once, or with `drain` when all contexts are done."""

    type: Literal["bye"] = "bye"
    drain: bool = False


ClientMessage = Annotated[
    Hello | Open | Text | Emotion | Set | Flush | End | Cancel | Ack | Describe | Ping | Bye,
    Field(discriminator="type"),
]
CLIENT_MESSAGE: Final[TypeAdapter[ClientMessage]] = TypeAdapter(ClientMessage)


class MessageInvalid(Exception):
    """A message that cannot be read. Holds what an `error` about it can tell."""

    def __init__(self, code: ErrorCode, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.ref: str | None = None
        self.ctx: str | None = None


def parse_client_message(text: str) -> ClientMessage:
    """The message in a text frame. Raises MessageInvalid."""
    try:
        return CLIENT_MESSAGE.validate_json(text)
    except ValidationError as error:
        invalid = _explain(error)
        invalid.ref, invalid.ctx = _find(text, "ref"), _find(text, "ctx")
        raise invalid from None


def _explain(error: ValidationError) -> MessageInvalid:
    problem = error.errors(include_url=False, include_input=False)[0]
    match problem["type"]:
        case "json_invalid":
            return MessageInvalid(ErrorCode.BAD_JSON, f"not valid JSON: {problem['ctx']['error']}")
        case "union_tag_invalid":
            return MessageInvalid(ErrorCode.UNKNOWN_TYPE, "no message has this type", "type")
        case "union_tag_not_found":
            return MessageInvalid(ErrorCode.BAD_MESSAGE, "the message has no type", "type")
    param = ".".join(str(part) for part in problem["loc"][1:])
    if not param:
        return MessageInvalid(ErrorCode.BAD_MESSAGE, "a message is one JSON object")
    return MessageInvalid(ErrorCode.BAD_FIELD, f"{param}: {problem['msg']}", param)


def _find(text: str, field: str) -> str | None:
    """A short string field of a message that is otherwise wrong."""
    try:
        message = from_json(text)
    except ValueError:
        return None
    found = message.get(field) if isinstance(message, dict) else None
    return found if isinstance(found, str) and len(found) <= 64 else None
