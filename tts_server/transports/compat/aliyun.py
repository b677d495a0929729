"""Aliyun's flowing synthesis, as xiaozhi's `aliyun_stream` speaks it: commands in JSON, sound in binary messages.

Its clients join /ws/v1 to whatever host they are given: that is our own WebSocket's path, so they are told apart by
their header, or by their first message where a proxy has dropped that. A barge-in is the same message as a normal end:
only a new start and a closed socket stop speech.
"""

import secrets
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send

from tts_server.audio.pcm import to_s16le
from tts_server.engine import Samples
from tts_server.errors import FormatUnsupported, TTSError
from tts_server.transports.compat.account import options_for, percent_louder, times_faster
from tts_server.transports.compat.conversation import Conversation, Garbled, number, object_in, section, words
from tts_server.transports.compat.listeners import QuietListener
from tts_server.transports.compat.turn import Turn

PATH: Final = "/ws/v1"
TOKEN_HEADER: Final = "x-nls-token"
NAMESPACE: Final = "FlowingSpeechSynthesizer"
_USUAL_VOLUME: Final = 50  # of 100
_FAILED: Final = 40_000_000
_DONE: Final = 20_000_000


def is_meant(scope: Scope) -> bool:
    """Whether a handshake is one of Aliyun's clients."""
    path: str = scope["path"]
    has_header = any(name.lower() == TOKEN_HEADER.encode() for name, _ in scope["headers"])
    return path.endswith(PATH) and (path != PATH or has_header)


def may_be_meant(scope: Scope) -> bool:
    """Whether only the first message tells: our own path, without the header, and without our own subprotocol."""
    return scope["path"] == PATH and not scope["subprotocols"]


class FirstMessage:
    """Stands between a connection and who serves it, until the first message has told for whom it is."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._is_known = False
        self._kept: Message | None = None
        self.is_meant = False

    async def receive(self) -> Message:
        """What the other side is told: everything, or that its peer has left when the message is ours."""
        event = await self._receive()
        if not self._is_known and event["type"] == "websocket.receive":
            self._is_known = True
            if _is_command(event.get("text")):
                self.is_meant, self._kept = True, event
        return {"type": "websocket.disconnect", "code": 1000, "reason": ""} if self.is_meant else event

    async def send(self, event: Message) -> None:
        """What the other side says, while it is its connection."""
        if not self.is_meant:
            await self._send(event)

    async def again(self) -> Message:
        """The message, and then those that follow it."""
        event, self._kept = self._kept, None
        return event or await self._receive()


def _is_command(text: str | None) -> bool:
    if not text or NAMESPACE not in text:
        return False
    try:
        return words(section(object_in(text), "header"), "namespace") == NAMESPACE
    except Garbled:
        return False


class AliyunConversation(Conversation):
    """One connection, one task after the other."""

    _turn: Turn | None = None

    async def take(self, message: str | bytes) -> None:
        """See Conversation."""
        found = object_in(message)
        header, payload = section(found, "header"), section(found, "payload")
        match words(header, "name"):
            case "StartSynthesis":
                await self._start(words(header, "task_id"), payload)
            case "RunSynthesis" if self._turn is not None:
                self._turn.text(words(payload, "text"))
            case "StopSynthesis" if self._turn is not None:
                self._turn.end()
            case "RunSynthesis" | "StopSynthesis":
                pass  # of a task that could not begin, or is over
            case name:
                raise Garbled(f"there is no command {name[:32]!r}")

    async def _start(self, task: str, payload: dict[str, Any]) -> None:
        if self._turn is not None:
            self._turn.stop()
        self._turn, listener = None, _Task(self, task)
        try:
            if (form := words(payload, "format") or "pcm") != "pcm":
                raise FormatUnsupported(f"the format is {form[:16]!r}; this door has pcm")
            options = options_for(
                *(self.account, "aliyun", words(payload, "voice")),
                sample_rate=round(number(payload, "sample_rate", 16000)),
                speed=times_faster(number(payload, "speech_rate") / 500),
                pitch=12 * number(payload, "pitch_rate") / 500,
                volume=percent_louder(100 * (number(payload, "volume", _USUAL_VOLUME) / _USUAL_VOLUME - 1)),
            )
            self._turn = Turn(self.account, options)
        except TTSError as error:
            await listener.ended(error, is_stopped=False)
            return
        await listener.tell("SynthesisStarted")
        self.begin(self._turn, listener)


class _Task(QuietListener):
    """Tells a client of one task."""

    def __init__(self, conversation: Conversation, task: str) -> None:
        self._conversation = conversation
        self._task = task
        self._sentences = 0
        self._text = ""

    async def tell(self, name: str, status: int = _DONE, message: str = "", **payload: Any) -> None:
        """Send an event."""
        header = {
            **{"namespace": NAMESPACE, "name": name, "task_id": self._task, "status": status},
            "message_id": secrets.token_hex(16),
            "status_message": message or "GATEWAY|SUCCESS|Success.",
        }
        await self._conversation.say({"header": header, "payload": payload})

    async def sentence(self, text: str) -> None:
        """See Listener."""
        self._sentences += 1
        self._text = text
        await self.tell("SentenceBegin", index=self._sentences)

    async def audio(self, samples: Samples) -> None:
        """See Listener."""
        await self._conversation.socket.send(to_s16le(samples))

    async def sentence_ended(self) -> None:
        """See Listener."""
        subtitles = [{"text": self._text, "sentence": True}]
        await self.tell("SentenceEnd", index=self._sentences, subtitles=subtitles)

    async def ended(self, error: TTSError | None, is_stopped: bool) -> None:
        """See Listener."""
        if is_stopped and error is None:
            return
        if error is not None:
            await self.tell("TaskFailed", _FAILED, str(error))
        await self.tell("SynthesisCompleted")
