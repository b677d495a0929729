"""tts-stream.v1, client to server: every message a client may send, and the one parser for them.

Fields nobody knows are passed over, so that newer clients can talk to older servers; wrong values of known ones are
refused. What the server sends back stands in `answers.py`.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from protocol.errors import ErrorCode
from protocol.fields import (
    MAX_ID_CHARS,
    ContextId,
    Controls,
    Flow,
    Intensity,
    Name,
    Part,
    Pauses,
    Samples,
    Seq,
    SpeakingStyle,
)

SUBPROTOCOL: Final = "tts-stream.v1"
MINOR_VERSION: Final = "1.0"
PATH: Final = "/ws/v1"
ALL: Final = "*"  # as `ctx` of a cancel: every context
MAX_TOKEN_CHARS: Final = 4096


class ClientMessageBase(Part):
    """What every message of a client may carry."""

    type: str
    ref: Annotated[str, Field(max_length=MAX_ID_CHARS, description="Comes back in the one direct answer.")] | None = (
        None
    )


class OfContext(ClientMessageBase):
    """A message to one context."""

    ctx: ContextId = "main"


class AudioFormat(Part):
    """How audio is wanted. What is left out is as in `hello.defaults`, else as the voice has it."""

    codec: str | None = Field(None, max_length=32, description="One of `ready.codecs`.")
    rate: int | None = Field(None, description="Hz: 8000, 16000, 22050, 24000, 44100 or 48000.")
    frame_ms: int | None = Field(None, ge=10, le=120, description="Length of a frame; with opus 20, 40 or 60.")
    bitrate: int | None = Field(None, ge=6_000, le=128_000, description="Bits a second, of opus.")


class Client(Part):
    """Who the client is, for the server's log."""

    name: Name | None = None
    version: Name | None = None


class Defaults(SpeakingStyle):
    """What contexts of this connection get when `open` does not say."""

    audio: AudioFormat = AudioFormat()


class Accept(Part):
    """What the client understands, the best first."""

    framing: list[Name] = Field(["header16"], min_length=1, max_length=16)
    marks: list[Name] = Field([], max_length=16, description="Units of marks to send without being asked in `open`.")


class Resume(Part):
    """Takes up a session whose connection was lost."""

    session: Name = Field(description="`ready.session` of then.")
    token: Name = Field(description="`ready.resume.token` of then; good for one time.")
    have: dict[ContextId, Seq] = Field(
        {}, max_length=64, description="Contexts to go on with, and the `seq` each one needs next. Others are dropped."
    )


class Hello(ClientMessageBase):
    """Introduces the client. May be left out: the first other message then stands for an empty one."""

    type: Literal["hello"] = "hello"
    token: str | None = Field(None, max_length=MAX_TOKEN_CHARS, description="Where no header can carry it.")
    client: Client = Client()
    defaults: Defaults = Defaults()
    accept: Accept = Accept()
    resume: Resume | None = None


class Open(OfContext, SpeakingStyle):
    """Opens a context and says how it is to be spoken. Answered with `opened`."""

    type: Literal["open"] = "open"
    strict: bool = Field(False, description="An emotion the voice lacks is an error, not a fallback.")
    audio: AudioFormat = AudioFormat()
    pauses: Pauses | None = Field(None, description="How long nothing is heard.")
    marks: Name | None = Field(None, description="`char`: when each character is heard.")
    text_format: Name = Field("auto", description="`plain`, `markdown`, `ssml`; `auto`: SSML if it begins with <speak.")
    split: Literal["auto", "sentence", "none"] = "auto"
    max_delay_ms: int | None = Field(None, ge=0, le=60_000, description="Text waits no longer for its sentence end.")
    max_lead_ms: int | None = Field(None, ge=100, le=5_000, description="How far sending may run ahead of playing.")
    flow: Flow = "clock"
    priority: Literal["low", "normal", "high"] = "normal"
    preempt: Literal["none", "same", "all"] = Field(
        "none", description="Cancels the other contexts of this connection (same), or of every one (all)."
    )
    ctx_idle_ms: int | None = Field(None, ge=5_000, le=600_000)


class Text(OfContext):
    """The next piece of the text, appended as it is."""

    type: Literal["text"] = "text"
    text: str
    flush: bool = False
    end: bool = False
    at: int | None = Field(None, ge=0, description="The position (code points) this piece must land on.")


class Emotion(OfContext):
    """A change of emotion at this place of the text. Answered with `applied`."""

    type: Literal["emotion"] = "emotion"
    emotion: Name
    intensity: Intensity | None = None
    scope: Literal["from", "segment"] = Field("from", description="Until the next one, or for the next segment only.")


class Set(OfContext, Controls):
    """A change of voice, speed, pitch or volume at this place of the text. Answered with `applied`."""

    type: Literal["set"] = "set"


class Flush(OfContext):
    """Say what has been sent, even without a sentence end. Answered with `flushed` behind its audio."""

    type: Literal["flush"] = "flush"


class End(OfContext):
    """No more text follows. Answered with `done` when all has been said."""

    type: Literal["end"] = "end"


class Cancel(ClientMessageBase):
    """Stop. Answered with `cancelled`, then `done`."""

    type: Literal["cancel"] = "cancel"
    ctx: Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS, pattern=r"^([A-Za-z0-9._:-]+|\*)$")] = "main"
    mode: Literal["now", "segment"] = Field("now", description="At once, or after the segment that is being sent.")
    played_samples: Samples | None = None


class Ack(OfContext):
    """How far the client has played."""

    type: Literal["ack"] = "ack"
    seq: Seq | None = None
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
    return found if isinstance(found, str) and len(found) <= MAX_ID_CHARS else None
