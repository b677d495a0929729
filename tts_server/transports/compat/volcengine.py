"""Volcengine's bidirectional speech, v3: the door of xiaozhi's `huoshan_double_stream`, at /api/v3/tts/bidirection.

Text goes in while a language model writes it. A session ends with SessionFinished whatever happened, as clients pass
over errors and would wait for ever; SessionFailed comes before it, for their log. A cancelled one, and one that a new
session or a closed connection has stopped, ends with SessionCanceled.
"""

import json
import logging
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from tts_server.audio.pcm import to_s16le
from tts_server.engine import Samples
from tts_server.errors import BadRequest, FormatUnsupported, TTSError
from tts_server.events import SAMPLE_RATES, SpeechOptions
from tts_server.transports.compat.account import Account, options_for, percent_louder
from tts_server.transports.compat.conversation import Conversation, Garbled, number, section, words
from tts_server.transports.compat.turn import Turn

log = logging.getLogger(__name__)

PATH: Final = "/api/v3/tts/bidirection"
TOKEN_HEADER: Final = "x-api-access-key"
FRAME_MS: Final = 60  # of the devices' Opus: a shorter rest stays in the encoder, and is heard in the next reply
USUAL_RATE: Final = 24000  # Hz
USUAL_SCALE: Final = 4  # of an emotion, 1 to 5
_HEAD: Final = struct.Struct("!BBBBi")
_LENGTH: Final = struct.Struct("!i")
_TOLD: Final = (0x11, 0x94, 0x10, 0x00)  # version and header size; type and flags; JSON, not packed
_SOUND: Final = (0x11, 0xB4, 0x00, 0x00)


class Event(IntEnum):
    """What a frame is about."""

    START_CONNECTION = 1
    FINISH_CONNECTION = 2
    CONNECTION_STARTED = 50
    CONNECTION_FINISHED = 52
    START_SESSION = 100
    CANCEL_SESSION = 101
    FINISH_SESSION = 102
    SESSION_STARTED = 150
    SESSION_CANCELED = 151
    SESSION_FINISHED = 152
    SESSION_FAILED = 153
    TASK_REQUEST = 200
    SENTENCE_START = 350
    SENTENCE_END = 351
    SOUND = 352


@dataclass(frozen=True, slots=True)
class Frame:
    """A client's message."""

    event: int
    session: str  # empty for what is about the connection
    payload: dict[str, Any]


def parse(frame: str | bytes) -> Frame:
    """A client's frame. Raises Garbled."""
    if not isinstance(frame, bytes) or len(frame) < _HEAD.size:
        raise Garbled("a message is a binary frame with a header and an event")
    version, kind, packing, _, event = _HEAD.unpack_from(frame)
    if version != 0x11 or kind != 0x14 or packing != 0x10:
        raise Garbled(f"a frame begins with 11 14 10 00, not {frame[:4].hex(' ')}")
    at, session = _HEAD.size, b""
    if event >= Event.START_SESSION:
        session, at = _string(frame, at)
    payload, at = _string(frame, at)
    try:
        found = json.loads(payload) if payload else {}
    except (ValueError, RecursionError):
        raise Garbled("a frame's payload is not JSON") from None
    return Frame(event, session.decode("ascii", "replace")[:64], found if isinstance(found, dict) else {})


def _string(frame: bytes, at: int) -> tuple[bytes, int]:
    if at + _LENGTH.size > len(frame):
        raise Garbled("a frame ends before its payload")
    (length,) = _LENGTH.unpack_from(frame, at)
    start = at + _LENGTH.size
    if not 0 <= length <= len(frame) - start:
        raise Garbled(f"a length of {length} bytes is not that of the frame")
    return frame[start : start + length], start + length


def answer(event: Event, session: str | None = None, payload: dict[str, Any] | None = None) -> bytes:
    """A frame that tells something. session: None where it is about the connection."""
    told = json.dumps(payload or {}, ensure_ascii=False).encode("utf-8", "replace")
    return _HEAD.pack(*_TOLD, event) + (b"" if session is None else _sized(session.encode())) + _sized(told)


def sound(session: str, pcm: bytes) -> bytes:
    """A frame of whole 16-bit samples."""
    return _HEAD.pack(*_SOUND, Event.SOUND) + _sized(session.encode()) + _sized(pcm)


def _sized(content: bytes) -> bytes:
    return _LENGTH.pack(len(content)) + content


class VolcengineConversation(Conversation):
    """One connection, one session after the other."""

    _turn: Turn | None = None
    _session = ""  # whose text is taken

    async def take(self, message: str | bytes) -> None:
        """See Conversation. What is about a session that is over is passed over: both sides may have ended it."""
        frame = parse(message)
        match frame.event:
            case Event.START_SESSION:
                self._stop()
                await self._start(frame)
            case Event.TASK_REQUEST if frame.session == self._session and self._turn is not None:
                self._turn.text(words(section(frame.payload, "req_params"), "text"))
            case Event.FINISH_SESSION if frame.session == self._session and self._turn is not None:
                self._turn.end()
            case Event.CANCEL_SESSION if frame.session == self._session:
                self._stop()
            case Event.START_CONNECTION:
                await self.socket.send(answer(Event.CONNECTION_STARTED))
            case Event.FINISH_CONNECTION:
                self._stop()
                await self.socket.send(answer(Event.CONNECTION_FINISHED))
                await self.leave()
            case _:
                log.debug("volcengine: event %d of session %s is passed over", frame.event, frame.session)

    def _stop(self) -> None:
        if self._turn is not None:
            self._turn.stop()
        self._turn, self._session = None, ""

    async def _start(self, frame: Frame) -> None:
        listener = _Session(self, frame.session)
        try:
            options, rate = options_of(frame.payload, self.account)
            turn = Turn(self.account, options, rate, FRAME_MS)
        except TTSError as error:
            log.warning("volcengine: a session cannot begin: %s", error)
            await listener.ended(error, is_stopped=False)
            return
        self._turn, self._session = turn, frame.session
        self.begin(turn, listener)
        await self.socket.send(answer(Event.SESSION_STARTED, frame.session))
        turn.text(words(section(frame.payload, "req_params"), "text"))


class _Session:
    """Tells a client of one turn."""

    def __init__(self, conversation: Conversation, session: str) -> None:
        self._socket = conversation.socket
        self._session = session

    async def sentence(self, text: str) -> None:
        """See Listener."""
        await self._socket.send(answer(Event.SENTENCE_START, self._session, {"text": text}))

    async def audio(self, samples: Samples) -> None:
        """See Listener."""
        await self._socket.send(sound(self._session, to_s16le(samples)))

    async def sentence_ended(self) -> None:
        """See Listener."""
        await self._socket.send(answer(Event.SENTENCE_END, self._session))

    async def ended(self, error: TTSError | None, is_stopped: bool) -> None:
        """See Listener."""
        if is_stopped and error is None:
            await self._socket.send(answer(Event.SESSION_CANCELED, self._session))
            return
        if error is not None:
            failed = {"status_code": 55_000_000, "message": str(error)}
            await self._socket.send(answer(Event.SESSION_FAILED, self._session, failed))
        await self._socket.send(answer(Event.SESSION_FINISHED, self._session))


def options_of(payload: dict[str, Any], account: Account) -> tuple[SpeechOptions, int]:
    """How a session is to be spoken, and its sample rate. Raises BadRequest for a format or rate that there is not."""
    wanted = section(payload, "req_params")
    audio = section(wanted, "audio_params")
    if (form := words(audio, "format") or "pcm") != "pcm":
        raise FormatUnsupported(f"the format is {form[:16]!r}; this door has pcm")
    try:
        additions = json.loads(words(wanted, "additions") or "{}")  # JSON inside of JSON
    except (ValueError, RecursionError):
        additions = {}
    rate = round(number(audio, "sample_rate", USUAL_RATE))
    if not SAMPLE_RATES[0] <= rate <= SAMPLE_RATES[-1]:
        raise BadRequest(f"sample rate is {rate} Hz; it can be {SAMPLE_RATES[0]} to {SAMPLE_RATES[-1]}")
    options = options_for(
        account,
        "volcengine",
        voice=words(wanted, "speaker"),
        emotion=words(audio, "emotion"),
        sample_rate=rate if rate in SAMPLE_RATES else USUAL_RATE,
        intensity=number(audio, "emotion_scale", USUAL_SCALE) / USUAL_SCALE,
        speed=1 + number(audio, "speech_rate") / 100,
        volume=percent_louder(number(audio, "loudness_rate")),
        pitch=number(section(additions, "post_process"), "pitch") if isinstance(additions, dict) else 0.0,
    )
    return options, rate
